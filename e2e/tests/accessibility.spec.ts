// For everybody: no rule of WCAG broken, nothing that needs a mouse.

import { AxeBuilder } from '@axe-core/playwright';

import type { Page } from '@playwright/test';

import type { MoodtapePage } from '../fixtures/moodtape-page.ts';
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

/** Rules broken at both widths, and how far the page is wider than its window. */
async function broken(page: Page, state: string): Promise<string[]> {
  const found: string[] = [];
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    found.push(...violations.map(({ id, nodes }) => `${state}, ${width} px, ${id}: ${nodes.map(({ html }) => html).join(' | ')}`));
  }
  return found;
}

/** What a person can bring the page into, each from the page as it opens. */
const STATES: Record<string, (page: Page, moodtape: MoodtapePage) => Promise<void>> = {
  'filtered and zoomed': async (page, moodtape) => {
    await moodtape.keyFigures.getByRole('button', { name: 'Negative' }).click();
    await moodtape.dragAcrossChart(0.3, 0.6);
    await expect(page.getByRole('group', { name: 'Filters' })).toContainText('▼ negative');
  },
  'filtered to nothing': async (page, moodtape) => {
    await page.goto(`${page.url()}?class=negative&tag=nobody-uses-this`);
    await expect(moodtape.recentPosts).toContainText('No posts match 2 filters');
  },
  'an empty range': async (page, moodtape) => {
    await page.goto(`${page.url()}?from=1000000000000&to=1000003600000`);
    await expect(moodtape.priceAndSentiment).toContainText('No posts about');
  },
  'a chart as a table': async (page, moodtape) => {
    await moodtape.chartMenu('Price × sentiment', 'Show as table');
    await expect(page.getByRole('region', { name: 'Table: Price × sentiment' })).toBeVisible();
  },
  'the menu of a chart': async (page, moodtape) => {
    await moodtape.priceAndSentiment.locator('.chart-menu summary').click();
    await expect(page.getByRole('button', { name: 'Save numbers (CSV)' }).first()).toBeVisible();
  },
  paused: async (page, moodtape) => {
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(moodtape.connection).toContainText('PAUSED');
  },
  'the palette': async (page) => {
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
  },
  'the list of keys': async (page) => {
    await page.getByRole('button', { name: 'Keys and gestures' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'the settings': async (page) => {
    await page.getByRole('button', { name: 'Settings' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Topics', { exact: true }).click();
    await expect(dialog).toContainText('that this browser allows');
  },
  'a worker that cannot be loaded': async (page) => {
    await page.route('**/worker-analysis*', (route) => route.abort());
    await page.reload();
    await expect(page.getByRole('alert').first()).toBeVisible();
  },
};

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in any state in the ${colorScheme} theme`, async ({ page, play, moodtape }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const recording = makeRecording({ seed: 16, posts: 400 });
    const relay = await play(recording);
    const found: string[] = [];

    for (const [state, enter] of Object.entries(STATES)) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto('about:blank');
      await page.goto(relay.url);
      await moodtape.expectFigures({ posts: 400, ...recording.counts });
      await enter(page, moodtape);
      found.push(...(await broken(page, state)));
    }

    expect(found).toEqual([]);
  });
}

test('nothing is cut off on a window of 320 pixels, which is 1280 at 400 %, nor at twice the text size', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 17, posts: 400 });
  await play(recording);
  await moodtape.expectFigures({ posts: 400, ...recording.counts });
  await moodtape.keyFigures.getByRole('button', { name: 'Negative' }).click();
  const overhang = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  await page.setViewportSize({ width: 320, height: 640 });
  expect(await overhang()).toBeLessThanOrEqual(0);
  for (const name of ['Settings', 'Keys and gestures']) {
    await page.getByRole('button', { name }).click();
    expect(await overhang(), name).toBeLessThanOrEqual(0);
    await page.keyboard.press('Escape');
  }
  await page.setViewportSize({ width: 720, height: 450 });
  expect(await overhang()).toBeLessThanOrEqual(0);
});

test('colours of the system are used where it asks for them', async ({ page, play, moodtape }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await play(makeRecording({ seed: 18, posts: 400 }));
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);

  const pressed = moodtape.priceAndSentiment.getByRole('button', { pressed: true }).first();
  const outline = await pressed.evaluate((button) => getComputedStyle(button).outlineStyle);

  expect(outline).toBe('solid');
});

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
