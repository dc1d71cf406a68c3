// Journeys through the whole product: relay, worker and page as a person gets them, in headless Chromium.

import { defineConfig } from '@playwright/test';

import { chromium } from './fixtures/browser.ts';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // Every test has a relay of its own on a free port, so they do not disturb each other.
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  retries: 0,
  reporter: [['list']],
  use: {
    ...chromium,
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    // Only the journey about the service worker wants one between the page and the relay.
    serviceWorkers: 'block',
  },
});
