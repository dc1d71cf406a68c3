// A reload while the relay is away: the page comes from the service worker, the data from IndexedDB.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test.use({ serviceWorkers: 'allow' });

test('a reload without the relay shows the same numbers, says so, and goes on when it returns', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 7, posts: 800 });
  const relay = await play(recording);
  await moodtape.expectStored(recording.posts);
  await moodtape.expectFigures({ posts: 800, ...recording.counts });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const points = await moodtape.chartPoints();

  await relay.kill();
  await page.reload();

  await moodtape.expectFigures({ posts: 800, ...recording.counts });
  await expect(moodtape.connection).toContainText(/offline|reconnecting/i);
  await expect.poll(() => moodtape.chartPoints()).toBe(points);
  await page.reload();
  await moodtape.expectFigures({ posts: 800, ...recording.counts });

  await relay.start();

  await expect(moodtape.connection).not.toContainText(/offline|reconnecting/i);
  await moodtape.expectStored(recording.posts);
});

test('only the page itself is kept by the service worker, never the relay’s answers', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 8, posts: 50 });
  await play(recording);
  await moodtape.expectStored(recording.posts);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await moodtape.expectFigures({ posts: 50, ...recording.counts });

  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });

  expect(kept).toContain('/');
  expect(kept.filter((path) => path.endsWith('.wasm'))).toHaveLength(6);
  expect(kept.filter((path) => path.startsWith('/api'))).toEqual([]);
});

test('without the relay a file that is dropped is still read', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 9, posts: 50 });
  const relay = await play(recording);
  await moodtape.expectStored(recording.posts);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await relay.kill();
  await page.reload();
  await moodtape.expectFigures({ posts: 50, ...recording.counts });

  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    const rows = ['id,created_at,user,text', '1,2021-01-01T00:00:00Z,ann,I love this great day'];
    transfer.items.add(new File([rows.join('\n')], 'own.csv', { type: 'text/csv' }));
    return transfer;
  });
  await page.dispatchEvent('main', 'drop', { dataTransfer: dropped });
  await page.getByRole('button', { name: 'Import' }).click();

  await moodtape.expectFigures({ posts: 1, positive: 1, neutral: 0, negative: 0 });
  await expect(moodtape.connection).toHaveText('FILES');
});
