// For everybody: no rule of WCAG broken, nothing that needs a mouse.

import { AxeBuilder } from '@axe-core/playwright';

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on a desktop or a phone in the ${colorScheme} theme`, async ({ page, play, moodtape }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const recording = makeRecording({ seed: 13, posts: 400 });
    await play(recording);
    await moodtape.expectFigures({ posts: 400, ...recording.counts });

    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);
      const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
      const found = violations.map(({ id, nodes }) => `${width} px, ${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

      expect(found).toEqual([]);
      expect(overhang, `${width} px: the page is wider than its window`).toBeLessThanOrEqual(0);
    }
  });
}

test('the ticker, the chart and every button are reached with the keyboard alone', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 14, posts: 400 }));
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);
  const controls = page.locator('button:visible, select:visible, input:visible, a[href]:visible, [aria-roledescription=chart]');

  const missed = await controls.evaluateAll((all) => {
    // Sequential focus visits what has a tab index of 0 or more; what is hidden from it is out of reach.
    return all.filter((control) => (control as HTMLElement).tabIndex < 0).map((control) => control.outerHTML.slice(0, 120));
  });
  expect(missed).toEqual([]);

  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: /skip/i })).toBeFocused();
  for (const wanted of [moodtape.ticker, moodtape.chart]) {
    const isReached = () => wanted.evaluate((element) => element === document.activeElement);
    for (let tabs = 0; tabs < 40 && !(await isReached()); tabs++) await page.keyboard.press('Tab');
    await expect(wanted).toBeFocused();
  }
});

test('the keyboard chooses a ticker and moves through the chart', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 15, posts: 600 }));
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);
  const before = await moodtape.ticker.inputValue();

  await moodtape.ticker.focus();
  await page.keyboard.press('ArrowDown');
  if ((await moodtape.ticker.inputValue()) === before) await page.keyboard.press('ArrowUp');

  const after = await moodtape.ticker.inputValue();
  expect(after).not.toBe(before);
  await expect(moodtape.priceAndSentiment).toContainText(after);

  const whole = await moodtape.chartRange();
  await moodtape.chart.focus();
  await page.keyboard.press('+');
  await expect.poll(() => moodtape.chartRange()).not.toEqual(whole);
  await page.keyboard.press('0');
  await expect.poll(() => moodtape.chartRange()).toEqual(whole);
});
