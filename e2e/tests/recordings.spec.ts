// What is shown, taken away as a file, computed anew from it, and found out when it was changed.

import { gunzipSync, gzipSync } from 'node:zlib';

import { makeRecording } from '../fixtures/recording.ts';
import { FINDINGS, saved, verified } from '../fixtures/saved-files.ts';
import { expect, test } from '../fixtures/test.ts';

test('a recording is computed anew to the same numbers, imported to the same figures, and found out when it was changed', async ({ page, play, moodtape, consoleErrors }) => {
  const recording = makeRecording({ seed: 71, posts: 60 });
  await play(recording);
  await moodtape.expectFigures({ posts: 60, ...recording.counts });

  const file = await saved(page, 'Recording, to verify and replay');
  const findings = await verified(page, 'mine.ndjson.gz', file);

  expect(findings.filter((what) => what.startsWith('✗'))).toEqual([]);
  expect(findings.join('\n')).toContain('The file is whole');
  expect(findings.some((what) => /^✓ totals: .*all as stated/.test(what))).toBe(true);

  const changed = gunzipSync(file).toString().replace(/"compound":(-?\d+)/, (_, n) => `"compound":${Number(n) + 1}`);
  const found = await verified(page, 'changed.ndjson.gz', gzipSync(changed));
  expect(found.join('\n')).toContain('✗ The hash does not fit');

  await page.getByLabel('Open a file of posts or prices').setInputFiles({ name: 'mine.ndjson.gz', mimeType: 'application/gzip', buffer: file });
  const panel = page.getByRole('region', { name: 'Import', exact: true });
  await panel.getByRole('button', { name: 'Import' }).click();
  await expect(panel.getByTestId('import-status')).toContainText('0 refused');
  await moodtape.expectFigures({ posts: 60, ...recording.counts });
  expect(consoleErrors).toEqual([]);
});

test('aggregates alone hold no text and give everything above them', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 72, posts: 60 });
  await play(recording);
  await moodtape.expectFigures({ posts: 60, ...recording.counts });

  const file = await saved(page, 'Recording, to verify and replay', 'CSV', 'No posts but sums, ids and hashes');
  const findings = await verified(page, 'sums.ndjson.gz', file);

  expect(gunzipSync(file).toString()).not.toContain('"text"');
  expect(findings.filter((what) => what.startsWith('✗'))).toEqual([]);
  expect(findings.some((what) => /^✓ buckets: .*all as stated/.test(what))).toBe(true);
  expect(findings.some((what) => what.startsWith('? people'))).toBe(true);
});

test('posts are saved as CSV and as Parquet', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 73, posts: 40 });
  await play(recording);
  await moodtape.expectFigures({ posts: 40, ...recording.counts });

  const csv = (await saved(page, 'Posts')).toString();
  const parquet = await saved(page, 'Posts', 'Parquet');

  const lines = csv.trimEnd().split('\r\n');
  expect(lines[0]).toContain('source,id,at,seen_at');
  expect(lines.length).toBe(41);
  expect(parquet.subarray(0, 4).toString()).toBe('PAR1');
  expect(parquet.subarray(-4).toString()).toBe('PAR1');
});

test('nothing looks ahead: the future is taken away and everything stays', async ({ page, play, moodtape }) => {
  const recording = makeRecording({ seed: 74, posts: 80 });
  await play(recording);
  await moodtape.expectFigures({ posts: 80, ...recording.counts });

  await page.getByRole('button', { name: 'Save and check' }).click();
  await page.getByRole('button', { name: 'Take the future away and compute again' }).click();

  await expect(page.locator(FINDINGS).first()).toBeVisible();
  const findings = await page.locator(FINDINGS).allTextContents();
  expect(findings.filter((what) => what.startsWith('✗'))).toEqual([]);
  expect(findings.some((what) => what.includes('unchanged by what came after'))).toBe(true);
});
