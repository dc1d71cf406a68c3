// A made table of posts from a file through both workers into IndexedDB, opened again and replayed; the same posts as
// Parquet, and a table of prices, where such files are named.
//
//   cargo run --release -p import --example made_posts -- 1500000 > /tmp/posts.csv
//   MOODTAPE_POSTS=/tmp/posts.csv npx playwright test -c bench/playwright.config.ts import
//   MOODTAPE_PARQUET=/tmp/posts.parquet MOODTAPE_PRICES=/tmp/prices.csv …
//
// The peer is Dexie's bulkPut, a record a post as most pages keep them: the same rows, one call for every 5,000, neither
// parsed nor scored.

import { closeSync, existsSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { Page } from '@playwright/test';

import type { MoodtapePage } from '../fixtures/moodtape-page.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';
import { analysisMegabytes, keepMemory, rendererMegabytes } from './memory.ts';
import { act, observe, reactionsOf, seen } from './reactions.ts';

const POSTS = process.env['MOODTAPE_POSTS'] ?? '';
const PEER_ROWS = 300_000;
const DEXIE = createRequire(import.meta.url).resolve('dexie/dist/dexie.min.js');

test.beforeEach(() => {
  if (!existsSync(POSTS)) console.error('SKIPPED: MOODTAPE_POSTS names no file');
  test.skip(!existsSync(POSTS));
});

const status = (page: Page) => page.getByTestId('import-status');
const number = (text: string, pattern: RegExp) => Number((pattern.exec(text)?.[1] ?? 'NaN').replaceAll(',', ''));

/** Returns when reading was asked for, after the preview. */
async function open(page: Page, path = POSTS): Promise<number> {
  await page.getByLabel('Open a file of posts or prices').setInputFiles(path);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  return performance.now();
}

/** Looks more often than `toContainText` does, which waits for whole seconds after the first one. */
async function done(page: Page): Promise<void> {
  await expect.poll(() => status(page).innerText(), { timeout: 580_000, intervals: [100] }).toContain('Done');
}

test('imported, stored and opened again', async ({ page, play, moodtape }) => {
  await keepMemory(page);
  await play(makeRecording({ seed: 70, posts: 5 }));
  const began = await open(page);
  await done(page);
  const seconds = (performance.now() - began) / 1000;
  const text = await status(page).innerText();
  const stored = number(text, /([\d,]+) stored/);
  const kept = await page.evaluate(storedBytes);
  const session = await page.context().browser()!.newBrowserCDPSession();
  const imported = await rendererMegabytes(session);

  // The last chunks of the import are digested behind it; whoever is faster has them scored anew.
  const [, atOnce] = await openAgain(page, stored);
  await expect.poll(() => page.evaluate(undigested), { timeout: 120_000 }).toBe(0);
  const [first, complete] = await openAgain(page, stored);
  const opened = await rendererMegabytes(session);
  const analysis = await analysisMegabytes(page);
  const [numbers, panels] = await brush(page, moodtape, stored);
  const replayed = await replayAll(page);
  await expect(page.locator('.kpi .figure').first()).toHaveText(stored.toLocaleString('en'));

  console.log(
    [
      text,
      `${(statSync(POSTS).size / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s: ${Math.round(stored / seconds)} posts/s`,
      `${(kept / stored).toFixed(1)} bytes a post in IndexedDB (sum of numbers and texts)`,
      `renderer, page and workers: ${imported} MB after the import, ${opened} MB after opening`,
      `of that the analysis worker's own: ${analysis} MB`,
      `brushed: numbers of another range after ${numbers.map(Math.round).join(', ')} ms`,
      `and all panels after ${panels.map(Math.round).join(', ')} ms`,
      `opened again: first figures ${Math.round(first)} ms, all of them ${Math.round(complete)} ms; right after the import ${Math.round(atOnce)} ms`,
      `replayed as fast as possible in ${replayed.toFixed(1)} s: ${Math.round(stored / replayed)} posts/s, what was found in them being known`,
    ].join('\n  '),
  );
});

for (const name of ['MOODTAPE_PARQUET', 'MOODTAPE_PRICES']) {
  test(`imported from ${name}`, async ({ page, play }) => {
    const path = process.env[name] ?? '';
    if (!existsSync(path)) console.error(`SKIPPED: ${name} names no file`);
    test.skip(!existsSync(path));
    await play(makeRecording({ seed: 73, posts: 5 }));
    const began = await open(page, path);
    await done(page);
    const seconds = (performance.now() - began) / 1000;
    const text = await status(page).innerText();
    const each = (await page.evaluate(storedBytes)) / number(text, /([\d,]+) stored/);
    console.log(`${text}: ${seconds.toFixed(1)} s, ${each.toFixed(1)} bytes each in IndexedDB`);
  });
}

test('stopped', async ({ page, play }) => {
  await play(makeRecording({ seed: 71, posts: 5 }));
  await open(page);
  await expect(status(page)).toContainText(/Reading · [\d,]+ rows · [1-9]/);

  const took = await page.evaluate(async () => {
    const panel = document.querySelector('.import')!;
    const began = performance.now();
    [...panel.querySelectorAll('button')].find((button) => button.textContent === 'Cancel')!.click();
    while (!panel.textContent!.includes('Stopped')) await new Promise((next) => setTimeout(next, 5));
    return performance.now() - began;
  });

  console.log(`stopped after ${Math.round(took)} ms`);
});

test('reactions while a file is read', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 74, posts: 5 }));
  await open(page);
  await expect(status(page)).toContainText(/Reading · [\d,]+ rows · [1-9]/);
  await observe(page);

  await act(page, moodtape);

  const { tasks } = await seen(page);
  console.log(`${reactionsOf(await seen(page))}, longest task ${Math.round(Math.max(0, ...tasks))} ms; ${await status(page).innerText()}`);
});

