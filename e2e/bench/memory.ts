// What the page's process holds, and what its worker's program does.

import { readFileSync } from 'node:fs';

import type { CDPSession, Page } from '@playwright/test';

import { runBeforeWorker } from '../fixtures/changed-worker.ts';

/** The largest process of the browser that renders a page, its worker included. */
export async function rendererMegabytes(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const resident = renderers.map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return Math.round(Math.max(...resident) / 1024);
}

/** Lets `analysisMegabytes` find the memory of the analysis worker; before the page is opened. */
export async function keepMemory(page: Page): Promise<void> {
  await runBeforeWorker(
    page,
    `const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = async (...all) => {
      const made = await instantiateStreaming.apply(WebAssembly, all);
      self.memory = made.instance.exports.memory;
      return made;
    };`,
  );
}

/** The WebAssembly memory of the analysis worker. */
export async function analysisMegabytes(page: Page): Promise<number> {
  const worker = page.workers().find((worker) => worker.url().includes('worker-analysis'))!;
  const bytes = await worker.evaluate(() => (self as unknown as { memory: WebAssembly.Memory }).memory.buffer.byteLength);
  return Math.round(bytes / 2 ** 20);
}
