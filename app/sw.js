// Service worker: a reload shows the page even while the relay cannot be reached.
//
// It keeps one consistent set of files: an index.html together with every file that it names (Trunk
// puts a hash of the content into those names), and the workers and the second program of the page, whose names never change.
// There is no list made at build time: the names are read from index.html itself. Nothing under
// /api/ ever comes through here; the data itself lies in IndexedDB.

const CACHE = 'moodtape-page';
const PAGE = new URL('./', self.location).href;
// Trunk does not hash the names of worker files, so these are asked for anew whenever the relay is there.
const WORKER_FILES = ['worker-analysis', 'worker-import', 'worker-replay', 'worker-talk', 'talk']
  .flatMap((name) => [`${name}_loader.js`, `${name}.js`, `${name}_bg.wasm`])
  .concat('world.bin', 'methods.json')
  .map((name) => new URL(name, PAGE).href);
// A relay that does not answer at all must not keep the page from opening.
const PATIENCE_MILLIS = 4000;

self.addEventListener('install', (event) => {
  event.waitUntil(fetchFresh(PAGE).then(keepPage).then(() => self.skipWaiting()));
});

// The first visit is kept too: its open page is served from here at its next reload.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.includes('/api/')) return;
  if (request.mode === 'navigate') event.respondWith(page(event));
  else if (WORKER_FILES.includes(url.href)) event.respondWith(workerFile(event));
  else event.respondWith(asset(event));
});

/** Network first; without the relay, the page as last kept, whatever the query says. */
async function page(event) {
  try {
    const response = await fetchFresh(event.request.url);
    if (isPage(response)) event.waitUntil(keepPage(response.clone()));
    // An error of a proxy in front of a stopped relay is no better than silence.
    if (response.status < 500) return response;
  } catch { /* no answer: what was kept will do */ }
  return (await caches.match(PAGE)) ?? Response.error();
}

/** Network first, since the name says nothing about the content. */
async function workerFile(event) {
  try {
    const response = await fetchFresh(event.request.url);
    if (response.ok) {
      const copy = response.clone();
      event.waitUntil(caches.open(CACHE).then((cache) => cache.put(event.request.url, copy)));
    }
    if (response.status < 500) return response;
  } catch { /* as above */ }
  return (await caches.match(event.request.url)) ?? Response.error();
}

/** Cache first: a hashed name never changes its content. What was not kept goes to the network. */
async function asset(event) {
  return (await caches.match(event.request.url)) ?? fetch(event.request);
}

/** Keeps a page with all its files, and drops the files of the page before it. All or nothing. */
async function keepPage(response) {
  if (!isPage(response)) throw new Error(`the page answered ${response.status}`);
  const cache = await caches.open(CACHE);
  const html = await response.clone().text();
  const wanted = new Set([PAGE, ...WORKER_FILES, ...filesNamedIn(html)]);

  const missing = [];
  for (const url of wanted) if (url !== PAGE && !(await cache.match(url))) missing.push(url);
  await cache.addAll(missing.map((url) => new Request(url, { cache: 'no-cache' })));
  await cache.put(PAGE, response);
  for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
}

/** Our own files in links, scripts and the module script that Trunk writes into the page. */
function filesNamedIn(html) {
  const quoted = html.matchAll(/["']([^"'\s<>]+\.(?:css|ico|js|json|png|svg|wasm|webmanifest|woff2))["']/g);
  return [...quoted].map(([, path]) => new URL(path, PAGE)).filter((url) => url.origin === self.location.origin).map((url) => url.href);
}

function isPage(response) {
  return response.ok && (response.headers.get('content-type') ?? '').includes('text/html');
}

/** Past the browser's own cache. Patience ends with the headers: a slow body may take its time. */
async function fetchFresh(url) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MILLIS);
  try {
    return await fetch(url, { cache: 'no-cache', signal: patience.signal });
  } finally {
    clearTimeout(timer);
  }
}
