// What the page's process holds, and what its workers' programs do.

import { readFileSync } from 'node:fs';

import type { CDPSession, Page } from '@playwright/test';

/** The largest process of the browser that renders a page, its worker included. */
export async function rendererMegabytes(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const resident = renderers.map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return Math.round(Math.max(...resident) / 1024);
}

/** The WebAssembly memory of each worker that runs, by the name of its program. */
export async function workerMegabytes(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const workers: { sessionId: string; url: string }[] = [];
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo: { type, url } }) => {
    if (type === 'worker') workers.push({ sessionId, url });
  });
  // Those that run are told of before it answers.
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sizes: string[] = [];
  for (const { sessionId, url } of workers) {
    const ask = asking(session, sessionId);
    const prototype = await ask('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
    const memories = await ask('Runtime.queryObjects', { prototypeObjectId: prototype.result.objectId });
    const sum = await ask('Runtime.callFunctionOn', {
      objectId: memories.objects.objectId,
      functionDeclaration: 'function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }',
    });
    const name = /([^/]*?)(-[0-9a-f]{6,})?\.js/.exec(url)?.[1] ?? url;
    sizes.push(`${name} ${Math.round(sum.result.value / 2 ** 20)} MB`);
  }
  await session.detach();
  return sizes.join(', ');
}

/** What the commands used here answer with: one or the other. */
interface Answer {
  result: { objectId: string; value: number };
  objects: { objectId: string };
}

/** Sends commands to a worker, one after the other. */
function asking(session: CDPSession, sessionId: string) {
  let id = 0;
  return async (method: string, params: object): Promise<Answer> => {
    const message = JSON.stringify({ id: ++id, method, params });
    const answered = new Promise<Answer>((resolve) => {
      session.on('Target.receivedMessageFromTarget', (event) => {
        const answer = JSON.parse(event.message) as { id?: number; result: Answer };
        if (event.sessionId === sessionId && answer.id === id) resolve(answer.result);
      });
    });
    await session.send('Target.sendMessageToTarget', { message, sessionId });
    return answered;
  };
}
