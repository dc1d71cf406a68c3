// What the crowd talks about: words, topics, a moment, news and places of a recording whose figures are known.

import { gunzipSync } from 'node:zlib';

import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';

import type { Recording } from '../fixtures/recording.ts';
import { saved, verified } from '../fixtures/saved-files.ts';
import { expect, test } from '../fixtures/test.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 3 March 2025, 00:00 UTC. */
const START = Date.UTC(2025, 2, 3);
/** In this hour everybody speaks of something else. */
const BURST = 12;

/** A day with a post a minute, an hour of which is about an exchange; two articles, and a place in every twentieth post. */
function makeDay(): Recording {
  const events: { at: number; body: object }[] = [];
  const posts: string[] = [];
  const counts = { positive: 0, neutral: 0, negative: 0 };
  for (let minute = 0; minute < 24 * 60; minute++) {
    const isBurst = Math.floor(minute / 60) === BURST;
    const [text, tag] = isBurst
      ? ['the exchange halts withdrawals, a terrible day', 'halted']
      : minute % 2 === 0
        ? ['quiet market, morning coffee and a table', 'coffee']
        : ['the football match, a goal by the coach', 'football'];
    const author = (isBurst ? 5000 + (minute % 30) : 1 + (minute % 7)).toString(16).padStart(16, '0');
    const place = minute % 20 === 0 ? { country: minute % 40 === 0 ? 'DE' : 'JP', lat_lon: minute % 40 === 0 ? [52.5, 13.4] : [35.7, 139.7] } : undefined;
    const post = { id: `p${minute}`, source: 'made', author, text: `${text} (p${minute})`, lang: 'en', hashtags: [tag], cashtags: ['BTC'], place };
    posts.push(`made/p${minute}`);
    counts[isBurst ? 'negative' : 'neutral'] += 1;
    events.push({ at: START + minute * MINUTE + 1, body: { post } });
  }
  for (let hour = 0; hour < 24; hour++) {
    const close = 100 + hour;
    const bar = { ticker: 'BTC', currency: 'USD', source: 'made', open_at: START + hour * HOUR, width: HOUR, open: close, high: close, low: close, close };
    events.push({ at: START + (hour + 1) * HOUR, body: { bar } });
  }
  for (const [id, text] of [['a1', 'Exchange halts withdrawals\nCustomers wait for their money.'], ['a2', 'Rain expected\nTake an umbrella.']]) {
    const post = { id, source: 'news', author: '00000000000000ff', text, lang: 'en', posted_at: START + BURST * HOUR - 5 * MINUTE, url: `https://example.org/${id}` };
    posts.push(`news/${id}`);
    counts.neutral += 1;
    events.push({ at: START + BURST * HOUR + 10 * MINUTE, body: { post } });
  }
  events.sort((a, b) => a.at - b.at);
  const lines = events.map(({ at, body }, i) => JSON.stringify({ v: 1, seq: i + 1, seen_at: at, at, ...body }));
  return { lines, posts: posts.sort(), counts, mentions: { BTC: 1440 } };
}

/** Comes near the panels, which loads them, and waits until everything stored has been looked at. */
async function open(page: Page, n: number): Promise<Locator> {
  const talk = page.locator('#talk');
  // What lies above may still be growing.
  await expect(async () => {
    await talk.evaluate((section) => section.scrollIntoView());
    await expect(page.getByTestId('talk-standing')).toContainText(`of ${n.toLocaleString('en')} posts are selected`, { timeout: 2_000 });
  }).toPass({ timeout: 45_000 });
  return talk;
}

const burst = `?from=${START + BURST * HOUR}&to=${START + (BURST + 1) * HOUR}`;

test('words that stand out in an hour are found, and a click shows only posts with one of them', async ({ page, play, moodtape, consoleErrors }) => {
  const relay = await play(makeDay());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
  await page.goto(relay.url + burst);
  const talk = await open(page, 1442);

  const cloud = talk.locator('.cloud');
  await expect(cloud.getByRole('button', { name: /^exchange|^halts withdrawals|^withdrawals/ }).first()).toBeVisible();
  await expect(talk.locator('.talk-words .talk-method')).toContainText(/n = 62 posts of .*, against 60 of/);
  await expect(cloud.getByRole('button', { name: /coffee/ })).toHaveCount(0);
  const before = await cloud.locator('button').first().boundingBox();
  await talk.getByLabel('Background', { exact: true }).selectOption('everything');
  await expect(talk.locator('.talk-words .talk-method')).toContainText('against 720 of');
  await expect(page).toHaveURL(/against=everything/);
  expect(before?.height).toBeGreaterThanOrEqual(24);

  await talk.getByLabel('Words weighed by').selectOption('counts');
  await expect(talk.locator('.talk-words .talk-method')).toContainText('Posts with the word');
  await talk.getByRole('region', { name: 'List of words' }).getByRole('button', { name: 'terrible day' }).click();

  await expect(page.getByRole('group', { name: 'Filters' })).toContainText('“terrible day”');
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(60);
  await expect(page.getByTestId('talk-standing')).toContainText('60 of 1,442 posts are selected');
  await page.goBack();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(62);
  await expect(page.getByTestId('talk-standing')).toContainText('1,442 of 1,442 posts are selected');
  expect(consoleErrors).toEqual([]);
});

