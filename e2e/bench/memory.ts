// What the page's process holds.

import { readFileSync } from 'node:fs';

import type { CDPSession } from '@playwright/test';

/** The largest process of the browser that renders a page, its worker included. */
export async function rendererMegabytes(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const resident = renderers.map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return Math.round(Math.max(...resident) / 1024);
}
