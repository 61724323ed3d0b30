import assert from 'node:assert/strict';
import { test } from 'node:test';
import { divide } from '../../web/sim/page/balance.js';

/** @param {[numEnvs: number, cost: number][]} groups */
const dealt = (groups, workers) => divide(groups.map(([numEnvs, cost]) => ({ numEnvs, cost })), workers);

for (const [groups, workers] of [
  [[[1000, 1]], 2],
  [[[1000, 1]], 50],
  [[[7, 1]], 3],
  [[[3, 100], [1000, 1]], 2],
  [[[1, 50], [1, 30], [1, 20], [5, 1]], 2],
  [[[4096, 1], [1, 9]], 64],
]) {
  test(`every environment of ${JSON.stringify(groups)} is dealt once to ${workers} workers`, () => {
    const ranges = dealt(groups, workers);
    for (const [g, [numEnvs]] of groups.entries()) {
      const covered = ranges.flatMap((worker) => Array.from({ length: worker[g].count }, (_, i) => worker[g].first + i));
      assert.deepEqual(covered, Array.from({ length: numEnvs }, (_, i) => i));
    }
  });
}

test('dear robots are evened out by cheap ones', () => {
  const groups = [[3, 100], [1000, 1]];
  const loads = dealt(groups, 2).map((worker) => worker.reduce((sum, { count }, g) => sum + count * groups[g][1], 0));
  assert.ok(Math.abs(loads[0] - loads[1]) <= 1, `${loads}`);
});