test('topics are found with terms, birth and shares, the same for a seed, and without hindsight if asked', async ({ page, play, moodtape }) => {
  const relay = await play(makeDay());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
  await page.goto(`${relay.url}?k=3`);
  const talk = await open(page, 1442);

  const rows = talk.getByRole('region', { name: 'Topics, listed' }).locator('tbody tr');
  await expect(rows).toHaveCount(3);
  const halts = rows.filter({ has: page.locator('th > button', { hasText: 'withdrawals' }) });
  await expect(halts).toContainText('12:00');
  await expect(talk.locator('.talk-topics .talk-method')).toContainText('Fitted on 1,442 of n = 1,442 posts');
  await expect(talk.locator('.shares')).toHaveAttribute('data-bands', '3');
  await halts.locator('summary').click();
  await expect(halts.locator('.terms li').first()).toContainText('%');

  await talk.getByLabel('Model').selectOption('lda');
  await expect(talk.locator('.talk-topics .talk-method')).toContainText('latent Dirichlet allocation, collapsed Gibbs sampling, k = 3, seed 1');
  await talk.getByLabel('Model').selectOption('short texts');
  await talk.getByLabel('known after').fill('25');
  await expect(talk.locator('.talk-topics .talk-method')).toContainText(/Known at .*: 1,08\d posts received later are left out/);
  await expect(rows).toHaveCount(2);
  await talk.getByLabel('known after').fill('100');
  await expect(rows).toHaveCount(3);

  await halts.getByRole('button').first().click();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBeLessThanOrEqual(61);
  await expect(page).toHaveURL(/topic=/);
});

test('a moment is explained, with articles beside it, and can be copied as text', async ({ page, play, moodtape }) => {
  const relay = await play(makeDay());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
  await page.goto(relay.url);
  const talk = await open(page, 1442);

  await talk.getByRole('group', { name: 'Hours with most posts' }).getByRole('button', { name: '12:00' }).click();
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  const card = page.getByTestId('talk-moment');
  await expect(card).toContainText('31 (100.0 %) of 31 authors');
  await expect(card).toContainText('#halted (60, before 0)');
  await expect(card).toContainText('BTC USD, closes of 1 h: 112');
  await expect(card).toContainText('3 Mar 2025 13:00');
  await expect(talk.locator('.talk-moment')).toContainText('Exchange halts withdrawals');

  const news = talk.locator('.talk-news');
  await expect(news.getByRole('listitem')).toHaveCount(1);
  await expect(news.getByRole('link', { name: 'Exchange halts withdrawals' })).toHaveAttribute('href', 'https://example.org/a1');
  await expect(news.getByRole('listitem')).toContainText(/first seen 3 Mar 2025 12:10.*says published 3 Mar 2025 11:55/);
  await news.getByLabel('Which articles').selectOption('all');
  await expect(news.getByRole('listitem')).toHaveCount(2);

  const download = page.waitForEvent('download');
  await talk.getByRole('button', { name: 'Save as text' }).click();
  expect((await download).suggestedFilename()).toBe('moodtape-moment.txt');
});

test('a recording explains a moment in the way that its panels do, and is found right', async ({ page, play, moodtape }) => {
  const relay = await play(makeDay());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
  await page.goto(`${relay.url}${burst}&words=counts&against=everything&model=lda&k=3&seed=7&asof=50`);
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(62);

  const file = await saved(page, 'Recording, to verify and replay');

  const [head] = gunzipSync(file).toString().split('\n');
  expect(JSON.parse(head!)).toMatchObject({
    recording: {
      explained: {
        from: START + BURST * HOUR,
        to: START + (BURST + 1) * HOUR,
        words: { by: 'Count', background: 'Everything' },
        topics: { method: 'Lda', number: { Exactly: 3 }, seed: 7, as_of: 50 },
      },
    },
  });
  const findings = await verified(page, 'moment.ndjson.gz', file);
  expect(findings.filter((what) => what.startsWith('✗'))).toEqual([]);
  expect(findings.some((what) => /^✓ moment: .*all as stated/.test(what))).toBe(true);
});

test('posts with a place are counted by country, and nothing else is guessed', async ({ page, play, moodtape }) => {
  await play(makeDay());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
  const talk = await open(page, 1442);

  await expect(page.getByTestId('talk-places')).toHaveText('72 of 1,442 posts carry a place (5.0 %)');
  const rows = talk.getByRole('region', { name: 'Posts by country' }).locator('tbody tr');
  await expect(rows.first()).toContainText('Germany36');
  await expect(rows.nth(1)).toContainText('Japan36');
  await expect(talk.locator('canvas.map')).toHaveAttribute('data-clusters', '2');
  await talk.getByRole('button', { name: 'Zoom in' }).click();
  await expect(talk.locator('.talk-map .talk-method')).toContainText('in squares of 1°');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing about the crowd's talk in the ${colorScheme} theme`, async ({ page, play, moodtape }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await play(makeDay());
    await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
    const talk = await open(page, 1442);
    await expect(talk.locator('.cloud button').first()).toBeVisible();
    await expect(talk.getByRole('region', { name: 'Topics, listed' })).toBeVisible();

    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page })
        .include('#talk')
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

      expect(violations.map(({ id, nodes }) => `${width} px, ${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
      expect(overhang).toBeLessThanOrEqual(0);
    }
  });
}

test('a program that cannot be loaded is said, and the rest of the page goes on', async ({ page, play, moodtape }) => {
  await page.route('**/talk_loader.js', (route) => route.fulfill({ status: 500 }));
  await play(makeDay());
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(1442);
  const talk = page.locator('#talk');

  await expect(async () => {
    await talk.evaluate((section) => section.scrollIntoView());
    await expect(talk).toContainText('could not be loaded', { timeout: 1_000 });
  }).toPass();
  await expect(talk.getByRole('link', { name: 'Reload' })).toBeVisible();
});
