// Another ticker: chart, lag plot and address follow.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('choosing a ticker changes the charts and the address, and a reload keeps it', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 3, posts: 600, tickers: ['BTC', 'ETH'] }));
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);

  await moodtape.chooseTicker('ETH');

  await expect(moodtape.priceAndSentiment).toContainText('ETH');
  await expect(moodtape.leadOrLag).toContainText('ETH');
  await expect(page).toHaveURL(/ETH/);
  await page.reload();
  await expect(moodtape.ticker).toHaveValue('ETH');
  await expect(moodtape.priceAndSentiment).toContainText('ETH');
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);
});
