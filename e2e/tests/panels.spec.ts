// The further panels: each shows what it stands for, in numbers known beforehand.

import type { Locator, Page } from '@playwright/test';

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const MINUTE = 60_000;

/** A panel by its heading, scrolled into sight: only then is it computed. */
async function panel(page: Page, name: string): Promise<Locator> {
  const region = page.getByRole('region', { name, exact: true });
  await region.scrollIntoViewIfNeeded();
  return region;
}

const canvasOf = (region: Locator) => region.locator('[role=group][aria-roledescription=chart]').first();

test('the leaderboard ranks tickers by mentions and by mood, as bars and as a table, and chooses one', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 31, posts: 301, tickers: ['BTC', 'ETH'] });
  await play(recording);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(301);

  const board = await panel(page, 'Leaderboard');
  await expect(board.getByRole('listitem').first()).toContainText('BTC');
  await expect(board.getByRole('listitem').first().locator('.bar-count')).toHaveText(String(recording.mentions['BTC']));
  await expect(board.getByRole('listitem').nth(1).locator('.bar-count')).toHaveText(String(recording.mentions['ETH']));

  await board.getByLabel('Sorted by').selectOption('negative');
  await expect(page).toHaveURL(/board=range\.negative\.5/);
  await board.getByRole('button', { name: 'Table' }).click();
  await expect(board.getByRole('row')).toHaveCount(3);
  await board.getByRole('button', { name: 'Table' }).click();
  await board.getByRole('button', { name: /ETH/ }).click();
  await expect(moodtape.ticker).toHaveValue('ETH');

  await board.getByLabel('Level').selectOption('day');
  await expect(board.locator('.caption')).toContainText('3 Mar 2025');
});

test('ticker trends show one ticker beside another on the same hours', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 32, posts: 240, tickers: ['BTC', 'ETH'] });
  await play(recording);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(240);

  const trends = await panel(page, 'Ticker trends');
  await expect.poll(async () => Number(await canvasOf(trends).getAttribute('data-points'))).toBe(120);
  await trends.getByLabel('Compare with').selectOption('ETH');

  await expect(trends.getByRole('heading', { name: 'ETH' })).toBeVisible();
  await expect(trends.locator('[aria-roledescription=chart]')).toHaveCount(2);
  await expect(page).toHaveURL(/second=ETH/);
  await page.reload();
  await panel(page, 'Ticker trends');
  await expect(trends.getByRole('heading', { name: 'ETH' })).toBeVisible();
});

test('posts over time and of the last minutes add up', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 33, posts: 200, every: 5_000 });
  await play(recording);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(200);

  const hours = await panel(page, 'Posts over time');
  await expect.poll(async () => Number(await canvasOf(hours).getAttribute('data-points'))).toBe(200);
  const live = await panel(page, 'Posts every 5 s');
  await live.getByLabel('Looks back').selectOption('1 min');
  await moodtape.chartMenu('Posts every 5 s', 'Show as table');
  await expect(live.getByRole('row')).toHaveCount(13);
});

test('rolling correlation and event study say the null first, with n', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 34, posts: 1200, every: 10 * MINUTE, tickers: ['BTC', 'ETH'] }));
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1200);

  const rolling = await panel(page, 'Rolling correlation');
  await expect(rolling.locator('.verdict')).toContainText(/r = [+−]?\d\.\d\d.*n = \d+, n_eff = \d+/);
  await rolling.getByLabel('Correlation', { exact: true }).selectOption('Spearman');
  await expect(rolling.locator('.verdict')).toContainText('ρ =');
  const events = await panel(page, 'Event study');
  await expect(events.locator('.verdict')).toContainText(
    /^No event study: \d cells with unusually many posts lie far enough apart, and 3 are needed$/,
  );
  await expect(moodtape.leadOrLag).toContainText('Sentiment first');
  await expect(moodtape.leadOrLag).toContainText('Price first');
});

test('looking at another ticker is counted as another trial', async ({ play, moodtape }) => {
  await play(makeRecording({ seed: 35, posts: 1200, every: 10 * MINUTE, tickers: ['BTC', 'ETH'] }));
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1200);
  await moodtape.leadOrLag.scrollIntoViewIfNeeded();
  const looks = async () => Number((await moodtape.leadOrLag.innerText()).match(/(\d+) tests? \(lead or lag/)?.[1]);
  await expect.poll(looks).toBeGreaterThanOrEqual(1);
  // 200 hours and 49 lags: three shifts that share no lag, of 19.
  await expect(moodtape.leadOrLag).toContainText(/no p by shifting in time: \d+ cells, and 980 are needed/);
  const before = await looks();

  await moodtape.chooseTicker('ETH');

  await expect.poll(looks).toBeGreaterThan(before);
  await expect(moodtape.leadOrLag).toContainText(/over \d+ looks/);
});

test('months and the checks of the data have their numbers', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 36, posts: 120, tickers: ['BTC'] }));
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(120);

  const months = await panel(page, 'Month by month');
  const march = months.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Mar 2025' }) });
  await expect(march.getByRole('cell').nth(5)).toHaveText('120');
  await expect(march.getByRole('cell').nth(4)).toHaveText('2');
  const quality = await panel(page, 'Data quality');
  await expect(quality.getByTestId('quality-summary')).toContainText('0 checks fail');
  await expect(quality.getByRole('row').filter({ hasText: 'There are records' })).toContainText('ok');
});

