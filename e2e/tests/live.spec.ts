// New posts arrive while one looks.

import { MoodtapePage } from '../fixtures/moodtape-page.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('counts rise by themselves until every post is counted', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 1, posts: 240, every: 1000 });
  // The page notes what it shows itself: looking in from outside may take longer than all posts take to come.
  await page.addInitScript(() => {
    const shown: number[] = [];
    const note = () => {
      const n = Number(document.querySelector('.kpi .figure')?.textContent);
      if (n > 0 && n !== shown.at(-1)) shown.push(n);
    };
    new MutationObserver(note).observe(document, { characterData: true, childList: true, subtree: true });
    Object.assign(window, { shown });
  });
  await play(recording, { speed: 80 });
  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));

  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  expect(await page.evaluate(() => 'isTheSamePage' in window)).toBe(true);
  const shown = await page.evaluate(() => (window as unknown as { shown: number[] }).shown);
  expect(shown.length).toBeGreaterThan(1);
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
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
