// Compares what a browser downloads (brotli 11, as a server would send it) with a written budget.
//
//   node e2e/size-budget.mjs dist
//
// A budget is a promise to readers on slow lines: raise it only in a commit that says what for.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const KB = 1000;
/** Each file belongs to the first line whose pattern matches its path. */
const BUDGETS = [
  { part: 'analysis worker, wasm', pattern: /^worker-analysis_bg\.wasm$/, limit: 350 * KB },
  { part: 'import worker, wasm', pattern: /^worker-import_bg\.wasm$/, limit: 900 * KB, isLoadedLater: true },
  { part: 'import worker, JavaScript', pattern: /^worker-import.*\.js$/, limit: 10 * KB, isLoadedLater: true },
  { part: 'recording, no relay', pattern: /^demo\.ndjson\.gz$/, limit: 300 * KB, isLoadedLater: true },
  { part: 'replay worker, wasm', pattern: /^worker-replay_bg\.wasm$/, limit: 350 * KB, isLoadedLater: true },
  { part: 'replay worker, JavaScript', pattern: /^worker-replay.*\.js$/, limit: 10 * KB, isLoadedLater: true },
  { part: 'talk worker, wasm', pattern: /^worker-talk_bg\.wasm$/, limit: 250 * KB, isLoadedLater: true },
  { part: 'talk panels, wasm', pattern: /^talk_bg\.wasm$/, limit: 250 * KB, isLoadedLater: true },
  { part: 'talk, JavaScript', pattern: /^(worker-)?talk.*\.js$/, limit: 15 * KB, isLoadedLater: true },
  { part: 'outlines of countries', pattern: /^world\.bin$/, limit: 30 * KB, isLoadedLater: true },
  { part: 'page, wasm', pattern: /\.wasm$/, limit: 350 * KB },
  { part: 'JavaScript', pattern: /\.js$/, limit: 25 * KB },
  { part: 'styles', pattern: /\.css$/, limit: 8 * KB },
  { part: 'everything else', pattern: /./, limit: 40 * KB },
];
const TO_FIRST_CHART = 800 * KB;

const dist = process.argv[2] ?? 'dist';
const parts = BUDGETS.map((budget) => ({ ...budget, files: 0, raw: 0, gzip: 0, brotli: 0 }));
for (const path of readdirSync(dist, { recursive: true, withFileTypes: true })
  // The compressed copies are what is measured here.
  .filter((entry) => entry.isFile() && !entry.parentPath.includes('.stage') && !entry.name.endsWith('.br'))
  .map((entry) => join(entry.parentPath, entry.name).slice(join(dist, '/').length))) {
  const bytes = readFileSync(join(dist, path));
  const part = parts.find(({ pattern }) => pattern.test(path));
  part.files += 1;
  part.raw += bytes.length;
  part.gzip += gzipSync(bytes, { level: 9 }).length;
  part.brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

const firstChart = parts.filter(({ isLoadedLater }) => !isLoadedLater).reduce((sum, { brotli }) => sum + brotli, 0);
const rows = [
  ...parts.filter(({ files }) => files > 0),
  { part: 'all until the first chart', raw: 0, gzip: 0, brotli: firstChart, limit: TO_FIRST_CHART },
];
const kb = (bytes) => (bytes / KB).toFixed(1).padStart(9);
console.log(`${'in kB'.padEnd(26)}${'raw'.padStart(9)}${'gzip'.padStart(9)}${'brotli'.padStart(9)}${'budget'.padStart(9)}`);
for (const { part, raw, gzip, brotli, limit } of rows) {
  const sizes = raw ? kb(raw) + kb(gzip) : ' '.repeat(18);
  console.log(`${part.padEnd(26)}${sizes}${kb(brotli)}${kb(limit)}${brotli > limit ? '  TOO LARGE' : ''}`);
}
const needed = ['analysis worker, wasm', 'page, wasm', 'styles'];
const missing = needed.filter((name) => !parts.some(({ part, files }) => part === name && files > 0));
if (missing.length > 0) console.error(`${dist} is not a complete page: ${missing.join(', ')} missing`);
process.exitCode = missing.length > 0 || rows.some(({ brotli, limit }) => brotli > limit) ? 1 : 0;
