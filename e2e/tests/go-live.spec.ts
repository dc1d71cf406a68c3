// From the recording to live sources with one click, and back.

import { join } from 'node:path';

import { Fakes } from '../fixtures/fakes.ts';
import { makeRecording, writeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('one click goes live, which is remembered, and another one goes back', async ({ page, folder, startRelay, moodtape }) => {
  const recording = makeRecording({ seed: 41, posts: 40 });
  const [file, config] = [join(folder, 'made.ndjson'), join(folder, 'config.toml')];
  writeRecording(file, recording);
  const fakes = await Fakes.start(100);
  try {
    fakes.writeConfig(config, file);
    const relay = await startRelay({ config, withoutFilters: true });
    await page.goto(relay.url);
    await expect(moodtape.connection).toContainText('REPLAY');
    await moodtape.expectFigures({ posts: 40, ...recording.counts });

    const clicked = Date.now();
    await page.getByRole('button', { name: 'Go live' }).click();
    await expect.poll(() => moodtape.recentPosts.locator('li').count(), { intervals: [50] }).toBeGreaterThan(0);
    console.log(`first live post after ${Date.now() - clicked} ms`);
    await expect(moodtape.connection).toContainText('LIVE');
    await expect(moodtape.sources).toContainText('jetstream connected');
    await expect(moodtape.sources).toContainText('binance connected');
    await expect(moodtape.priceAndSentiment).toContainText('USDT');
    await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(5);

    await page.getByRole('button', { name: 'Settings' }).click();
    const settings = page.getByRole('dialog', { name: 'Settings' });
    const jetstream = settings.getByRole('listitem').filter({ hasText: 'jetstream' });
    await jetstream.getByRole('button', { name: 'Test' }).click();
    await expect(jetstream.getByRole('status')).toContainText('It works');

    await page.reload();
    await expect(moodtape.connection).toContainText('LIVE');
    await expect.poll(() => moodtape.recentPosts.locator('li').count()).toBeGreaterThan(0);

    await page.getByRole('button', { name: 'Back to the recording' }).click();
    await expect(moodtape.connection).toContainText('REPLAY');
    await moodtape.expectFigures({ posts: 40, ...recording.counts });
  } finally {
    await fakes.stop();
  }
});
