// Keys, the palette and the list of keys.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

const recording = makeRecording({ seed: 53, posts: 600 });

test.beforeEach(async ({ play, moodtape }) => {
  await play(recording);
  await moodtape.expectFigures({ posts: 600, ...recording.counts });
});

test('the palette finds a ticker, a filter and a panel by a few letters', async ({ page, moodtape }) => {
  const palette = page.getByRole('dialog', { name: 'Commands' });
  const input = palette.getByRole('combobox');

  await page.keyboard.press('Control+k');
  await input.fill('eth');
  await page.keyboard.press('Enter');
  await expect(palette).toHaveCount(0);
  await expect(moodtape.priceAndSentiment.locator('.caption').first()).toContainText('ETH');

  await page.keyboard.press('/');
  await input.fill('only neg');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Remove filter ▼ negative' })).toBeVisible();

  await page.keyboard.press('/');
  await input.fill('go to sour');
  await expect(palette.getByRole('option', { selected: true })).toContainText('Sources');
  await page.keyboard.press('Enter');
  await expect(moodtape.sources.getByRole('heading', { name: 'Sources' })).toBeFocused();
});

test('Esc closes a dialog and gives the focus back', async ({ page }) => {
  const button = page.getByRole('button', { name: 'Keys and gestures' });
  await button.click();
  const help = page.getByRole('dialog', { name: 'Keys and gestures' });
  await expect(help).toContainText('Space');
  await expect(help).toContainText('[ and ]');

  await page.keyboard.press('Escape');

  await expect(help).toHaveCount(0);
  await expect(button).toBeFocused();
});

test('keys without Ctrl can be switched off, and are no keys while one types', async ({ page, moodtape }) => {
  const isPaused = () => moodtape.connection.textContent().then((text) => text?.includes('PAUSED'));
  await page.keyboard.press(',');
  const settings = page.getByRole('dialog', { name: 'Settings' });
  await settings.getByLabel('Keys without Ctrl').uncheck();
  await page.keyboard.press('Escape');

  await page.keyboard.press('Space');
  expect(await isPaused()).toBe(false);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Command/ }).pressSequentially('l x d');
  await expect(page.getByRole('combobox', { name: /Command/ })).toHaveValue('l x d');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.reload();
  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(settings.getByLabel('Keys without Ctrl')).not.toBeChecked();
});

test('times and numbers are written as the settings say, and an export stays in UTC', async ({ browser, page }) => {
  const context = await browser.newContext({ timezoneId: 'Asia/Kolkata', serviceWorkers: 'block' });
  const abroad = await context.newPage();
  await abroad.goto(page.url());
  const caption = abroad.getByRole('region', { name: 'Key figures' }).locator('.caption');
  await expect(caption).toContainText('3 Mar 2025, 00:00 – 10:00 UTC');

  await abroad.getByRole('button', { name: 'UTC' }).click();
  await expect(caption).toContainText('3 Mar 2025, 05:30 – 15:30 local time');

  await abroad.getByRole('button', { name: 'Settings' }).click();
  await abroad.getByLabel('Numbers as').selectOption('comma');
  await expect(abroad.getByRole('region', { name: 'Key figures' })).toContainText('600');
  await expect(abroad.getByRole('region', { name: 'Key figures' })).toContainText(/\d,\d %/);
  await context.close();
});
