/** ONNX's runtime as workers use it: whatever it is given, it says no or is made anew. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { makeRuntime } from './onnxruntime.mjs';

/** @param {number} seed  mulberry32 */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `convolution(11, 3)` of tests/graphs.py. */
const good = new Uint8Array(readFileSync(new URL('convolution.onnx', import.meta.url)));

const observation = new Uint8Array(new Float32Array(22).fill(0.5).buffer);

test('spoilt graphs are refused in words, or run; what aborts ends the runtime alone', async () => {
  let runtime = await makeRuntime();
  const random = chance(1);
  const outcomes = { refused: 0, ran: 0, ended: 0 };
  for (let i = 0; i < 150; i++) {
    const spoilt = good.slice();
    const reach = random() < 0.5 ? 300 : spoilt.length;
    for (let k = random() < 0.6 ? 1 : 4; k > 0; k--) spoilt[Math.floor(random() * reach)] = Math.floor(random() * 256);
    try {
      const session = runtime.session(spoilt);
      try {
        session.run([['obs', [1, [2, 11], observation]]], ['action']);
        outcomes.ran++;
      } finally {
        session.close();
      }
    } catch (error) {
      assert.ok(error instanceof Error && error.message.length > 5, String(error));
      outcomes[runtime.broken ? 'ended' : 'refused']++;
      if (runtime.broken) runtime = await makeRuntime();
    }
  }
  assert.ok(outcomes.refused > 20 && outcomes.ran > 20, JSON.stringify(outcomes));
  const session = runtime.session(good);
  const [[type, shape, bytes]] = session.run([['obs', [1, [2, 11], observation]]], ['action']);
  assert.deepEqual([type, shape, bytes.length], [1, [2, 3], 24]);

  // After a trap nothing else is tried with that runtime.
  assert.throws(() => runtime.guarded(() => { throw new WebAssembly.RuntimeError('unreachable'); }), /has stopped: unreachable/);
  assert.throws(() => runtime.session(good), /has stopped: unreachable/);
});
