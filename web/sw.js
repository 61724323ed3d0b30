/**
 * The service worker: a visit to a page that was here before works without the server, and what a page has no
 * time to write when it goes is written here.
 *
 * Files that never change under their address come from its store; everything else from the server,
 * and from the store only where the server cannot be reached, so that a new version is never held up
 * by an old one. The page says what to store, once it runs (`app/offline.js`); the sources of one
 * version are stored together or not at all. Stored answers keep their headers: isolation is that of
 * the server they came from, or, for a host that sends no headers (`sw.js?isolate`), added here.
 */

/** The folder of the page; a host may have several. */
const BASE = new URL('./', self.location.href).pathname;

/** Below the folder. */
const IMMUTABLE = /^(vendor|engine|python|kernels|image|openings)\//;

/** Of those, what few visits need: stored when it has been fetched. */
const LATER = /^vendor\/later\//;

const FILES = `websim-files-${BASE}`;

/** With the version behind it; stored completely once it has the manifest. */
const SOURCES = `websim-sources-${BASE}-`;
const MANIFEST = `${BASE}manifest.json`;

const ISOLATES = new URL(self.location.href).searchParams.has('isolate');

/** What has headers of its own: all else comes from the same origin. */
const ISOLATED = ['document', 'iframe', 'worker'];

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin || request.headers.has('Range')) return;
  if (!pathname.startsWith(BASE)) return;
  const immutable = IMMUTABLE.test(pathname.slice(BASE.length));
  const answer = immutable ? storedOrServed(request) : servedOrStored(request, pathname);
  event.respondWith(ISOLATES && ISOLATED.includes(request.destination) ? answer.then(isolated) : answer);
});

/** When all that pages have left is written. */
let written = Promise.resolve();

/** When all that pages have had stored is: two of different versions at once would delete each other's. */
let stored = Promise.resolve();

self.addEventListener('message', (event) => {
  const { store, left } = event.data;
  const done = store ? (stored = keepForOffline(store)) : left ? (written = keepLeft(left)) : written;
  event.waitUntil(done.then(
    () => event.ports[0]?.postMessage({}),
    ({ message }) => event.ports[0]?.postMessage({ error: message }), // no room left, or the server is gone
  ));
});

/** @param {Response} response */
function isolated(response) {
  if (response.type === 'opaqueredirect') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/**
 * Into the database of `app/training/leaving.js`, which has been made by the page.
 *
 * @param {{record: {id: string}}} left
 */
async function keepLeft(left) {
  await written.catch(() => {});
  const opening = indexedDB.open('websim-leaving');
  opening.onupgradeneeded = () => opening.transaction.abort(); // it has been deleted meanwhile: an empty one is of no use
  const database = await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    const transaction = database.transaction('runs', 'readwrite');
    transaction.objectStore('runs').put(left, left.record.id);
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** @param {Request} request */
async function storedOrServed(request) {
  const found = await caches.match(request.url, { cacheName: FILES, ignoreVary: true });
  if (found) return found;
  const response = await fetch(request);
  if (!response.ok || !LATER.test(new URL(request.url).pathname.slice(BASE.length))) return response;
  const copy = response.clone();
  caches.open(FILES).then((cache) => cache.put(request.url, copy)).catch(() => {}); // no room left: it is fetched again
  return response;
}

/** @param {Request} request @param {string} path */
async function servedOrStored(request, path) {
  try {
    // A host of files says nothing of caching, and must not mix versions.
    return await (ISOLATES ? fetch(request, { cache: 'no-cache' }) : fetch(request));
  } catch (error) {
    for (const name of await caches.keys()) {
      if (!name.startsWith(SOURCES)) continue;
      const cache = await caches.open(name);
      const found = await cache.match(MANIFEST) && await cache.match(path, { ignoreVary: true });
      if (found) return found;
    }
    throw error;
  }
}

/**
 * @param {object} store
 * @param {{sources: {version: string, urls: string[]}, files: string[], libraries: Record<string, {url: string}[]>, image: {url: string}}} store.manifest
 * @param {Uint8Array} store.image  too large for the browser's own cache
 */
async function keepForOffline({ manifest: { sources, files, libraries, image }, image: imageFile }) {
  await stored.catch(() => {});
  const cache = await caches.open(FILES);
  if (!await cache.match(image.url)) await cache.put(image.url, new Response(imageFile));
  for (const url of files) {
    // The browser's own cache has what the page has just loaded.
    if (!await cache.match(url, { ignoreVary: true })) await cache.add(new Request(url, { cache: 'force-cache' }));
  }
  const name = SOURCES + sources.version;
  const current = await caches.open(name);
  if (!await current.match(MANIFEST)) {
    await current.addAll(sources.urls.map((url) => new Request(url, { cache: 'no-cache' })));
    await current.add(new Request(MANIFEST, { cache: 'no-cache' }));
  }
  for (const other of await caches.keys()) {
    if (other.startsWith(SOURCES) && other !== name) await caches.delete(other);
  }
  const kept = [...files, ...Object.values(libraries).flat().map(({ url }) => url)];
  for (const { url } of await cache.keys()) {
    if (!kept.includes(url)) await cache.delete(url);
  }
}
