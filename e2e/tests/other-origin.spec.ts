// The page on a host of plain files, its relay on another origin: as deploy/static.sh readies it, under its policy.

import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { makeRecording, writeRecording } from '../fixtures/recording.ts';
import { freePort } from '../fixtures/relay.ts';
import { APP, StaticHost } from '../fixtures/static-host.ts';
import { storedPosts } from '../fixtures/stored-posts.ts';
import { expect, test } from '../fixtures/test.ts';

const SCRIPT = resolve(import.meta.dirname, '../../deploy/static.sh');
const recording = makeRecording({ seed: 90, posts: 60 });

const hosted = test.extend<{ readied: (relay: string) => Promise<StaticHost> }>({
  readied: async ({ folder }, use) => {
    const started: StaticHost[] = [];
    await use(async (relay) => {
      const app = join(folder, 'dist');
      cpSync(APP, app, { recursive: true });
      execFileSync(SCRIPT, [app, relay]);
      const host = await StaticHost.start('/some/path/', {}, app);
      started.push(host);
      return host;
    });
    for (const host of started) await host.stop();
  },
});

/** A relay at this port that these origins may read. */
function write(folder: string, origins: string[]): { config: string; recording: string } {
  const [config, file] = [join(folder, 'config.toml'), join(folder, 'made.ndjson')];
  writeFileSync(config, `[http]\nallow_origins = ${JSON.stringify(origins)}\n`);
  writeRecording(file, recording);
  return { config, recording: file };
}

hosted('a page elsewhere follows the relay that allows it, under a policy that names no other', async ({ page, folder, readied, startRelay, moodtape, consoleErrors }) => {
  const port = await freePort();
  const relayUrl = `http://127.0.0.1:${port}`;
  const host = await readied(`${relayUrl}/`);
  await startRelay({ ...write(folder, [new URL(host.url).origin]), port, speed: 'unlimited', withoutFilters: true });

  const answer = (await page.goto(host.url))!;

  const policy = answer.headers()['content-security-policy'];
  expect(policy).toContain(`connect-src 'self' ${relayUrl};`);
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'/);
  await moodtape.expectFigures({ posts: 60, ...recording.counts });
  await expect(moodtape.connection).toHaveText(/REPLAY made/);
  const store = `moodtape${relayUrl}`;
  await expect.poll(() => storedPosts(page, store)).toEqual(recording.posts);
  expect(await storedPosts(page), 'nothing of it where the demo recording would be').toEqual([]);
  await page.reload();
  await moodtape.expectFigures({ posts: 60, ...recording.counts });

  const isSent = await page.evaluate(() => fetch('https://example.org/').then(() => true, () => false));
  expect(isSent).toBe(false);
  expect(consoleErrors.filter((error) => !error.includes('https://example.org/'))).toEqual([]);
  expect(host.missing).toEqual([]);
});

hosted('a page elsewhere that the relay does not know gets nothing, says so, and comes in once it is allowed', async ({ page, folder, readied, startRelay, moodtape }) => {
  const port = await freePort();
  const host = await readied(`http://127.0.0.1:${port}`);
  const choices = { port, speed: 'unlimited', withoutFilters: true } as const;
  const closed = await startRelay({ ...write(folder, ['https://example.org']), ...choices });

  await page.goto(host.url);

  await expect(moodtape.connection).toHaveText(/OFFLINE · nothing stored yet/);
  await closed.kill();
  await startRelay({ ...write(folder, [new URL(host.url).origin]), ...choices });
  await moodtape.expectFigures({ posts: 60, ...recording.counts });
});
