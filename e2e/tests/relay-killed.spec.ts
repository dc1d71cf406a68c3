// The relay dies without a word and comes back.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('a killed relay is said, and after its return no post is lost or doubled', async ({ play, moodtape }) => {
  const recording = makeRecording({ seed: 5, posts: 1200, every: 1000 });
  const relay = await play(recording, { speed: 300 });
  await expect.poll(async () => (await moodtape.storedPosts()).length).toBeGreaterThan(200);

  await relay.kill();

  await expect(moodtape.connection).toContainText(/reconnecting|offline/i);
  const whenKilled = await moodtape.storedPosts();
  expect(whenKilled.length).toBeLessThan(recording.posts.length);
  expect(new Set(whenKilled).size).toBe(whenKilled.length);
  expect(await moodtape.keyFigure('Posts')).toBeGreaterThanOrEqual(200);

  await relay.start();

  await expect(moodtape.connection).not.toContainText(/reconnecting|offline/i);
  await moodtape.expectStored(recording.posts);
  await moodtape.expectFigures({ posts: recording.posts.length, ...recording.counts });
});

test('a page that is closed while the relay goes on catches up when it comes back', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 6, posts: 1200, every: 1000 });
  const relay = await play(recording, { speed: 300 });
  await expect.poll(async () => (await moodtape.storedPosts()).length).toBeGreaterThan(100);

  await page.goto('about:blank');
  await relay.kill();
  await relay.start();
  await page.goto(relay.url);

  await moodtape.expectStored(recording.posts);
  await moodtape.expectFigures({ posts: recording.posts.length, ...recording.counts });
});
