// What is stored, played again at a pace of one's own: the same numbers by whatever way a time is reached.

import type { Page } from '@playwright/test';

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
  await bar(page).getByRole('button', { name: 'Play' }).click();
  await moodtape.expectFigures({ posts: 60, ...recording.counts });

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
