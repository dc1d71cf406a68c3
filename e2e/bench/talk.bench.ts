// The panels about the crowd's talk under load: ten topics in many posts, words, and a map with 10,000 places.
//
// TALK_POSTS says how many posts (100,000 without it).

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';

const N_POSTS = Number(process.env['TALK_POSTS'] ?? 100_000);
const N_PLACES = 10_000;
const START = Date.UTC(2025, 2, 3);
const SUBJECTS = 40;
const WORDS_EACH = 50;

/** Each post has six words of one of forty subjects, the more frequent ones more often. */
function writeDay(path: string): void {
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const word = (n: number) => 'w' + [3, 2, 1, 0].map((place) => letters[Math.floor(n / 26 ** place) % 26]).join('');
  const lines: string[] = [];
  for (let i = 0; i < N_POSTS; i++) {
    const at = START + i * 700;
    const subject = Math.floor(random() ** 2 * SUBJECTS);
    const words = Array.from({ length: 6 }, () => word(subject * WORDS_EACH + Math.floor(random() ** 2 * WORDS_EACH)));
    const cell = i % N_PLACES;
    const place = i < N_PLACES ? { lat_lon: [-79 + Math.floor(cell / 125) * 2, Math.round((-170 + (cell % 125) * 2.7) * 10) / 10] } : undefined;
    const author = Math.floor(random() * 20_000).toString(16).padStart(16, '0');
    const post = { id: String(i), source: 'made', author, text: words.join(' '), lang: 'en', place };
    lines.push(JSON.stringify({ v: 1, seq: i + 1, seen_at: at, at, post }));
  }
  writeFileSync(path, lines.join('\n') + '\n');
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** How long the map took to be drawn, or its circles to be laid out, each time since the page was opened. */
const times = (page: Page, what: 'map' | 'map-circles') =>
  page.evaluate((what) => {
    const begins = performance.getEntriesByName(`${what}-begin`);
    const ends = performance.getEntriesByName(`${what}-end`);
    return ends.map((end, i) => end.startTime - begins[i]!.startTime);
  }, what);

test('ten topics in many posts, and a map of ten thousand places', async ({ folder, page, startRelay, moodtape }) => {
  const recording = join(folder, 'made.ndjson');
  writeDay(recording);
  const relay = await startRelay({ recording, speed: 'unlimited', withoutFilters: true });
  await page.goto(`${relay.url}?k=10`);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(N_POSTS);
  await expect.poll(async () => Number((await page.getByTestId('stored-posts').first().textContent())?.replaceAll(/\D/g, ''))).toBe(N_POSTS);

  const opened = await page.evaluate(() => performance.now());
  await page.locator('#talk').evaluate((section) => section.scrollIntoView());
  await expect(page.getByTestId('talk-standing')).toContainText(`${N_POSTS.toLocaleString('en')} posts are selected`);
  const read = await page.evaluate(() => performance.now());
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { tasks });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => tasks.push(entry.duration))).observe({ type: 'longtask' });
  });
  const ask = page.locator('#talk').getByRole('button', { name: 'Find topics' });
  const rows = page.getByRole('region', { name: 'Topics, listed' }).locator('tbody tr');
  const asked = await page.evaluate(() => performance.now());
  if (await ask.isVisible()) await ask.click();
  await expect(rows.first()).toBeVisible();
  await expect(page.locator('.talk-course')).toHaveCount(0);
  const found = await page.evaluate(() => performance.now());
  const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
  console.log(`${N_POSTS} posts: read and counted in ${Math.round(read - opened)} ms, 10 topics in ${Math.round(found - asked)} ms`);
  console.log(`long tasks of the page meanwhile: ${tasks.length}, longest ${Math.max(0, ...tasks)} ms`);

  await expect(page.locator('canvas.map')).toHaveAttribute('data-clusters', String(N_PLACES));
  for (const [what, keys] of [
    ['map', ['ArrowRight', 'ArrowLeft']],
    ['map-circles', ['+', '-']],
  ] as const) {
    const before = (await times(page, what)).length;
    await page.locator('canvas.map').focus();
    for (let i = 0; i < 40; i++) await page.keyboard.press(keys[i % 2]!);
    const millis = (await times(page, what)).slice(before);
    console.log(`${what}: ${millis.length} times, median ${median(millis).toFixed(1)} ms, fastest ${Math.min(...millis).toFixed(1)} ms`);
  }
});
