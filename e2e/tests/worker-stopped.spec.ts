// The background program panics: a new one takes its place, and the page stays as it is.

import type { Page } from '@playwright/test';

import { panicAtNextMessage, runBeforeWorker } from '../fixtures/changed-worker.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

// What it serves from its cache cannot be changed from here.
test.use({ serviceWorkers: 'block' });

const MINUTE = 60_000;
const recording = makeRecording({ seed: 91, posts: 240 });

const stopped = (page: Page) => page.getByRole('alert').filter({ hasText: 'The background program stopped' });

/** Follows whether this is still the same page. */
async function mark(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => Object.assign(window, { isMarked: true }));
  return () => page.evaluate(() => 'isMarked' in window);
}

/** What the worker keeps under a name beside the events. */
function storedSetting(page: Page, name: string): Promise<string> {
  return page.evaluate(async (name) => {
    const result = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await result(indexedDB.open('moodtape'));
    const kept: unknown = await result(database.transaction('meta').objectStore('meta').get(name));
    database.close();
    return JSON.stringify(kept ?? null);
  }, name);
}

test('after a panic a new program goes on in place from what is stored, with the same choice', async ({ page, play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  await moodtape.expectStored(recording.posts);
  await moodtape.dragAcrossChart(0.4, 0.7);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeLessThan(240);
  await moodtape.addTopic('Own', 'terrible');
  await expect.poll(() => moodtape.postsOfTopic('Own')).toBeGreaterThan(0);
  await expect.poll(() => storedSetting(page, 'topics')).toContain('Own');
  const chosen = await moodtape.figures();
  const range = await moodtape.chartRange();
  const isSamePage = await mark(page);

  await panicAtNextMessage(page, 'worker-analysis');
  await moodtape.chooseTicker('ETH');
  await expect(stopped(page)).toContainText('RuntimeError');
  await expect(moodtape.connection).toContainText('STOPPED');
  await expect(moodtape.chart).not.toHaveAccessibleName(/ETH/);
  // What comes now comes from the store.
  await page.route('**/api/v1/**', (route) => route.abort());
  await stopped(page).getByRole('button', { name: 'Retry' }).click();

  await expect(moodtape.chart).toHaveAccessibleName(/ETH/);
  await expect(stopped(page)).toHaveCount(0);
  await moodtape.expectFigures(chosen);
  expect(await moodtape.chartRange()).toEqual(range);
  await expect.poll(() => moodtape.postsOfTopic('Own')).toBeGreaterThan(0);
  await moodtape.doubleClickChart();
  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  expect(await isSamePage()).toBe(true);
  await moodtape.expectStored(recording.posts);
});

test('after a panic a replay goes on where it stood', async ({ page, play, moodtape }) => {
  await play(recording);
  await moodtape.expectStored(recording.posts);
  const bar = page.getByRole('region', { name: 'Replay', exact: true });
  const slider = bar.getByRole('slider');
  await page.locator('button', { hasText: 'Replay what is stored' }).click();
  await bar.getByRole('button', { name: 'Stop' }).click();
  await bar.getByRole('combobox', { name: 'Speed' }).selectOption({ label: '×600' });
  const at = Number(await slider.getAttribute('min')) + 99 * MINUTE + MINUTE / 2;
  await slider.fill(String(at));
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(100);
  const isSamePage = await mark(page);

  await panicAtNextMessage(page, 'worker-replay');
  await bar.getByRole('button', { name: 'Step' }).click();
  await stopped(page).getByRole('button', { name: 'Retry' }).click();

  await expect(bar.getByRole('button', { name: '▷ Play' })).toBeVisible();
  await expect(slider).toHaveValue(String(at));
  await expect(bar.getByRole('combobox', { name: 'Speed' })).toHaveValue('600');
  await bar.getByRole('button', { name: 'Step' }).click();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(101);
  expect(await isSamePage()).toBe(true);
});

test('a program that stops again before it has shown anything calls for a reload', async ({ page, play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  const isSamePage = await mark(page);

  await panicAtNextMessage(page, 'worker-analysis');
  await moodtape.chooseTicker('ETH');
  await runBeforeWorker(page, `throw new Error('broken');`);
  await stopped(page).getByRole('button', { name: 'Retry' }).click();
  await expect(stopped(page)).toContainText('stopped again (Uncaught Error: broken)');
  await expect(stopped(page).getByRole('button', { name: 'Retry' })).toHaveCount(0);
  expect(await isSamePage()).toBe(true);

  await page.unroute('**/worker-analysis_loader.js');
  await stopped(page).getByRole('button', { name: 'Reload' }).click();
  await expect(stopped(page)).toHaveCount(0);
  await moodtape.expectFigures({ posts: 240, ...recording.counts });
  expect(await isSamePage()).toBe(false);
});
