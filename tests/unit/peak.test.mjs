/** Counters that do not go back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peak } from '../../web/app/stage/peak.js';

test('a counter never jumps backwards, until it begins anew', () => {
  const peak = new Peak();
  assert.deepEqual([5, 9, 3, NaN, 10].map((value) => peak.add(value)), [5, 9, 9, 9, 10]);
  peak.clear();
  assert.equal(peak.add(-2), -2);
});
