// A browser whose storage is full.

import { makeRecording, writeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const recording = makeRecording({ seed: 13, posts: 6_000 });

test('what comes is shown all the same, the page says what to do, and what was stored is never claimed to be more', async ({ page, startRelay, folder, moodtape }) => {
  const file = `${folder}/made.ndjson`;
  writeRecording(file, recording);
  const relay = await startRelay({ recording: file, speed: 'unlimited', withoutFilters: true });
  const browser = await page.context().newCDPSession(page);
  const allow = (quotaSize?: number) => browser.send('Storage.overrideQuotaForOrigin', { origin: relay.url, quotaSize });
  await allow(60_000);

  await page.goto(relay.url);

  await moodtape.expectFigures({ posts: 6_000, ...recording.counts });
  const notice = page.getByRole('alert');
  await expect(notice).toContainText('storage is full: nothing more is kept');
  await expect(notice).toContainText('Make room on this device, or clear the stored data');
  await expect(moodtape.sources).toContainText('not kept');
  expect((await moodtape.storedPosts()).length).toBeLessThan(6_000);

  await allow();
  await notice.getByRole('button', { name: 'Reload' }).click();
  await moodtape.expectFigures({ posts: 6_000, ...recording.counts });
  await expect(notice).toHaveCount(0);
  await expect.poll(async () => (await moodtape.storedPosts()).length).toBe(6_000);
});
