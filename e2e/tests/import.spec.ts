// Files of a person's own: opened, read in a worker of their own, stored, and the same after a reload.

import { gzipSync } from 'node:zlib';

import type { Page } from '@playwright/test';

import { makeRecording } from '../fixtures/recording.ts';
import { storedPosts } from '../fixtures/stored-posts.ts';
import { expect, test } from '../fixtures/test.ts';

const FILES = 'moodtape-files';

/** A table of `n` posts, a third of each class, and three rows that cannot be read. */
function table(n: number): string {
  // As words of their own some numbers, as 143 and 187, have a mood.
  const moods = ['I love it, what a great day', 'A table with numbers', 'I hate it, what a terrible day'];
  const rows = Array.from({ length: n }, (_, i) => {
    const at = new Date(Date.UTC(2021, 0, 1) + i * 1000).toISOString();
    return `${i + 1},${at},user${i % 97},"${moods[i % 3]} (row-${i}, #tag${i % 5})"`;
  });
  rows.splice(Math.floor(n / 2), 0, 'x1,never,bob,words', 'x2,2021-01-01,bob', 'x3,2021-01-01,bob,"  "');
  return ['id,created_at,user,text', ...rows].join('\n');
}

const file = (name: string, content: string | Buffer) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });

function parts(page: Page) {
  const panel = page.getByRole('region', { name: 'Import', exact: true });
  return {
    picker: page.getByLabel('Open a file of posts or prices'),
    panel,
    begin: panel.getByRole('button', { name: 'Import' }),
    status: panel.getByTestId('import-status'),
  };
}

test('a table is looked at, imported and there after a reload; importing it again changes nothing', async ({ page, play, moodtape, consoleErrors }) => {
  const requested: string[] = [];
  page.on('request', (request) => requested.push(new URL(request.url()).pathname));
  const recording = makeRecording({ seed: 60, posts: 30 });
  await play(recording);
  await moodtape.expectFigures({ posts: 30, ...recording.counts });
  expect(requested.filter((path) => path.includes('worker-import')), 'nothing of it is loaded before').toEqual([]);
  const { picker, panel, begin, status } = parts(page);

  await picker.setInputFiles(file('own.csv.gz', gzipSync(table(9_000))));
  await expect(panel).toContainText('Table of posts, cells between commas');
  await expect(panel.getByRole('cell', { name: 'user1', exact: true })).toBeVisible();
  await begin.click();

  await expect(status).toContainText('Done · 9,003 rows · 9,000 stored · 0 were there already · 3 refused');
  await expect(panel).toContainText('its time stamp cannot be read');
  await expect(panel.getByRole('link', { name: 'Refused rows as CSV' })).toBeVisible();
  await moodtape.expectFigures({ posts: 9_000, positive: 3_000, neutral: 3_000, negative: 3_000 });
  const expected = Array.from({ length: 9_000 }, (_, i) => `file/${i + 1}`).sort();
  expect(await storedPosts(page, FILES)).toEqual(expected);

  await page.reload();
  await moodtape.expectFigures({ posts: 9_000, positive: 3_000, neutral: 3_000, negative: 3_000 });
  await picker.setInputFiles(file('own.csv', table(9_000)));
  await begin.click();
  await expect(status).toContainText('0 stored · 9,000 were there already');
  expect(await storedPosts(page, FILES)).toEqual(expected);

  await page.getByRole('button', { name: 'Back to the stream' }).click();
  await moodtape.expectFigures({ posts: 30, ...recording.counts });
  expect(consoleErrors).toEqual([]);
});

test('a person says what the columns are where their names do not', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 61, posts: 5 }));
  const { picker, panel, begin, status } = parts(page);
  await picker.setInputFiles(file('odd.csv', 'a;b;c\nI love this great day;1/2/2021;x\nI hate this terrible day;1/3/2021;y\n'));

  await panel.getByLabel('Column 1').selectOption('Text');
  await panel.getByLabel('Column 2').selectOption('Time');
  await begin.click();

  await expect(status).toContainText('2 stored');
  await moodtape.expectFigures({ posts: 2, positive: 1, neutral: 0, negative: 1 });
});

test('a file that is nothing known is refused in words', async ({ page, play }) => {
  await play(makeRecording({ seed: 62, posts: 5 }));
  const { picker, panel } = parts(page);

  await picker.setInputFiles(file('words.txt', 'just some words\nand more of them\n'));

  await expect(panel.getByRole('alert')).toContainText('Nothing was read from it');
});

test('pausing and stopping an import leave whole chunks, and doing it again brings the rest', async ({ page, play, moodtape }) => {
  test.slow();
  await play(makeRecording({ seed: 63, posts: 5 }));
  const { picker, panel, begin, status } = parts(page);
  const content = table(200_000);
  await picker.setInputFiles(file('large.csv', content));
  await begin.click();
  await expect(status).toContainText(/Reading · [\d,]+ rows · [1-9]/);

  await panel.getByRole('button', { name: 'Pause' }).click();
  await expect(status).toContainText('Paused');
  await panel.getByRole('button', { name: 'Go on' }).click();
  await panel.getByRole('button', { name: 'Cancel' }).click();
  await expect(status).toContainText('Stopped');

  await page.reload();
  const stored = await storedPosts(page, FILES);
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.length).toBeLessThan(200_000);
  expect(new Set(stored).size).toBe(stored.length);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(stored.length);

  await picker.setInputFiles(file('large.csv', content));
  await begin.click();
  await expect(status).toContainText('Done', { timeout: 120_000 });
  expect((await storedPosts(page, FILES)).length).toBe(200_000);
});

test('a tab that is closed in the middle loses nothing that was said to be stored', async ({ page, context, play }) => {
  const relay = await play(makeRecording({ seed: 64, posts: 5 }));
  const { picker, begin, status } = parts(page);
  await picker.setInputFiles(file('large.csv', table(200_000)));
  await begin.click();
  await expect(status).toContainText(/Reading · [\d,]+ rows · [1-9]/);
  const said = Number(/rows · ([\d,]+) stored/.exec(await status.innerText())![1]!.replaceAll(',', ''));
  await page.close({ runBeforeUnload: false });

  const again = await context.newPage();
  await again.goto(relay.url);
  const stored = await storedPosts(again, FILES);

  expect(stored.length).toBeGreaterThanOrEqual(said);
  expect(new Set(stored).size).toBe(stored.length);
});
