/** A worker that hangs is found out; one that compiles a large robot is not taken for one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOT_HUNG_MS, COMPILE_HUNG_MS, HUNG_MS, Silence } from '../../web/sim/page/silence.js';

const BEAT = { event: 'heartbeat', compiles: false };
const COMPILES = { event: 'heartbeat', compiles: true };

test('silence is too long after a while, later while a worker boots', () => {
  const silence = new Silence(100);
  assert.equal(silence.hung(100 + HUNG_MS, true), 0);
  assert.equal(silence.hung(101 + HUNG_MS, true), HUNG_MS + 1);
  assert.equal(silence.hung(101 + HUNG_MS, false), 0);
  assert.ok(silence.hung(101 + BOOT_HUNG_MS, false));
  silence.forgive(101 + BOOT_HUNG_MS);
  assert.equal(silence.hung(102 + BOOT_HUNG_MS, true), 0);
});

test('a robot may take minutes to be compiled, and people are told; in the end it counts as hung', () => {
  const silence = new Silence(0);
  silence.heard(COMPILES, 1000);
  assert.equal(silence.compiling(1000 + HUNG_MS), 0, 'nobody need know of a short time');
  assert.equal(silence.compiling(1000 + 2 * HUNG_MS), 2 * HUNG_MS);
  assert.equal(silence.hung(1000 + COMPILE_HUNG_MS, true), 0);
  assert.equal(silence.hung(1000 + COMPILE_HUNG_MS, false), 0);
  assert.ok(silence.hung(1001 + COMPILE_HUNG_MS, true));
});

test('whatever is heard next ends that', () => {
  for (const next of [BEAT, { id: 7, error: {} }, { event: 'iteration' }]) {
    const silence = new Silence(0);
    silence.heard(COMPILES, 0);
    silence.heard(next, 60_000);
    assert.equal(silence.compiling(60_000 + HUNG_MS + 1), 0);
    assert.ok(silence.hung(60_000 + HUNG_MS + 1, true));
  }
});
