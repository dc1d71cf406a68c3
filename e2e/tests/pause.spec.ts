// Everything that moves by itself can be stopped (WCAG 2.2.2), and goes on where the data is by then.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const WATCHED_MILLIS = 3_000;

test('Space stops every changing text, nothing is lost meanwhile, and Space goes on', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 52, posts: 600, every: 1000 });
  await play(recording, { speed: 60 });
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeGreaterThan(20);
  const text = () => page.locator('body').innerText();
  await page.evaluate((millis) => new Promise((later) => setTimeout(later, millis)), 300);

  await page.keyboard.press('Space');
  await expect(moodtape.connection).toContainText('PAUSED');
  // What was on its way when the key was pressed.
  await page.evaluate((millis) => new Promise((later) => setTimeout(later, millis)), 300);
  const paused = await text();
  await page.evaluate((millis) => new Promise((later) => setTimeout(later, millis)), WATCHED_MILLIS);

  expect(await text()).toBe(paused);
  const at = await moodtape.keyFigure('Posts');

  // A choice of the person's own is answered all the same.
  await moodtape.chooseTicker('ETH');
  await expect(moodtape.priceAndSentiment.locator('.caption').first()).toContainText('ETH');

  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(moodtape.connection).not.toContainText('PAUSED');
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeGreaterThan(at);
  await moodtape.expectFigures({ posts: 600, ...recording.counts });
});
