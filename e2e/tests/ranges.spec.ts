// Parquet files at an address: of a host that answers in parts only what is needed is fetched.

import type { Page } from '@playwright/test';

import { type Group, parquet } from '../fixtures/parquet.ts';
import { type InParts, StaticHost } from '../fixtures/static-host.ts';
import { storedPosts } from '../fixtures/stored-posts.ts';
import { expect, test } from '../fixtures/test.ts';

const FILES = 'moodtape-files';
const GROUPS = 4;
const PER_GROUP = 600;
const POSTS = GROUPS * PER_GROUP;
const FIGURES = { posts: POSTS, positive: POSTS / 3, neutral: POSTS / 3, negative: POSTS / 3 };
const MOODS = ['I love it, what a great day', 'A table with numbers', 'I hate it, what a terrible day'];

/** The numbers of rows would not count as ids. */
const postId = (i: number) => `${7 * (i + 1)}`;
const stored = Array.from({ length: POSTS }, (_, i) => `file/${postId(i)}`).sort();

/** Posts with a column beside them that is none of a post and takes nearly all of the file. */
const group = (nGroup: number): Group => {
  const rows = Array.from({ length: PER_GROUP }, (_, i) => nGroup * PER_GROUP + i);
  return {
    id: rows.map(postId),
    created_at: rows.map((i) => new Date(Date.UTC(2021, 0, 1) + i * 1000).toISOString()),
    user: rows.map((i) => `user${i % 97}`),
    embedding: rows.map((i) => `${i}`.repeat(3000)),
    text: rows.map((i) => `${MOODS[i % 3]} (row-${i}, #tag${i % 5})`),
  };
};
const content = parquet(Array.from({ length: GROUPS }, (_, n) => group(n)));

const hosted = test.extend<{ host: (files?: Record<string, InParts | Buffer>) => Promise<StaticHost> }>({
  host: async ({}, use) => {
    const started: StaticHost[] = [];
    await use(async (files = {}) => {
      const host = await StaticHost.start('/some/path/', files);
      started.push(host);
      return host;
    });
    for (const host of started) await host.stop();
  },
});

function parts(page: Page) {
  const panel = page.getByRole('region', { name: 'Import', exact: true });
  return { panel, begin: panel.getByRole('button', { name: 'Import' }), status: panel.getByTestId('import-status') };
}

const sum = (host: StaticHost) => host.answers.reduce((sum, { bytes }) => sum + bytes, 0);
const statuses = (host: StaticHost) => [...new Set(host.answers.map(({ status }) => status))];

hosted('of a file beside the page only the columns that are used are fetched, and how much that was is said', async ({ page, host, moodtape, consoleErrors }) => {
  const here = await host({ 'posts.parquet': { content, etag: '"1"' } });
  const { panel, begin, status } = parts(page);
  await page.goto(`${here.url}?open=posts.parquet`);
  await expect(panel.getByRole('cell', { name: 'user1', exact: true })).toBeVisible();

  await begin.click();

  await expect(status).toContainText(`Done · 2,400 rows · 2,400 stored · 0 were there already · 0 refused`);
  await moodtape.expectFigures(FIGURES);
  expect(await storedPosts(page, FILES)).toEqual(stored);
  expect(statuses(here)).toEqual([206]);
  const fetched = sum(here);
  expect(fetched).toBeLessThan(content.length / 10);
  await expect(panel).toContainText(`${fetched.toLocaleString('en')} bytes fetched, ${Math.floor((100 * fetched) / content.length)} % of the file`);
  expect(consoleErrors).toEqual([]);
});

hosted('the same of a file on another host, which has to let its parts be seen', async ({ page, host, moodtape }) => {
  const here = await host();
  const there = await host({ 'posts.parquet': { content, etag: '"1"' } });
  const { panel, begin, status } = parts(page);
  await page.goto(here.url);
  await page.getByRole('button', { name: 'Open an address' }).click();
  const address = panel.getByLabel('Address of a file');

  await address.fill(`${there.url}posts.parquet`);
  await address.press('Enter');
  await begin.click();

  await expect(status).toContainText('2,400 stored');
  await moodtape.expectFigures(FIGURES);
  expect(statuses(there)).toEqual([206]);
  expect(sum(there)).toBeLessThan(content.length / 10);
});

hosted('a host that answers with the whole file is asked once', async ({ page, host, moodtape }) => {
  const here = await host({ 'posts.parquet': content });
  const { panel, begin, status } = parts(page);
  await page.goto(`${here.url}?open=posts.parquet`);

  await begin.click();

  await expect(status).toContainText('2,400 stored');
  await moodtape.expectFigures(FIGURES);
  expect(here.answers).toEqual([{ name: 'posts.parquet', status: 200, bytes: content.length }]);
  await expect(panel).not.toContainText('bytes fetched');
});

hosted('parts of what is packed on its way are no parts of the file, which is fetched as a whole', async ({ page, host, moodtape }) => {
  const here = await host({ 'posts.parquet': { content, etag: '"1"', isPacked: true } });
  const { begin, status } = parts(page);
  await page.goto(`${here.url}?open=posts.parquet`);

  await begin.click();

  await expect(status).toContainText('2,400 stored');
  await moodtape.expectFigures(FIGURES);
  expect(here.answers.map(({ status }) => status)).toEqual([206, 200]);
});

hosted('of a file that changes while it is fetched nothing is imported, and it can be opened again', async ({ page, host, moodtape }) => {
  const file: InParts = { content, etag: '"1"' };
  const here = await host({ 'posts.parquet': file });
  const { panel, begin, status } = parts(page);
  await page.goto(`${here.url}?open=posts.parquet`);
  await expect(begin).toBeVisible();
  const before = here.answers.length;
  // A group of rows has come by then.
  file.asked = () => here.answers.length >= before + 2 && (file.etag = '"2"');

  await begin.click();

  await expect(panel.getByRole('alert')).toContainText('The file changed at its host');
  expect(here.answers.length).toBe(before + 3);
  expect(await storedPosts(page, FILES)).toEqual([]);

  await panel.getByLabel('Address of a file').press('Enter');
  await begin.click();
  await expect(status).toContainText('2,400 stored');
  await moodtape.expectFigures(FIGURES);
});
