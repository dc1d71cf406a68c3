// Notes when things happen in worker and page, without asking either of them anything meanwhile.

import type { Page } from '@playwright/test';

import { runBeforeWorker } from '../fixtures/changed-worker.ts';

/** Times in milliseconds. */
export interface Reading {
  /** From the first piece of the stream with a post in it to the last commit of IndexedDB. */
  readonly receivedToStored: number;
  /** From navigation to the last commit of IndexedDB. */
  readonly navigationToStored: number;
  /** From navigation to the first chart. */
  readonly firstChart: number;
  /** Tasks of the page's main thread of at least 50 ms. */
  readonly longTasks: readonly number[];
}

// Times are absolute, since worker and page count from different origins.
const IN_WORKER = `{
  const notes = new BroadcastChannel('stopwatch');
  const note = (name) => notes.postMessage({ name, at: performance.timeOrigin + performance.now() });
  const { read } = ReadableStreamDefaultReader.prototype;
  const isPost = (value) => value instanceof Uint8Array && new TextDecoder().decode(value).includes('"post":');
  let hasSeenPost = false;
  ReadableStreamDefaultReader.prototype.read = function () {
    const piece = read.call(this);
    if (hasSeenPost) return piece;
    const look = ({ value }) => {
      if (hasSeenPost || !isPost(value)) return;
      hasSeenPost = true;
      note('received');
    };
    piece.then(look, () => {});
    return piece;
  };
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (names, mode, ...rest) {
    const begun = transaction.call(this, names, mode, ...rest);
    if (mode === 'readwrite') begun.addEventListener('complete', () => note('stored'));
    return begun;
  };
}`;

export async function startStopwatch(page: Page): Promise<void> {
  await runBeforeWorker(page, IN_WORKER);
  await page.addInitScript(() => {
    const stopwatch = { received: NaN, stored: NaN, longTasks: [] as number[] };
    Object.assign(window, { stopwatch });
    new BroadcastChannel('stopwatch').onmessage = ({ data }: MessageEvent<{ name: 'received' | 'stored'; at: number }>) => {
      stopwatch[data.name] = data.at;
    };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) stopwatch.longTasks.push(duration);
    }).observe({ type: 'longtask', buffered: true });
  });
}

export async function readStopwatch(page: Page): Promise<Reading> {
  return page.evaluate(() => {
    const { stopwatch } = window as unknown as { stopwatch: { received: number; stored: number; longTasks: number[] } };
    const firstChart = performance.getEntriesByName('first-chart')[0]?.startTime ?? NaN;
    return {
      receivedToStored: stopwatch.stored - stopwatch.received,
      navigationToStored: stopwatch.stored - performance.timeOrigin,
      firstChart,
      longTasks: stopwatch.longTasks,
    };
  });
}
