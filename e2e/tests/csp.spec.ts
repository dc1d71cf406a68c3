// The content security policy: strict, and the page needs nothing that it forbids.

import type { BrowserContext } from '@playwright/test';

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

/** Every violation that the page's document is told of from now on. */
async function listenForViolations(context: BrowserContext): Promise<string[]> {
  const violations: string[] = [];
  await context.exposeFunction('noteViolation', (violation: string) => violations.push(violation));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, sample }) => {
      const { noteViolation } = window as unknown as { noteViolation: (violation: string) => void };
      noteViolation(`${effectiveDirective}: ${blockedURI} ${sample} (${sourceFile})`);
    });
  });
  return violations;
}

test('the page works under its policy without a single violation', async ({ context, page, play, moodtape, consoleErrors }) => {
  const violations = await listenForViolations(context);
  const policies: (string | null)[] = [];
  page.on('response', async (response) => {
    const path = new URL(response.url()).pathname;
    if (path === '/' || path.startsWith('/worker-analysis')) policies.push(await response.headerValue('content-security-policy'));
  });

  const recording = makeRecording({ seed: 21, posts: 400 });
  await play(recording);
  await moodtape.expectFigures({ posts: 400, ...recording.counts });
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);
  // Whatever is hidden at first is opened as well, and both themes and widths are drawn.
  for (const summary of await page.locator('summary:visible').all()) await summary.click();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) await page.setViewportSize({ width, height: 900 });
  }
  await expect.poll(() => moodtape.chartPoints()).toBeGreaterThan(0);

  expect(violations).toEqual([]);
  expect(consoleErrors.filter((error) => /Content.Security.Policy|violates/i.test(error))).toEqual([]);
  expect(policies.length, 'the page and its worker were asked for').toBeGreaterThan(2);
  for (const policy of policies) {
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|https?:/);
  }
});

test('a script that somebody gets into the page does not run, and nothing is sent elsewhere', async ({ context, page, play }) => {
  const violations = await listenForViolations(context);
  await play(makeRecording({ seed: 22, posts: 50 }));

  const isSent = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.hasRun = true';
    document.head.append(script);
    const button = document.createElement('button');
    button.setAttribute('onclick', 'window.hasRun = true');
    document.body.append(button);
    button.click();
    return fetch('https://example.org/').then(() => true, () => false);
  });

  expect(isSent).toBe(false);
  expect(await page.evaluate(() => 'hasRun' in window)).toBe(false);
  // The same listener finds nothing in the journey above: here it has to find all three.
  const found = () => [...new Set(violations.map((violation) => violation.split(':')[0]))].sort();
  await expect.poll(found).toEqual(['connect-src', 'script-src-attr', 'script-src-elem']);
});
