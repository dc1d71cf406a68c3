// Twelve pictures of the page: playing, empty and broken, in both themes, on a desktop and on a phone.
//
// `node_modules/.bin/playwright test looks --update-snapshots` accepts what is shown now. Fonts differ between
// machines, so the pictures are compared only where they were made (MOODTAPE_PICTURES=1); elsewhere this
// says that it was skipped.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const recording = makeRecording({ seed: 71, posts: 1_500 });
/** A stretch long before the recording. */
const NOTHING = '?from=1000000000000&to=1000003600000';

const STATES = {
  playing: '',
  empty: NOTHING,
  broken: '',
} as const;

test.beforeEach(() => {
  const isWanted = process.env['MOODTAPE_PICTURES'] === '1';
  if (!isWanted) console.error('SKIPPED: set MOODTAPE_PICTURES=1 on the machine whose fonts the pictures have');
  test.skip(!isWanted);
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [state, query] of Object.entries(STATES)) {
    test(`${state} in the ${colorScheme} theme`, async ({ page, play, moodtape }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const relay = await play(recording);
      await moodtape.expectFigures({ posts: 1_500, ...recording.counts });
      await expect(moodtape.connection).toContainText('ended');
      if (state === 'broken') await page.route('**/worker-analysis*', (route) => route.abort());
      await page.goto(relay.url + '/' + query);
      if (state === 'playing') await moodtape.expectFigures({ posts: 1_500, ...recording.counts });
      if (state === 'empty') await expect(moodtape.priceAndSentiment).toContainText('No posts about');
      if (state === 'broken') await expect(page.getByRole('alert').first()).toBeVisible();

      for (const [width, height] of [[1440, 900], [390, 844]] as const) {
        await page.setViewportSize({ width, height });
        await page.mouse.move(0, 0);
        await expect(page).toHaveScreenshot(`${state}-${colorScheme}-${width}.png`, { maxDiffPixelRatio: 0.002, animations: 'disabled' });
      }
    });
  }
}
