/** What a worker loads when something needs it: once, telling how far it is. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, test } from 'node:test';

import { Libraries } from '../../web/sim/worker/libraries.js';
import { ADDRESSES } from './onnxruntime.mjs';

test('a library is loaded when it was asked for, and told of', async () => {
  const files = ADDRESSES.map((url, i) => ({ url: i ? url.pathname : url.href, bytes: readFileSync(url).length }));
  const fetched = mock.method(globalThis, 'fetch', async (/** @type {string} */ url) => new Response(readFileSync(url.replace('file://', ''))));
  /** @type {any[]} */
  const told = [];
  const libraries = new Libraries((one) => told.push(one));
  libraries.manifest = /** @type {any} */ ({ libraries: { 'onnxruntime-web': files } });

  assert.equal(await libraries.bring(), false); // nobody has asked
  assert.equal(libraries.onnx, undefined);
  assert.equal(await libraries.bring(), true);
  const runtime = libraries.onnx;
  assert.ok(runtime);
  assert.equal(await libraries.bring(), false);
  assert.equal(fetched.mock.callCount(), files.length);

  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const loaded = told.map((one) => one.loaded);
  assert.deepEqual(loaded, loaded.toSorted((a, b) => a - b));
  assert.deepEqual(told.at(-1), { name: 'onnxruntime-web', loaded: bytes, bytes });

  // One that has trapped is made anew; a server that is away is named.
  assert.throws(() => runtime.guarded(() => { throw new WebAssembly.RuntimeError('unreachable'); }));
  assert.equal(libraries.onnx, undefined);
  fetched.mock.mockImplementation(async () => { throw new TypeError('refused'); });
  await assert.rejects(libraries.bring(), { name: 'WorkerError', message: /cannot be reached: refused/ });
});
