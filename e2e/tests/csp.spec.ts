// The content security policy: strict, and the page needs nothing that it forbids.

import { makeRecording } from '../fixtures/recording.ts';
import { expect, test } from '../fixtures/test.ts';

test('the page works under its policy without a single violation', async ({ context, page, play, moodtape, consoleErrors }) => {
  const violations: string[] = [];
  await context.exposeFunction('noteViolation', (violation: string) => violations.push(violation));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, sample }) => {
      const { noteViolation } = window as unknown as { noteViolation: (violation: string) => void };
      noteViolation(`${effectiveDirective}: ${blockedURI} ${sample} (${sourceFile})`);
    });
  });
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

test('a script that somebody gets into the page does not run, and nothing is sent elsewhere', async ({ page, play }) => {
  await play(makeRecording({ seed: 22, posts: 50 }));

  const outcome = await page.evaluate(async () => {
    const blocked: string[] = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => blocked.push(effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.hasRun = true';
    document.head.append(script);
    const button = document.createElement('button');
    button.setAttribute('onclick', 'window.hasRun = true');
    document.body.append(button);
    button.click();
    const isSent = await fetch('https://example.org/').then(() => true, () => false);
    return { hasRun: 'hasRun' in window, isSent, blocked };
  });

  expect(outcome.hasRun).toBe(false);
  expect(outcome.isSent).toBe(false);
  expect(outcome.blocked).toEqual(expect.arrayContaining(['script-src-elem', 'script-src-attr', 'connect-src']));
});
