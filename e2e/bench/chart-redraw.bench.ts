// Redraws of 166,650 points by our chart and by uPlot, in turns in one page, pixels forced out of both.
//
// The points are uPlot's own (`bench/data.json` of its repository), named by UPLOT_DATA. Our time holds layout,
// decimation and drawing; uPlot's holds rebuilding its paths and drawing.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

const DATA = process.env['UPLOT_DATA'] ?? '';
const OURS = process.env['CHART_BENCH'] ?? join(import.meta.dirname, '../../target/chart-bench');
const UPLOT = createRequire(import.meta.url).resolve('uplot/dist/uPlot.iife.min.js');
const ORIGIN = 'http://bench.invalid';
const ROUNDS = 60;
/** Named in the brief of the page: no slower than this, each. */
const LIMIT = 1.5;

test('166,650 points: whole range and a tenth of it', async ({ page }) => {
  if (!existsSync(DATA)) console.error('SKIPPED: set UPLOT_DATA to bench/data.json of https://github.com/leeoniya/uPlot');
  test.skip(!existsSync(DATA));
  const files: Record<string, { path: string; contentType: string }> = {
    '/data.json': { path: DATA, contentType: 'application/json' },
    '/uplot.js': { path: UPLOT, contentType: 'text/javascript' },
    '/chart-bench.js': { path: join(OURS, 'chart-bench.js'), contentType: 'text/javascript' },
    '/chart-bench_bg.wasm': { path: join(OURS, 'chart-bench_bg.wasm'), contentType: 'application/wasm' },
  };
  await page.route(`${ORIGIN}/**`, (route) => {
    const file = files[new URL(route.request().url()).pathname];
    return file
      ? route.fulfill({ body: readFileSync(file.path), contentType: file.contentType })
      : route.fulfill({ body: '<!doctype html><canvas id="ours"></canvas><div id="theirs"></div><script src="/uplot.js"></script>', contentType: 'text/html' });
  });
  await page.goto(`${ORIGIN}/`);

  const results = await page.evaluate(measure, ROUNDS);

  for (const { name, ours, theirs, points } of results) {
    const ratio = ours.median / theirs.median;
    console.log(
      `${name} (${points.toLocaleString('en')} points): ours ${show(ours)}, uPlot ${show(theirs)}, ratio of medians ${ratio.toFixed(2)}, of minima ${(ours.min / theirs.min).toFixed(2)}`,
    );
  }
  for (const { name, ours, theirs } of results) expect.soft(ours.median / theirs.median, name).toBeLessThanOrEqual(LIMIT);
});

interface Times {
  readonly min: number;
  readonly median: number;
}

const show = ({ min, median }: Times) => `median ${median.toFixed(1)} ms, min ${min.toFixed(1)} ms`;

/** Runs in the page. */
async function measure(rounds: number): Promise<{ name: string; points: number; ours: Times; theirs: Times }[]> {
  const [width, height] = [1200, 400];
  const module = '/chart-bench.js';
  const { default: init, Bench } = await import(module);
  await init();
  const packed: number[] = await (await fetch('/data.json')).json();
  const n = packed[0]!;
  const rows = packed.slice(n + 1);
  const column = (of: (at: number) => number) => Array.from({ length: rows.length / n }, (_, i) => of(i * n));
  const round = (value: number, decimals: number) => Math.round(value * 10 ** decimals) / 10 ** decimals;
  const seconds = column((i) => rows[i]! * 60);
  const cpu = column((i) => round(100 - rows[i + 1]!, 3));
  const ram = column((i) => round((100 * rows[i + 5]!) / (rows[i + 5]! + rows[i + 6]!), 2));
  const tcp = column((i) => rows[i + 3]!);

  const { uPlot } = globalThis as unknown as { uPlot: new (...args: unknown[]) => any };
  const line = (label: string, scale: string, stroke: string) => ({ label, scale, stroke, width: 1 / devicePixelRatio });
  const theirs = new uPlot(
    {
      width,
      height,
      series: [{}, line('CPU', '%', 'red'), line('RAM', '%', 'blue'), line('TCP Out', 'mb', 'green')],
      axes: [{}, { scale: '%' }, { side: 1, scale: 'mb', size: 60, grid: { show: false } }],
    },
    [seconds, cpu, ram, tcp],
    document.querySelector('#theirs'),
  );
  const canvas = document.querySelector<HTMLCanvasElement>('#ours')!;
  // Reading a pixel makes the browser finish what was drawn.
  const flush = (drawn: HTMLCanvasElement) => drawn.getContext('2d')!.getImageData(0, 0, 1, 1);
  const summary = (times: number[]) => {
    const sorted = [...times].sort((a, b) => a - b);
    return { min: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! };
  };

  const [first, last] = [seconds[0]!, seconds.at(-1)!];
  const tenth = (last - first) / 10;
  const ranges = [
    { name: 'whole range', min: first, max: last },
    { name: 'a tenth', min: first + 4 * tenth, max: first + 5 * tenth },
  ];
  const results = [];
  for (const { name, min, max } of ranges) {
    const ours = new Bench(...[seconds.map((s) => s * 1000), cpu, ram, tcp].map((values) => new Float64Array(values)), min * 1000, max * 1000);
    theirs.setScale('x', { min, max });
    await new Promise((later) => setTimeout(later, 100));
    const [ourTimes, theirTimes]: [number[], number[]] = [[], []];
    for (let i = 0; i < rounds; i++) {
      let start = performance.now();
      if (!ours.draw(canvas, width, height, devicePixelRatio)) throw new Error('our chart was not drawn');
      flush(canvas);
      ourTimes.push(performance.now() - start);
      start = performance.now();
      theirs.redraw(true, true);
      await Promise.resolve();
      flush(theirs.ctx.canvas);
      theirTimes.push(performance.now() - start);
      if (i % 10 === 0) await new Promise((later) => setTimeout(later, 0));
    }
    const points = 3 * seconds.filter((s) => s >= min && s <= max).length;
    results.push({ name, points, ours: summary(ourTimes), theirs: summary(theirTimes) });
  }
  return results;
}
