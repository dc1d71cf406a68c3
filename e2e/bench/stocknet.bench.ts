// The tweets of 2014 about 87 stocks, from files through relay, network, worker and IndexedDB to the page.
//
// Needs the StockNet tweets as `stocknet/tweets_2014` under $MOODTAPE_DATA (default: ../shared/data
// beside this repository).

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { MoodtapePage } from '../fixtures/moodtape-page.ts';
import { expect, test } from '../fixtures/test.ts';
import { readStopwatch, startStopwatch } from './stopwatch.ts';

const DATA = process.env['MOODTAPE_DATA'] ?? resolve(import.meta.dirname, '../../../shared/data');
const TWEETS = join(DATA, 'stocknet/tweets_2014');
/** Distinct ids in the files, counted by `zcat *.gz | jq .id_str | sort -u | wc -l`. */
const UNIQUE_POSTS = 41_875;
const REPETITIONS = 3;

test.beforeEach(() => {
  const isThere = existsSync(TWEETS);
  if (!isThere) console.error(`SKIPPED: ${TWEETS} is not there; set MOODTAPE_DATA`);
  test.skip(!isThere);
});

for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
  test(`unlimited speed, run ${repetition}`, async ({ page, startRelay, moodtape }) => {
    const relay = await startRelay({ recording: TWEETS, speed: 'unlimited', withoutFilters: true });
    await startStopwatch(page);

    await page.goto(relay.url);
    await expect.poll(() => moodtape.counter('stored-posts'), { intervals: [50] }).toBe(UNIQUE_POSTS);
    const { receivedToStored, navigationToStored, firstChart, longTasks } = await readStopwatch(page);

    await expectEachOnce(moodtape);
    const seconds = receivedToStored / 1000;
    console.log(
      [
        `${UNIQUE_POSTS} posts stored, each once`,
        `${Math.round(UNIQUE_POSTS / seconds)} posts/s from the first received one to the last stored one (${seconds.toFixed(2)} s)`,
        `${(navigationToStored / 1000).toFixed(2)} s from navigation to the last stored post`,
        `first chart after ${Math.round(firstChart)} ms`,
        `long tasks of the page: ${longTasks.length}, longest ${Math.round(Math.max(0, ...longTasks))} ms`,
      ].join('\n  '),
    );
  });
}

test('the relay killed twice and the page reloaded on the way', async ({ page, startRelay, moodtape }) => {
  const relay = await startRelay({ recording: TWEETS, speed: 'unlimited', withoutFilters: true });
  await page.goto(relay.url);
  const shown = async () => (await moodtape.counter('stored-posts')) || 0;

  await expect.poll(shown, { intervals: [20] }).toBeGreaterThan(2_000);
  await relay.kill();
  const atFirstKill = (await moodtape.storedPosts()).length;
  await relay.start();
  await expect.poll(shown, { intervals: [20] }).toBeGreaterThan(12_000);
  await page.reload();
  await expect.poll(shown, { intervals: [20] }).toBeGreaterThan(22_000);
  await relay.kill();
  const atSecondKill = (await moodtape.storedPosts()).length;
  await relay.start();
  await expect.poll(shown, { intervals: [100] }).toBe(UNIQUE_POSTS);

  const stored = await moodtape.storedPosts();
  const unique = new Set(stored).size;
  console.log(`killed at ${atFirstKill} and ${atSecondKill} stored posts: ${UNIQUE_POSTS - unique} lost, ${stored.length - unique} twice`);
  await expectEachOnce(moodtape);
});

async function expectEachOnce(moodtape: MoodtapePage): Promise<void> {
  const stored = await moodtape.storedPosts();
  expect(stored).toHaveLength(UNIQUE_POSTS);
  expect(new Set(stored).size).toBe(UNIQUE_POSTS);
}
