// What is stored, played again at a pace of one's own: the same numbers by whatever way a time is reached.

import type { Locator, Page } from '@playwright/test';

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const MINUTE = 60_000;

const bar = (page: Page) => page.getByRole('region', { name: 'Replay', exact: true });
const slider = (page: Page) => bar(page).getByRole('slider', { name: 'What was known when' });
const speed = (page: Page) => bar(page).getByRole('combobox', { name: 'Speed' });

/** Begins a replay, and stops it at once. */
async function replay(page: Page, name: string): Promise<void> {
  await page.locator('button', { hasText: name }).click();
  await bar(page).getByRole('button', { name: 'Stop' }).click();
}

async function seek(page: Page, at: number): Promise<void> {
  await slider(page).fill(String(at));
  await expect(slider(page)).toHaveValue(String(at));
}

test('a time that is played to, sought or stepped to shows what was known by then, and the end what live showed', async ({ page, play, moodtape, consoleErrors }) => {
  const recording = makeRecording({ seed: 81, posts: 60 });
  const half = makeRecording({ seed: 81, posts: 30 });
  await play(recording);
  await moodtape.expectFigures({ posts: 60, ...recording.counts });
  await moodtape.expectStored(recording.posts);

  await replay(page, 'Replay what is stored');
  const from = Number(await slider(page).getAttribute('min'));
  const middle = from + 29 * MINUTE + MINUTE / 2;
  await seek(page, middle);
  await moodtape.expectFigures({ posts: 30, ...half.counts });
  await expect(moodtape.connection).toContainText('REPLAY');

  await bar(page).getByRole('button', { name: 'Step' }).click();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(31);

  await speed(page).selectOption({ label: 'as fast as possible' });
  await bar(page).getByRole('button', { name: '▷ Play' }).click();
  await moodtape.expectFigures({ posts: 60, ...recording.counts });
  // Until it has noticed that it is at its end, it would go on from whatever is sought.
  await expect(bar(page).getByRole('button', { name: '▷ Play' })).toBeVisible();

  await seek(page, middle);
  await moodtape.expectFigures({ posts: 30, ...half.counts });

  await bar(page).getByRole('button', { name: 'Leave the replay' }).click();
  await expect(bar(page)).toHaveCount(0);
  await moodtape.expectFigures({ posts: 60, ...recording.counts });
  await moodtape.expectStored(recording.posts);
  expect(consoleErrors).toEqual([]);
});

test('a chosen range is played from its beginning to its end', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 82, posts: 240 });
  await play(recording);
  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  await moodtape.expectStored(recording.posts);
  await moodtape.dragAcrossChart(0.4, 0.7);
  await expect(page).toHaveURL(/from=/);
  const chosen = await moodtape.figures();

  await replay(page, 'Replay the chosen range');
  const [from, to] = await slider(page).evaluate((input: HTMLInputElement) => [input.min, input.max].map(Number));
  await seek(page, from!);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeLessThanOrEqual(1);
  await seek(page, to!);

  expect(to! - from!).toBeLessThan(3 * 60 * MINUTE);
  await moodtape.expectFigures(chosen);
});

test('the playhead stands on the chart where the replay stands, and seeks where it is dragged', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 83, posts: 240 });
  await countDrawings(page);
  await play(recording);
  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  await moodtape.expectStored(recording.posts);
  await expect(moodtape.playhead).toBeHidden();
  await moodtape.dragAcrossChart(0.4, 0.7);
  await expect(page).toHaveURL(/from=/);
  await replay(page, 'Replay the chosen range');
  const [from, to] = await slider(page).evaluate((input: HTMLInputElement) => [input.min, input.max].map(Number));
  const standsAt = async () => (await moodtape.playheadBox()).at;
  await moodtape.chart.scrollIntoViewIfNeeded();
  await seek(page, to!);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeGreaterThan(50);
  const right = await standsAt();
  await seek(page, from!);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeLessThanOrEqual(1);
  const left = await standsAt();
  expect(Math.min(...(await moodtape.playheadBox()).grip), 'the grip can be hit').toBeGreaterThanOrEqual(24);

  const middle = (left + right) / 2;
  const drawn = await drawingsAtRest(moodtape.chart);
  await moodtape.dragPlayhead(middle, async () => {
    await expect.poll(async () => Math.abs((await standsAt()) - middle), 'it follows the pointer').toBeLessThan(1.5);
    expect(await drawings(moodtape.chart), 'the chart is not drawn anew for it').toBe(drawn);
  });
  const perPixel = (to! - from!) / (right - left);
  const at = async () => Number(await slider(page).inputValue());
  await expect.poll(async () => Math.abs((await at()) - (from! + to!) / 2)).toBeLessThan(1.5 * perPixel);
  const known = await at();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(postsBetween(recording.lines, from!, known));
  await expect.poll(async () => Math.abs((await standsAt()) - middle)).toBeLessThan(1.5);

  await moodtape.dragAcrossChart(0.7, 0.9);
  await expect(moodtape.playhead, 'the chart shows another stretch').toBeHidden();
  await moodtape.doubleClickChart();
  await expect(moodtape.playhead).toBeVisible();
  await bar(page).getByRole('button', { name: 'Leave the replay' }).click();
  await expect(moodtape.playhead).toBeHidden();
});

test('arrow keys on the slider of a replay seek by a hundredth of it', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 84, posts: 100 });
  await play(recording);
  await moodtape.expectStored(recording.posts);
  await replay(page, 'Replay what is stored');
  const [from, to] = await slider(page).evaluate((input: HTMLInputElement) => [input.min, input.max].map(Number));
  await seek(page, from!);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1);

  for (const step of [1, 2, 3, 4, 5]) {
    await slider(page).press('ArrowRight');
    await expect.poll(async () => (Number(await slider(page).inputValue()) - from!) / (to! - from!)).toBeCloseTo(step / 100, 3);
  }

  const known = Number(await slider(page).inputValue());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(postsBetween(recording.lines, from!, known));
});

/** Posts of a recording seen from one time to another. */
function postsBetween(lines: readonly string[], from: number, to: number): number {
  const events = lines.map((line) => JSON.parse(line) as { seen_at: number; post?: object });
  return events.filter(({ seen_at, post }) => post && from <= seen_at && seen_at <= to).length;
}

/** Whenever a chart is drawn, it asks its canvas for the surface. */
async function countDrawings(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: Parameters<typeof getContext>) {
      this.dataset['drawings'] = String(Number(this.dataset['drawings'] ?? 0) + 1);
      return getContext.apply(this, args);
    } as typeof getContext;
  });
}

async function drawings(chart: Locator): Promise<number> {
  return Number(await chart.locator('canvas').getAttribute('data-drawings'));
}

/** Once nothing was drawn for thirty frames of the browser, which is twice as long as between two of the worker's. */
async function drawingsAtRest(chart: Locator): Promise<number> {
  await expect
    .poll(async () => {
      const before = await drawings(chart);
      await chart.evaluate(async () => {
        for (let n = 0; n < 30; n += 1) await new Promise((frame) => requestAnimationFrame(frame));
      });
      return (await drawings(chart)) - before;
    })
    .toBe(0);
  return drawings(chart);
}
