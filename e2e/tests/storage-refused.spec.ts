// A browser that lets the page store nothing.

import { runBeforeWorker } from '../fixtures/changed-worker.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

// As Firefox does where storage is switched off.
const REFUSE = `IDBFactory.prototype.open = () => { throw new DOMException('The operation is insecure.', 'SecurityError'); };`;

test('live data is shown all the same, and the page says that nothing is kept', async ({ page, play, moodtape }) => {
  const timesRefused = await runBeforeWorker(page, REFUSE);
  const recording = makeRecording({ seed: 12, posts: 200 });

  await play(recording);

  await moodtape.expectFigures({ posts: 200, ...recording.counts });
  expect(timesRefused()).toBe(1);
  await expect(page.getByText(/not (kept|saved|stored)|nothing is (kept|saved|stored)/i).first()).toBeVisible();
  expect(await moodtape.storedPosts()).toEqual([]);
});
