// What a reader can change about how posts are scored, sorted and counted, and how a score is explained.

import { refuseStorage } from '../fixtures/changed-worker.ts';
import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

/** A file as a person would choose it. */
const wordList = (text: string) => ({ name: 'words.tsv', mimeType: 'text/plain', buffer: Buffer.from(text) });

test('a post says which of its words count', async ({ play, moodtape }) => {
  await play(makeRecording({ seed: 21, posts: 60 }));

  const explanation = await moodtape.explainFirstPost();

  await expect(explanation.locator('mark').first()).toBeVisible();
  await expect(explanation).toContainText(/compound [+−]0\.\d{4} by VADER/);
});

test('a reader’s topic is counted over the stored posts at once, and kept', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 22, posts: 150 });
  const nLovers = recording.lines.filter((line) => line.includes('I love')).length;
  await play(recording);
  await moodtape.expectFigures({ posts: 150, ...recording.counts });

  await moodtape.addTopic('Lovers', 'LOVE, no such words');

  await expect.poll(() => moodtape.postsOfTopic('Lovers')).toBe(nLovers);
  await moodtape.expectFigures({ posts: 150, ...recording.counts });
  await page.reload();
  await expect.poll(() => moodtape.postsOfTopic('Lovers')).toBe(nLovers);
});

test('a ticker is found by the name that a reader gives it', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 25, posts: 120 });
  const nMeetings = recording.lines.filter((line) => line.includes('meeting')).length;
  await play(recording);
  await moodtape.expectFigures({ posts: 120, ...recording.counts });

  await moodtape.addTicker('meet', 'meeting');
  await expect(moodtape.ticker.getByRole('option', { name: 'MEET' })).toBeAttached();
  await moodtape.chooseTicker('MEET');
  await moodtape.recentPosts.getByRole('button', { name: 'Only $MEET' }).click();

  await expect.poll(() => moodtape.matchingPosts()).toBe(nMeetings);
  await page.reload();
  await expect.poll(() => moodtape.matchingPosts()).toBe(nMeetings);
});

test('spam is listed with its reasons, and left out of every number on request', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 26, posts: 150 });
  await play(recording);
  await moodtape.expectFigures({ posts: 150, ...recording.counts });
  // The sentences of a recording repeat each other.
  await expect.poll(() => moodtape.postsOfSpam()).toBeGreaterThan(0);
  const nSpam = await moodtape.postsOfSpam();

  await moodtape.sample.getByRole('button', { name: 'List the spam' }).click();
  await expect.poll(() => moodtape.matchingPosts()).toBe(nSpam);
  await expect(moodtape.recentPosts.locator('li').first()).toContainText('said nearly the same');
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(150);

  await moodtape.sample.getByLabel('Leave spam out').check();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(150 - nSpam);
  await page.reload();
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(150 - nSpam);
  await expect(moodtape.recentPosts.locator('li').first()).toContainText('not counted');
});

test('a broken word list is refused by its line, a sound one scores every stored post', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 23, posts: 120 });
  await play(recording);
  await moodtape.expectFigures({ posts: 120, ...recording.counts });

  await moodtape.chooseMethod('your word list');
  await moodtape.chooseWordList(wordList('good\t1\nbad\n'));
  await expect(moodtape.scoring).toContainText('line 2');
  await moodtape.expectFigures({ posts: 120, ...recording.counts });

  await moodtape.chooseWordList(wordList('nosuchword\t1\n'));
  await expect(moodtape.scoring).toContainText('1 words');
  await moodtape.expectFigures({ posts: 120, positive: 0, neutral: 120, negative: 0 });
  await expect(page).toHaveURL(/method=words/);
});

test('where nothing is kept, another method counts again from the relay', async ({ page, play, moodtape }) => {
  await refuseStorage(page);
  const recording = makeRecording({ seed: 24, posts: 90 });
  await play(recording);
  await moodtape.expectFigures({ posts: 90, ...recording.counts });

  await moodtape.chooseMethod('VADER with market words');

  await expect(moodtape.keyFigures).toContainText('Scored by VADER with market words');
  await expect.poll(() => moodtape.keyFigure('Posts')).toBe(90);
});
