// A tab that dies at any moment, of an import or of a live session: what was said to be stored is there, once.
//
// MOODTAPE_KILLS sets how many moments; 3 in a quick run, 20 in a thorough one.

import type { BrowserContext, Page } from '@playwright/test';

import { makeRecording } from '../fixtures/recording.ts';
import { storedPosts } from '../fixtures/stored-posts.ts';
import { expect, test } from '../fixtures/test.ts';

const KILLS = Number(process.env['MOODTAPE_KILLS'] ?? 3);
const POSTS = 30_000;
/** Of a moment, in milliseconds after the import has begun: within the seconds that it takes. */
const LONGEST = 4_000;

test.describe.configure({ timeout: 40_000 + KILLS * 25_000 });

function table(n: number): string {
  const rows = Array.from({ length: n }, (_, i) => `${7 * (i + 1)},${new Date(Date.UTC(2021, 0, 1) + i * 1000).toISOString()},user${i % 97},"A post (row-${i}) that says something, #tag${i % 5}"`);
  return ['id,created_at,user,text', ...rows].join('\n');
}

/** The same moments in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** The renderer goes, with the page and its workers, and no handler runs. */
async function kill(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => {});
  await crashed;
  await page.close();
}

/** Posts that the page has said are stored. */
async function acknowledged(page: Page): Promise<number> {
  const text = await page.getByTestId('import-status').textContent({ timeout: 500 }).catch(() => '');
  return Number((/([\d,]+) stored/.exec(text ?? '')?.[1] ?? '0').replaceAll(',', ''));
}

function check(stored: string[], least: number): void {
  expect(new Set(stored).size, 'none is there twice').toBe(stored.length);
  expect(stored.length, 'none is lost that was said to be stored').toBeGreaterThanOrEqual(least);
}

test('an import whose tab is killed goes on where it was, and loses and doubles nothing', async ({ page, context, play }) => {
  const relay = await play(makeRecording({ seed: 81, posts: 5 }));
  await page.close();
  const next = random(82);
  const file = { name: 'own.csv', mimeType: 'text/csv', buffer: Buffer.from(table(POSTS)) };
  let least = 0;

  for (let n = 0; n < KILLS; n += 1) {
    const tab = await context.newPage();
    await tab.goto(relay.url);
    await tab.getByLabel('Open a file of posts or prices').setInputFiles(file);
    await tab.getByRole('region', { name: 'Import', exact: true }).getByRole('button', { name: 'Import' }).click();
    const until = performance.now() + next() * LONGEST;
    let said = 0;
    while (performance.now() < until) said = Math.max(said, await acknowledged(tab));
    await kill(context, tab);

    const after = await context.newPage();
    // Nothing of the program runs here, so what lies there is what the killed tab has left.
    await after.goto(`${relay.url}/icon.svg`);
    const stored = await storedPosts(after, 'moodtape-files');
    check(stored, said);
    expect(stored.length, 'nothing that was there has gone').toBeGreaterThanOrEqual(least);
    least = stored.length;
    await after.close();
  }

  const last = await context.newPage();
  await last.goto(relay.url);
  await last.getByLabel('Open a file of posts or prices').setInputFiles(file);
  await last.getByRole('region', { name: 'Import', exact: true }).getByRole('button', { name: 'Import' }).click();
  await expect(last.getByTestId('import-status')).toContainText('Done', { timeout: 60_000 });
  expect((await storedPosts(last, 'moodtape-files')).length).toBe(POSTS);
  check(await storedPosts(last, 'moodtape-files'), POSTS);
});

test('a live session whose tab is killed goes on where it was, and loses and doubles nothing', async ({ page, context, play }) => {
  const recording = makeRecording({ seed: 83, posts: 6_000, every: 1_000 });
  const relay = await play(recording, { speed: 600 });
  await page.close();
  const next = random(84);

  for (let n = 0; n < KILLS; n += 1) {
    const tab = await context.newPage();
    await tab.goto(relay.url);
    await expect.poll(async () => (await storedPosts(tab)).length).toBeGreaterThan(0);
    const said = await tab.getByTestId('stored-posts').first().textContent();
    const until = performance.now() + next() * 1_500;
    while (performance.now() < until) await tab.evaluate(() => new Promise((frame) => requestAnimationFrame(frame)));
    await kill(context, tab);

    const after = await context.newPage();
    await after.goto(`${relay.url}/icon.svg`);
    check(await storedPosts(after), Number((said ?? '').replaceAll(',', '')) || 0);
    await after.close();
  }

  const last = await context.newPage();
  await last.goto(relay.url);
  await expect.poll(async () => (await storedPosts(last)).length, { timeout: 40_000 }).toBe(recording.posts.length);
  expect(await storedPosts(last)).toEqual([...recording.posts].sort());
});