test('beside Dexie, the same rows', async ({ page, play, folder }) => {
  const lines = head(POSTS, (PEER_ROWS + 1) * 260).split('\n').slice(0, PEER_ROWS + 1);
  const path = join(folder, 'rows.csv');
  writeFileSync(path, `${lines.join('\n')}\n`);
  await play(makeRecording({ seed: 72, posts: 5 }));
  await page.route('**/dexie.js', (route) => route.fulfill({ path: DEXIE, contentType: 'text/javascript' }));

  const began = await open(page, path);
  await done(page);
  const ours = performance.now() - began;
  await page.addScriptTag({ url: './dexie.js' });
  let theirs = 0;
  const rows = lines.slice(1).map((line) => line.split(','));
  for (let from = 0; from < rows.length; from += 5_000) theirs += await page.evaluate(putBulk, rows.slice(from, from + 5_000));

  console.log(`${rows.length} rows: ours ${(ours / 1000).toFixed(1)} s, Dexie ${(theirs / 1000).toFixed(1)} s, ${(theirs / ours).toFixed(1)} times as long`);
});

/**
 * Chooses twenty ranges with the pointer; milliseconds from letting go to another number of posts, and to other posts in
 * the list, which is sent behind all that the other panels show. Each ascending.
 */
async function brush(page: Page, moodtape: MoodtapePage, stored: number): Promise<[numbers: number[], panels: number[]]> {
  const watched = [await page.locator('.kpi .figure').first().elementHandle(), await moodtape.recentPosts.elementHandle()];
  await page.evaluate((watched) => {
    let released = NaN;
    const times: number[][] = watched.map(() => []);
    addEventListener('pointerup', () => (released = performance.now()), true);
    watched.forEach((element, i) => {
      let of = NaN;
      const changed = () => {
        if (released > 0 && of !== released) times[i]!.push(performance.now() - released);
        of = released;
      };
      new MutationObserver(changed).observe(element!, { attributes: true, characterData: true, childList: true, subtree: true });
    });
    Object.assign(window, { times });
  }, watched);
  const times = () => page.evaluate(() => (window as unknown as { times: [number[], number[]] }).times);
  for (let i = 0; i < 20; i++) {
    await moodtape.dragAcrossChart(0.1 + (i % 5) * 0.08, 0.6 + (i % 7) * 0.05);
    await expect.poll(async () => (await times()).map((all) => all.length)).toEqual([i + 1, i + 1]);
    await page.keyboard.press('0');
    await expect(page.locator('.kpi .figure').first()).toHaveText(stored.toLocaleString('en'));
  }
  const [numbers, panels] = await times();
  return [numbers.sort((a, b) => a - b), panels.sort((a, b) => a - b)];
}