test('a number tells how it was made and gives a link to itself', async ({ page, play, moodtape }) => {
  await play(makeRecording({ seed: 37, posts: 90 }));
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(90);

  await moodtape.keyFigures.getByRole('button', { name: 'Method of the key figures' }).click();
  const card = page.getByRole('group', { name: 'Method of the key figures' });
  await expect(card).toContainText('90 posts by');
  await expect(card).toContainText('vaderSentiment 3.3.2');
  await expect(card).toContainText('every post');
  await moodtape.keyFigures.getByRole('button', { name: 'Copy link to this result' }).click();
  const link = await moodtape.keyFigures.getByLabel('Link to this result').inputValue();
  expect(link).toMatch(/from=\d+&to=\d+/);

  await page.goto(link);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(90);
  // Every panel of the dashboard has one.
  const nPanels = await page.locator('section.panel:not(.import), section.kpis').count();
  await expect(page.getByRole('button', { name: /^Method of/ })).toHaveCount(nPanels);
});

test('without the loudest author every figure moves, and what it was stands beside it', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 38, posts: 120, tickers: ['BTC', 'ETH'] });
  // Every post about ETH is one author's.
  const lines = recording.lines.map((line) => (line.includes('"cashtags":["ETH"]') ? line.replace(/"author":"[0-9a-f]*"/, '"author":"abc"') : line));
  await play({ ...recording, lines });
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(120);

  await moodtape.sample.getByLabel('Leave out the loudest').selectOption('author');

  await expect.poll(() => moodtape.keyFigure('Posts'), { timeout: 30_000 }).toBe(60);
  await expect(page).toHaveURL(/loudest=1/);
  await expect(moodtape.sample.getByTestId('sample-summary')).toContainText('60 of the authors with most posts');
  const posts = moodtape.sample.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Posts', exact: true }) });
  await expect(posts.getByRole('cell')).toHaveText(['120', '60']);
  const board = await panel(page, 'Leaderboard');
  await expect(board.getByRole('listitem')).toHaveCount(1);

  await page.reload();
  await expect.poll(() => moodtape.keyFigure('Posts'), { timeout: 30_000 }).toBe(60);
});

test('one source and reposts can be left out', async ({ play, moodtape }) => {
  const recording = makeRecording({ seed: 39, posts: 100, tickers: ['BTC', 'ETH'] });
  const change = (line: string) =>
    line.includes('"cashtags":["ETH"]') ? line.replace('"source":"made"', '"source":"other"') : line.replace('"lang":"en"', '"lang":"en","repost":true');
  await play({ ...recording, lines: recording.lines.map(change) });
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(100);

  await moodtape.sample.getByLabel('Leave reposts out').check();
  await expect.poll(() => moodtape.keyFigure('Posts'), { timeout: 30_000 }).toBe(50);
  await moodtape.sample.getByLabel('Leave reposts out').uncheck();
  await expect.poll(() => moodtape.keyFigure('Posts'), { timeout: 30_000 }).toBe(100);
  await moodtape.sample.getByLabel('Without the source').selectOption('other');
  await expect.poll(() => moodtape.keyFigure('Posts'), { timeout: 30_000 }).toBe(50);
  await expect(moodtape.sample.getByTestId('sample-summary')).toContainText('50 for their source');
});

test('an unusual bucket tells which words stand behind it', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 40, posts: 2000, every: 6 * MINUTE, tickers: ['BTC'] });
  // A day full of one more word, four times as many posts an hour as before.
  const lines = recording.lines.flatMap((line, i) => {
    const isBurst = i > 1500 && i < 1512 && line.includes('"post"');
    const copies = [...Array(isBurst ? 6 : 0).keys()];
    return [line, ...copies.map((k) => line.replace(/"id":"([^"]*)"/, `"id":"$1x${k}"`).replace(' #', ` avalanche ${k} #`))];
  });
  await play({ ...recording, lines: lines.map((line, i) => line.replace(/"seq":\d+/, `"seq":${i + 1}`)) });
  await expect.poll(() => moodtape.keyFigure('Posts'), { timeout: 30_000 }).toBeGreaterThan(2000);

  await moodtape.priceAndSentiment.locator('details.anomalies summary').click();
  await moodtape.priceAndSentiment.getByRole('button', { name: /^Why .* is unusual$/ }).first().click();

  const why = page.getByRole('group', { name: 'Why this bucket is unusual' });
  await expect(why).toContainText('avalanche');
  await expect(why).toContainText('What came in time was there at');
});

test('posts are drawn at random, by topic, and with what they answer', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 41, posts: 300, tickers: ['BTC'] });
  const lines = recording.lines.map((line) => line.replace('"id":"41-299"', '"id":"41-299","reply_to":"41-0"'));
  await play({ ...recording, lines });
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(300);
  const newest = moodtape.recentPosts.locator('li').first();
  await expect(newest).toContainText('(41-299)');
  await expect(newest.locator('.parent')).toContainText('(41-0)');

  await moodtape.recentPosts.getByLabel('Order').selectOption('random');
  await expect(page).toHaveURL(/random=\d+/);
  await expect(newest).not.toContainText('(41-299)');
  const first = await newest.textContent();
  await moodtape.recentPosts.getByRole('button', { name: 'Draw again' }).click();
  await expect(newest).not.toHaveText(first!);
});
