// A browser that lets the page store nothing.

import { refuseStorage } from '../fixtures/changed-worker.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('live data is shown all the same, and the page says that nothing is kept', async ({ page, play, moodtape }) => {
  const timesRefused = await refuseStorage(page);
  const recording = makeRecording({ seed: 12, posts: 200 });

  await play(recording);

  await moodtape.expectFigures({ posts: 200, ...recording.counts });
  expect(timesRefused()).toBe(1);
  await expect(page.getByText(/not (kept|saved|stored)|nothing is (kept|saved|stored)/i).first()).toBeVisible();
  expect(await moodtape.storedPosts()).toEqual([]);
});
