// What a person sees where nothing can be shown: why, and how to try again. Never a skeleton that stays.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const recording = makeRecording({ seed: 14, posts: 400 });

test('without the background program every panel says so and offers to retry', async ({ page, play, moodtape }) => {
  await page.route('**/worker-analysis*', (route) => route.abort());
  await play(recording);

  for (const panel of [moodtape.priceAndSentiment, moodtape.topics, page.getByRole('region', { name: 'Leaderboard' })]) {
    await expect(panel).toContainText('Nothing to show here. The background program stopped');
    await expect(panel.locator('.loading:visible')).toHaveCount(0);
  }

  await page.unroute('**/worker-analysis*');
  await moodtape.topics.getByRole('button', { name: 'Retry topics' }).click();
  await moodtape.expectFigures({ posts: 400, ...recording.counts });
  await expect(page.getByText('Nothing to show here')).toHaveCount(0);
});

test('a chart that cannot be drawn says why, and is drawn when asked again', async ({ page, play, moodtape }) => {
  await page.addInitScript(() => {
    const { getContext } = HTMLCanvasElement.prototype;
    Object.assign(window, { isWithoutCanvas: true });
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: Parameters<typeof getContext>) {
      return 'isWithoutCanvas' in window && window.isWithoutCanvas ? null : getContext.apply(this, args);
    } as typeof getContext;
  });
  await play(recording);
  await moodtape.expectFigures({ posts: 400, ...recording.counts });
  const failure = moodtape.priceAndSentiment.getByRole('alert');
  await expect(failure).toContainText('This chart cannot be drawn: the browser gives no surface to draw on.');

  await page.evaluate(() => Object.assign(window, { isWithoutCanvas: false }));
  await failure.getByRole('button', { name: 'Retry' }).click();

  await expect(failure).toHaveCount(0);
});