/** Seconds from the beginning to the end of all that is stored. */
async function replayAll(page: Page): Promise<number> {
  const bar = page.getByRole('region', { name: 'Replay', exact: true });
  const slider = bar.getByRole('slider');
  await page.locator('button', { hasText: 'Replay what is stored' }).click();
  await bar.getByRole('button', { name: 'Stop' }).click();
  await bar.getByRole('combobox').selectOption({ label: 'as fast as possible' });
  const [from, to] = [await slider.getAttribute('min'), await slider.getAttribute('max')];
  await slider.fill(from!);
  await expect(slider).toHaveValue(from!);
  const began = performance.now();
  await bar.getByRole('button', { name: '▷ Play' }).click();
  await expect(slider).toHaveValue(to!, { timeout: 580_000 });
  await expect(bar.getByRole('button', { name: '▷ Play' })).toBeVisible();
  return (performance.now() - began) / 1000;
}

/** Milliseconds until the first figures and until all of them are there. */
async function openAgain(page: Page, stored: number): Promise<[first: number, complete: number]> {
  const began = performance.now();
  await page.reload();
  await expect(page.getByRole('region', { name: 'Key figures' })).toContainText(/\d/, { timeout: 120_000 });
  const first = performance.now() - began;
  await expect.poll(() => shownPosts(page), { timeout: 300_000, intervals: [50] }).toBe(stored);
  return [first, performance.now() - began];
}

/** Chunks of which it is not kept what was found in them. */
async function undigested(): Promise<number> {
  const opened = indexedDB.open('moodtape-files');
  const database = await new Promise<IDBDatabase>((resolve) => (opened.onsuccess = () => resolve(opened.result)));
  const [chunks, digests] = ['chunks', 'digests'].map((name) => database.transaction(name).objectStore(name).count());
  const counted = (request: IDBRequest<number>) => new Promise<number>((resolve) => (request.onsuccess = () => resolve(request.result)));
  const n = await Promise.all([counted(chunks!), counted(digests!)]);
  database.close();
  return n[0] - n[1];
}

async function shownPosts(page: Page): Promise<number> {
  // Not as it is rendered: it lies out of sight.
  const text = await page.getByTestId('stored-posts').first().textContent();
  return number(text ?? '', /([\d,]+)/);
}

async function storedBytes(): Promise<number> {
  const opened = indexedDB.open('moodtape-files');
  const database = await new Promise<IDBDatabase>((resolve) => (opened.onsuccess = () => resolve(opened.result)));
  let sum = 0;
  const size = (value: unknown): number => (value instanceof Uint8Array ? value.length : 0);
  for (const name of ['chunks', 'tail', 'texts']) {
    const request = database.transaction(name).objectStore(name).openCursor();
    await new Promise<void>((resolve) => {
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return resolve();
        const { value } = cursor as { value: { numbers?: unknown; texts?: unknown } };
        sum += size(value) + size(value.numbers) + size(value.texts);
        cursor.continue();
      };
    });
  }
  database.close();
  return sum;
}

/** Milliseconds until these rows are stored. */
async function putBulk(rows: string[][]): Promise<number> {
  interface Peer {
    version(no: number): { stores(schema: Record<string, string>): void };
    table(name: string): { bulkPut(rows: object[]): Promise<unknown> };
  }
  const { Dexie, ...kept } = window as unknown as { Dexie: new (name: string) => Peer; peer?: Peer };
  const peer = kept.peer ?? new Dexie('peer');
  if (!kept.peer) peer.version(1).stores({ posts: 'id, at, author' });
  Object.assign(window, { peer });
  const posts = rows.map(([id, at, author, lang, ...text]) => ({ id, at: Number(at), author, lang, text: text.join(',') }));
  const began = performance.now();
  await peer.table('posts').bulkPut(posts);
  return performance.now() - began;
}

function head(path: string, bytes: number): string {
  const buffer = Buffer.alloc(Math.min(bytes, statSync(path).size));
  const file = openSync(path, 'r');
  readSync(file, buffer, 0, buffer.length, 0);
  closeSync(file);
  return buffer.toString();
}
