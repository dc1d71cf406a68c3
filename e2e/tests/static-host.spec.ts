// The page on a host of plain files, in a folder of it: no relay anywhere.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { makeRecording } from '../fixtures/recording.ts';
import { StaticHost } from '../fixtures/static-host.ts';
import { storedPosts } from '../fixtures/stored-posts.ts';
import { expect, test } from '../fixtures/test.ts';

const FOLDER = '/some/path/';
const DEMO = join(resolve(import.meta.dirname, '../..'), 'examples/demo.ndjson.gz');

interface Line {
  readonly post?: { readonly id: string; readonly source: string };
}

/** `source/id` of every post of the demo recording, sorted. */
function demoPosts(): string[] {
  const lines = gunzipSync(readFileSync(DEMO)).toString().trimEnd().split('\n');
  const posts = lines.flatMap((line) => (JSON.parse(line) as Line).post ?? []);
  return [...new Set(posts.map(({ source, id }) => `${source}/${id}`))].sort();
}

const table = 'id,created_at,user,text\n1,2021-01-01T00:00:00Z,ann,I love this great day\n2,2021-01-01T00:00:01Z,bob,I hate this terrible day\n';

const hosted = test.extend<{ host: (files?: Record<string, string>) => Promise<StaticHost> }>({
  host: async ({}, use) => {
    const started: StaticHost[] = [];
    await use(async (files = {}) => {
      const host = await StaticHost.start(FOLDER, files);
      started.push(host);
      return host;
    });
    for (const host of started) await host.stop();
  },
});

hosted('a folder of files shows the demo recording, says what it is, and opens a person’s own file', async ({ page, host, moodtape, consoleErrors }) => {
  const { url, missing } = await host();
  await page.goto(url);

  const posts = demoPosts();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(posts.length);
  await expect(moodtape.connection).toHaveText(/REPLAY demo ×max · synthetic/);
  await expect.poll(() => storedPosts(page)).toEqual(posts);
  await expect(page.getByRole('region', { name: 'Import', exact: true })).toBeHidden();

  await page.getByLabel('Open a file of posts or prices').setInputFiles({ name: 'own.csv', mimeType: 'text/csv', buffer: Buffer.from(table) });
  await page.getByRole('button', { name: 'Import' }).click();
  await moodtape.expectFigures({ posts: 2, positive: 1, neutral: 0, negative: 1 });
  await expect(moodtape.connection).toHaveText('FILES');

  await page.reload();
  await moodtape.expectFigures({ posts: 2, positive: 1, neutral: 0, negative: 1 });
  await page.getByRole('button', { name: 'Leave the files' }).click();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(posts.length);
  expect(await storedPosts(page), 'the second reading added nothing').toEqual(posts);
  expect(missing).toEqual([]);
  expect(consoleErrors).toEqual([]);
});

hosted('a link to the page names a file beside it', async ({ page, host, moodtape, consoleErrors }) => {
  const { lines, counts } = makeRecording({ seed: 70, posts: 40 });
  const { url } = await host({ 'made.ndjson': lines.join('\n') });
  await page.goto(`${url}?open=made.ndjson`);

  const panel = page.getByRole('region', { name: 'Import', exact: true });
  await expect(panel).toContainText('Recording of this program');
  await panel.getByRole('button', { name: 'Import' }).click();

  await moodtape.expectFigures({ posts: 40, ...counts });
  expect(consoleErrors).toEqual([]);
});

hosted('an address on another host is opened where that host allows it, and explained where not', async ({ page, host, moodtape }) => {
  const here = await host();
  const there = await host({ 'own.json': JSON.stringify([{ id: '1', text: 'I love this great day', created_at: '2021-01-01T00:00:00.000Z' }]) });
  await page.goto(here.url);
  await page.getByRole('button', { name: 'Open an address' }).click();
  const panel = page.getByRole('region', { name: 'Import', exact: true });
  const address = panel.getByLabel('Address of a file');

  await address.fill(`${there.url}demo.ndjson.gz`);
  await address.press('Enter');
  await expect(panel.getByRole('alert')).toContainText('does not let pages from elsewhere read it');
  await address.fill('nothing.csv');
  await address.press('Enter');
  await expect(panel.getByRole('alert')).toContainText('HTTP 404');

  await address.fill(`${there.url}own.json`);
  await address.press('Enter');
  await panel.getByRole('button', { name: 'Import' }).click();
  await moodtape.expectFigures({ posts: 1, positive: 1, neutral: 0, negative: 0 });
});
