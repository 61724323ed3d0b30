import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardLayout, viewsOf } from '../../web/sim/shared/memory.js';

test('the views of a shard share one buffer and do not overlap', () => {
  const layout = shardLayout({
    numEnvs: 3, observationSize: 5, actionSize: 1, rewardTerms: 2, nq: 3, nv: 3, nbody: 2,
  });
  const views = viewsOf(layout, new ArrayBuffer(layout.bytes));
  Object.values(views).forEach((view, i) => view.fill(i + 1));
  Object.values(views).forEach((view, i) => assert.ok(view.every((value) => value === i + 1)));
});
