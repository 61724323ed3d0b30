import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dealing } from '../../web/sim/page/dealing.js';

const requests = [{ experiment: { task: 'Ant-v5' }, numEnvs: 4 }, { experiment: { task: 'Hopper-v5' }, numEnvs: 1 }];

test('a worker makes what it is dealt, group by group', () => {
  const dealing = new Dealing(requests);
  const ranges = dealing.ranges([10, 1], 2);
  assert.equal(dealing.numEnvs, 5);
  assert.deepEqual(ranges.map((range) => dealing.specs(range, 7).map(({ group, first, numEnvs, seed }) => [group, first, numEnvs, seed])), [
    [[0, 0, 2, 7], [1, 0, 1, 7]],
    [[0, 2, 2, 7]],
  ]);
});

test('learners come first, as many in each rank, and workers do not make them', () => {
  const dealing = new Dealing(requests);
  dealing.learners = { experiment: { task: 'Reacher-v5' }, numEnvs: 6, ranks: 2 };
  const ranges = dealing.ranges([10, 1], 2);
  assert.equal(dealing.numEnvs, 11);
  assert.deepEqual(ranges.map(([learners]) => learners), [{ first: 0, count: 3 }, { first: 3, count: 3 }]);
  assert.deepEqual(dealing.specs(ranges[0], 0).map(({ group, experiment }) => [group, experiment.task]), [[1, 'Ant-v5'], [2, 'Hopper-v5']]);
});
