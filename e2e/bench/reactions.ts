// How soon the page answers to what a person does.

import type { Page } from '@playwright/test';

import type { MoodtapePage } from '../fixtures/moodtape-page.ts';

const ACTIONS = 60;

export const wait = (page: Page, millis: number) => page.evaluate((time) => new Promise((later) => setTimeout(later, time)), millis);
export const percentile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** What was observed; times in milliseconds, reactions by their interaction. */
export interface Seen {
  readonly tasks: readonly number[];
  readonly shift: number;
  readonly reactions: Readonly<Record<number, number>>;
}

/** Counts long tasks, shifts and reactions from now on. */
export async function observe(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { tasks: [] as number[], shift: 0, reactions: {} as Record<number, number> };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => seen.tasks.push(entry.duration))).observe({ type: 'longtask' });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) seen.shift += entry.value;
      }
    }).observe({ type: 'layout-shift' });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { interactionId: number })[]) {
        const { interactionId: id, duration } = entry;
        if (id) seen.reactions[id] = Math.max(seen.reactions[id] ?? 0, duration);
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });
}

export const seen = (page: Page): Promise<Seen> => page.evaluate(() => (window as unknown as { seen: Seen }).seen);

/** Sixty things a person does. */
export async function act(page: Page, moodtape: MoodtapePage): Promise<void> {
  const classes = ['Positive', 'Neutral', 'Negative'];
  const steps: (() => Promise<void>)[] = [
    () => moodtape.keyFigures.getByRole('button', { name: classes[Math.floor(Math.random() * 3)]! }).click(),
    () => page.keyboard.press('Escape'),
    () => moodtape.trendingHashtags.getByRole('listitem').first().getByRole('button').click(),
    () => page.keyboard.press('x'),
    () => moodtape.dragAcrossChart(0.3, 0.6),
    () => page.keyboard.press('0'),
    () => page.keyboard.press('/'),
    () => page.keyboard.type('e'),
    () => page.keyboard.press('Escape'),
    () => page.keyboard.press('Space'),
    () => page.keyboard.press('Space'),
    () => moodtape.doubleClickChart(),
  ];
  for (let i = 0; i < ACTIONS; i++) {
    await steps[i % steps.length]!();
    await wait(page, 250);
  }
}

/** Of all actions, as a sentence. */
export function reactionsOf({ reactions }: Seen): string {
  const slow = Object.values(reactions);
  // Interactions under 16 ms are not told one by one.
  const all = [...slow, ...Array<number>(Math.max(0, ACTIONS - slow.length)).fill(8)];
  return `INP over ${ACTIONS} actions: p98 ${percentile(all, 0.98)} ms, longest ${Math.max(...all)} ms (wanted p98 <= 100)`;
}
