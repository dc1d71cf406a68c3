// Broken recordings: what is broken is dropped, counted and shown; the rest plays.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { makeRecording, writeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('broken lines are counted by reason, and every sound post is there', async ({ page, folder, startRelay, moodtape }) => {
  const recording = makeRecording({ seed: 9, posts: 300 });
  const [head, tail] = [recording.lines.slice(0, 150), recording.lines.slice(150)];
  const bytes = Buffer.concat([
    Buffer.from(`${head.join('\n')}\nthis is not an event\n`),
    Buffer.from(`{"v":1,"post":{"text":"${'x'.repeat(5 * 1024 * 1024)}"}}\n`),
    Buffer.from([0x22, 0xff, 0xfe, 0xc3, 0x28, 0x22, 0x0a]),
    Buffer.from(`${tail.join('\n')}\n`),
  ]);
  writeFileSync(join(folder, 'posts.ndjson'), bytes);
  const relay = await startRelay({ recording: join(folder, 'posts.ndjson'), speed: 'unlimited', withoutFilters: true });

  await page.goto(relay.url);

  await moodtape.expectStored(recording.posts);
  await moodtape.expectFigures({ posts: 300, ...recording.counts });
  await expect.poll(() => moodtape.counter('kept-posts')).toBeGreaterThanOrEqual(300);
  for (const dropped of ['bad json 1', 'too long 1', 'bad utf8 1']) {
    await expect(moodtape.sources).toContainText(dropped);
  }
});

test('a file that ends in the middle plays as far as it goes', async ({ page, folder, startRelay, moodtape }) => {
  const recording = makeRecording({ seed: 10, posts: 2000 });
  const packed = gzipSync(`${recording.lines.join('\n')}\n`);
  writeFileSync(join(folder, 'cut.ndjson.gz'), packed.subarray(0, Math.floor(packed.length / 2)));
  const relay = await startRelay({ recording: join(folder, 'cut.ndjson.gz'), speed: 'unlimited', withoutFilters: true });

  await page.goto(relay.url);

  await expect.poll(() => moodtape.keyFigure('Posts')).toBeGreaterThan(100);
  const stored = await moodtape.storedPosts();
  expect(stored.length).toBeLessThan(2000);
  expect(recording.posts).toEqual(expect.arrayContaining(stored));
  await expect(moodtape.sources).toContainText('truncated 1');
});

test('prices in the wrong columns are refused, and the posts beside them play', async ({ page, folder, startRelay, moodtape }) => {
  const recording = makeRecording({ seed: 11, posts: 100 });
  writeRecording(join(folder, 'posts.ndjson'), recording);
  // The figures under Open and Volume have changed places, so that the open lies far above the high.
  const rows = ['Date,Open,High,Low,Close,Volume', '2025-03-03,900000,12.5,11.0,12.0,11.5', '2025-03-04,910000,12.9,11.8,12.4,12.1'];
  writeFileSync(join(folder, 'XYZ.csv'), `${rows.join('\n')}\n`);
  const relay = await startRelay({ recording: folder, speed: 'unlimited', withoutFilters: true });

  await page.goto(relay.url);

  await moodtape.expectStored(recording.posts);
  await expect(moodtape.sources).toContainText('bad price 2');
  await expect(moodtape.ticker.locator('option[value=XYZ]')).toHaveCount(0);
});
