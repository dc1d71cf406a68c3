// Figures, not promises: run by `make bench-stocknet`, never by `make test`.

import { defineConfig } from '@playwright/test';

import { chromium } from '../fixtures/browser.ts';

export default defineConfig({
  testDir: '.',
  testMatch: '*.bench.ts',
  outputDir: '../test-results/bench',
  workers: 1,
  timeout: 900_000,
  expect: { timeout: 300_000 },
  reporter: [['list']],
  use: { ...chromium, viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' },
});
