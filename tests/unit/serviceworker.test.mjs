/** The service worker stores one version at a time, whatever pages ask for. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import vm from 'node:vm';

const SOURCE = await readFile(new URL('../../web/sw.js', import.meta.url), 'utf8');

/** As browsers have it, as far as it is used; a deleted cache can still be written to, and is not found. */
class Caches {
  #all = new Map();

  async open(name) {
    if (!this.#all.has(name)) this.#all.set(name, new Cache());
    return this.#all.get(name);
  }

  async keys() {
    return [...this.#all.keys()];
  }

  async delete(name) {
    return this.#all.delete(name);
  }
}

class Cache {
  urls = new Set();

  async match(url) {
    return this.urls.has(url) || undefined;
  }

  async put(url) {
    await new Promise((resolve) => setTimeout(resolve)); // the disk
    this.urls.add(url);
  }

  add({ url }) {
    return this.put(url);
  }

  async addAll(requests) {
    for (const request of requests) await this.add(request);
  }

  async keys() {
    return [...this.urls].map((url) => ({ url }));
  }

  async delete(url) {
    return this.urls.delete(url);
  }
}

/** A worker, and how pages have it store a version. */
function serviceWorker() {
  const heard = {};
  const caches = new Caches();
  const self = { location: { href: 'https://example.org/sw.js', origin: 'https://example.org' }, addEventListener: (type, listener) => (heard[type] = listener) };
  const named = class { constructor(url) { this.url = url; } };
  vm.runInNewContext(SOURCE, { self, caches, URL, Request: named, Response: named });
  const store = (version, files) => new Promise((resolve) => {
    const manifest = { sources: { version, urls: ['/', `/app/${version}.js`] }, files, libraries: {}, image: { url: files[0] } };
    heard.message({ data: { store: { manifest, image: null } }, ports: [{ postMessage: resolve }], waitUntil: () => {} });
  });
  return { caches, store };
}

const OLD = ['/image/old', '/vendor/both'];
const NEW = ['/image/new', '/vendor/both', '/vendor/more', '/vendor/most'];

for (const [first, second] of [[OLD, NEW], [NEW, OLD]]) {
  test(`two pages of different versions ask at once: ${second === NEW ? 'the newer' : 'the older'} one last`, async () => {
    const { caches, store } = serviceWorker();
    const answers = await Promise.all([store('first', first), store('second', second)]);
    assert.deepEqual(answers.map(({ error }) => error), [undefined, undefined]);
    assert.deepEqual(await caches.keys(), ['websim-files-/', 'websim-sources-/-second']);
    const [files, sources] = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
    assert.deepEqual([...files.urls].sort(), [...second].sort());
    assert.deepEqual([...sources.urls], ['/', '/app/second.js', '/manifest.json']);
  });
}
