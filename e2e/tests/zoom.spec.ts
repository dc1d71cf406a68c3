// A closer look at a stretch of time.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('dragging zooms, the address keeps the range, and a double click shows everything again', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 4, posts: 3 * 24 * 60 });
  await play(recording);
  await moodtape.expectFigures({ posts: recording.posts.length, ...recording.counts });
  const whole = await moodtape.chartRange();
  const wholeAddress = page.url();

  await moodtape.dragAcrossChart(0.4, 0.7);

  const length = async () => (({ from, to }) => to - from)(await moodtape.chartRange());
  await expect.poll(length).toBeLessThan((whole.to - whole.from) / 2);
  const zoomed = await moodtape.chartRange();
  expect(zoomed.from).toBeGreaterThan(whole.from);
  expect(zoomed.to).toBeLessThan(whole.to);
  await expect(page).not.toHaveURL(wholeAddress);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeLessThan(recording.posts.length);

  await page.reload();
  await expect.poll(() => moodtape.chartRange()).toEqual(zoomed);

  await moodtape.doubleClickChart();
  await expect.poll(() => moodtape.chartRange()).toEqual(whole);
  await moodtape.expectFigures({ posts: recording.posts.length, ...recording.counts });
});
