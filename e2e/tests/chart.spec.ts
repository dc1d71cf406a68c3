// What every chart can do: be read, moved, shown as a table, and saved.

import { readFileSync } from 'node:fs';

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const HOUR = 3_600_000;
const recording = makeRecording({ seed: 54, posts: 2 * 24 * 60 });

test.beforeEach(async ({ play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: recording.posts.length, ...recording.counts });
});

test('a chart is shown as a table with its menu and with a key', async ({ page, moodtape }) => {
  const table = page.getByRole('region', { name: 'Table: Price × sentiment' });
  await moodtape.chartMenu('Price × sentiment', 'Show as table');

  await expect(table.getByRole('columnheader').first()).toHaveText('From');
  expect(await table.getByRole('row').count()).toBeGreaterThan(40);
  // The newest bucket comes first: it holds the close at midnight.
  await expect(table.getByRole('row').nth(1)).toContainText('5 Mar 2025 00:00');
  await expect(table.getByRole('row').nth(2)).toContainText('4 Mar 2025 23:');

  await moodtape.chart.focus();
  await page.keyboard.press('t');
  await expect(table).toHaveCount(0);
});

test('numbers and pictures of a chart are saved, and say where they come from', async ({ page, moodtape }) => {
  const save = async (entry: string) => {
    const download = page.waitForEvent('download');
    await moodtape.chartMenu('Price × sentiment', entry);
    const file = await download;
    return { name: file.suggestedFilename(), bytes: readFileSync((await file.path())!) };
  };

  const csv = await save('Save numbers (CSV)');
  const svg = await save('Save picture (SVG)');
  const png = await save('Save picture (PNG)');

  expect(csv.name).toBe('moodtape-price-sentiment.csv');
  const lines = csv.bytes.toString().trim().split('\r\n');
  expect(lines[0]).toMatch(/^From,"Close, USD",Mean compound,Posts about (BTC|ETH) in /);
  const posts = lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[3] || 0), 0);
  expect(Object.values(recording.mentions)).toContain(posts);
  expect(svg.bytes.toString()).toMatch(/<title>Price × sentiment<\/title>[^]*Recording made\.ndjson[^]*<polyline/);
  expect(png.bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(1000);
});

test('the wheel with Ctrl zooms, Shift moves along, and "back" undoes each as one step', async ({ page, moodtape }) => {
  const whole = await moodtape.chartRange();
  const length = async () => (({ from, to }) => to - from)(await moodtape.chartRange());
  const box = (await moodtape.chart.boundingBox())!;

  // In one go: turns that a busy machine spreads over seconds are several movements.
  await page.evaluate(([clientX, clientY]) => {
    const wheel = { deltaY: -100, ctrlKey: true, bubbles: true, cancelable: true, clientX, clientY };
    const chart = document.elementFromPoint(clientX, clientY)!;
    for (let turn = 0; turn < 6; turn++) chart.dispatchEvent(new WheelEvent('wheel', wheel));
  }, [box.x + box.width / 2, box.y + box.height / 2] as const);

  await expect.poll(length).toBeLessThan((whole.to - whole.from) * 0.3);
  const zoomed = await moodtape.chartRange();
  const zoomedAt = page.url();

  await page.evaluate(() => new Promise((later) => setTimeout(later, 1100)));
  await page.keyboard.down('Shift');
  await moodtape.dragAcrossChart(0.3, 0.6);
  await page.keyboard.up('Shift');
  await expect.poll(async () => (await moodtape.chartRange()).from).toBeLessThan(zoomed.from - HOUR / 2);
  expect(Math.abs((await length()) - (zoomed.to - zoomed.from))).toBeLessThan(3 * 60_000);

  await page.goBack();
  await expect.poll(() => moodtape.chartRange()).toEqual(zoomed);
  expect(page.url()).toBe(zoomedAt);
  await page.goBack();
  await expect.poll(() => moodtape.chartRange()).toEqual(whole);
});

test('brackets cut the range at the point that is read, which is also spoken', async ({ page, moodtape }) => {
  const whole = await moodtape.chartRange();
  await moodtape.chart.focus();
  for (let step = 0; step < 12; step++) await page.keyboard.press('ArrowRight');
  await expect(moodtape.priceAndSentiment.locator('output')).toContainText(/compound .* posts \d+/);

  await page.keyboard.press('[');
  await expect.poll(async () => (await moodtape.chartRange()).from).toBeGreaterThan(whole.from);
  await page.keyboard.press('l');
  await expect(page).toHaveURL(/range=/);
  await page.keyboard.press('0');
  await expect.poll(() => moodtape.chartRange()).toEqual(whole);
});

test('two fingers zoom the chart', async ({ page, moodtape }) => {
  const whole = await moodtape.chartRange();
  const box = (await moodtape.chart.boundingBox())!;
  const [middle, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const client = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart?: number) =>
    client.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: apart === undefined ? [] : [{ x: middle - apart, y, id: 0 }, { x: middle + apart, y, id: 1 }],
    });

  await touch('touchStart', 60);
  for (const apart of [80, 120, 180]) await touch('touchMove', apart);
  await touch('touchEnd');

  const length = async () => (({ from, to }) => to - from)(await moodtape.chartRange());
  await expect.poll(length).toBeLessThan((whole.to - whole.from) * 0.5);
});
