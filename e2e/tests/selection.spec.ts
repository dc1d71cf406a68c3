// One selection for all panels: what is chosen in one narrows down the others, stands in a line of chips, lives
// in the address, and is undone by "back".

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const recording = makeRecording({ seed: 51, posts: 24 * 60 });
const all = recording.posts.length;

test('a class narrows down every panel but the one that offers it, and is taken off in three ways', async ({ page, play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: all, ...recording.counts });
  const negative = moodtape.keyFigures.getByRole('button', { name: 'Negative' });
  const chip = page.getByRole('button', { name: 'Remove filter ▼ negative' });

  await negative.click();

  await expect.poll(() => moodtape.matchingPosts()).toBe(recording.counts.negative);
  await moodtape.expectFigures({ posts: all, ...recording.counts });
  await expect(page).toHaveURL(/class=negative/);

  await page.goBack();
  await expect(chip).toHaveCount(0);
  await expect.poll(() => moodtape.matchingPosts()).toBe(all);
  await page.goForward();
  await expect(chip).toBeVisible();
  await page.reload();
  await expect.poll(() => moodtape.matchingPosts()).toBe(recording.counts.negative);

  await chip.click();
  await expect.poll(() => moodtape.matchingPosts()).toBe(all);
  await negative.click();
  await expect(chip).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(chip).toHaveCount(0);
  await negative.click();
  await page.getByRole('button', { name: 'Clear all' }).click();
  await expect(chip).toHaveCount(0);
});

test('a ticker as filter narrows down the key figures and leaves the chart its own ticker', async ({ page, play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: all, ...recording.counts });
  await moodtape.chooseTicker('ETH');

  await moodtape.recentPosts.getByRole('button', { name: 'Only $ETH' }).click();

  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(recording.mentions['ETH']);
  await moodtape.chooseTicker('BTC');
  await expect(moodtape.priceAndSentiment.locator('.caption').first()).toContainText(`${recording.mentions['BTC']!.toLocaleString('en')} posts`);
  expect(await moodtape.keyFigure('Posts')).toBe(recording.mentions['ETH']);
  await expect(page).toHaveURL(/only=ETH/);
});

test('a hashtag and a topic can be combined, and nothing found says what to do', async ({ page, play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: all, ...recording.counts });
  await moodtape.addTopic('Awful', 'awful');
  const topic = moodtape.topics.getByRole('button', { name: 'Awful', exact: true });

  await topic.click();
  await expect.poll(() => moodtape.keyFigure('Positive')).toBe(0);
  const ofTopic = await moodtape.keyFigure('Posts');
  await moodtape.trendingHashtags.getByRole('listitem').first().getByRole('button').click();

  await expect.poll(() => moodtape.keyFigure('Posts')).toBeLessThan(ofTopic);
  await moodtape.keyFigures.getByRole('button', { name: 'Positive' }).click();
  await expect.poll(() => moodtape.matchingPosts()).toBe(0);
  await expect(moodtape.recentPosts).toContainText('No posts match 3 filters');
  await moodtape.recentPosts.getByRole('button', { name: 'Clear all filters' }).click();
  await expect.poll(() => moodtape.matchingPosts()).toBe(all);
  await expect(page).not.toHaveURL(/topic=|tag=|class=/);
});
