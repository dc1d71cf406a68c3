// New posts arrive while one looks.

import { MoodtapePage } from '../fixtures/moodtape-page.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('counts rise by themselves until every post is counted', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 1, posts: 240, every: 1000 });
  await play(recording, { speed: 80 });
  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeGreaterThan(0);
  const before = await moodtape.keyFigure('Posts');

  await expect.poll(() => moodtape.keyFigure('Posts')).toBeGreaterThan(before);

  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  expect(await page.evaluate(() => 'isTheSamePage' in window)).toBe(true);
});

test('what is shown is what is stored', async ({ play, moodtape }) => {
  const recording = makeRecording({ seed: 2, posts: 500 });

  await play(recording);

  await moodtape.expectStored(recording.posts);
  await expect.poll(() => moodtape.counter('stored-posts')).toBe(500);
  await moodtape.expectFigures({ posts: 500, ...recording.counts });
});

test('a second tab keeps the data once the first one is closed', async ({ page, context, play, moodtape }) => {
  const recording = makeRecording({ seed: 3, posts: 300 });
  const relay = await play(recording);
  await moodtape.expectStored(recording.posts);
  const second = await context.newPage();
  await second.goto(relay.url);
  const stored = second.getByTestId('stored-posts');
  await expect(stored).toContainText('Another tab of this page keeps the data');

  await page.close();

  await expect(stored).toHaveText('300');
  await new MoodtapePage(second).expectFigures({ posts: 300, ...recording.counts });
});
