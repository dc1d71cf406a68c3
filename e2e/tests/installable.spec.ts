// The page can be installed: a manifest with icons that are there in the sizes it names.

import { expect, test } from '../fixtures/test.ts';

interface Manifest {
  readonly name: string;
  readonly start_url: string;
  readonly display: string;
  readonly icons: readonly { src: string; sizes: string; type: string; purpose?: string }[];
}

test('the manifest names icons that are there, one of them for masks', async ({ page, startRelay }) => {
  const relay = await startRelay();
  await page.goto(relay.url);
  const href = await page.locator('link[rel=manifest]').getAttribute('href');
  const url = new URL(href!, relay.url);
  const manifest: Manifest = await (await page.request.get(url.href)).json();

  expect([manifest.name, manifest.display, new URL(manifest.start_url, url).pathname]).toEqual(['Moodtape', 'standalone', '/']);
  for (const { src, sizes, type } of manifest.icons) {
    const answer = await page.request.get(new URL(src, url).href);
    const bytes = await answer.body();
    expect(answer.headers()['content-type'], src).toContain(type);
    if (type === 'image/png') expect(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`).toBe(sizes);
  }
  expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
});
