/** Where environments stand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrange, layOut } from '../../web/app/stage/scene/layout.js';
import { Poses } from '../../web/app/stage/scene/poses.js';
import { scene, shard } from './scenes.mjs';

function near(actual, expected, tolerance = 1e-6) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);
}

/** The layout of groups of one robot type each. */
function laidOut(groups) {
  const poses = groups.map(({ numEnvs }) => {
    const of = new Poses(3, numEnvs);
    of.take([shard(0, Array(numEnvs).fill(0))]);
    return of;
  });
  return layOut(groups, poses);
}

for (const numbers of [[1], [2], [1000], [100, 50], [4096]]) {
  test(`${numbers.join(' and ')} robots of one metre have room`, () => {
    const robot = scene([{ size: [0.5, 0, 0] }]);
    const { plots, bounds } = laidOut(numbers.map((numEnvs) => ({ numEnvs, scene: robot })));
    const cells = plots.flatMap((plot) => [...plot.cells]);
    let nearest = Infinity;
    for (let i = 0; i < cells.length; i += 2) {
      for (let j = Math.max(0, i - 400); j < i; j += 2) {
        nearest = Math.min(nearest, Math.hypot(cells[i] - cells[j], cells[i + 1] - cells[j + 1]));
      }
    }
    assert.ok(nearest > 1.2, `two of them are ${nearest} m apart`);
    near(bounds.min.x + bounds.max.x, 0);
    near(bounds.min.y + bounds.max.y, 0);
  });
}

const FLOOR = { type: 'plane', body: 0, size: [0, 0, 0.1] };

for (const [name, floors, lift] of [
  ['at 0', [FLOOR], 0],
  ['below', [{ ...FLOOR, pos: [0, 0, -3] }], 3],
  ['that is hidden', [{ ...FLOOR, group: 4 }], 0],
  // One is drawn below the robot, which starts at a height of 1.
  ['that the model lacks', [], -0.8],
]) {
  test(`a floor ${name} is where physics has it`, () => {
    const robot = { type: 'box', size: [0.1, 0.1, 0.1] };
    const { plots } = laidOut([{ numEnvs: 1, scene: scene([robot, ...floors]) }]);
    near(plots[0].lift, lift);
  });
}

test('blocks stand in rows that are about as wide as a screen, and none is in another', () => {
  for (const sizes of [[[10, 10]], [[10, 10], [4, 6]], Array(6).fill([8, 8]), [[40, 4], [3, 3], [3, 3]]]) {
    const middles = arrange(sizes, false);
    middles.forEach(([x, y], i) => middles.slice(0, i).forEach(([otherX, otherY], j) => {
      const apart = Math.abs(x - otherX) >= (sizes[i][0] + sizes[j][0]) / 2 || Math.abs(y - otherY) >= (sizes[i][1] + sizes[j][1]) / 2;
      assert.ok(apart, `${i} and ${j}`);
    }));
  }
  assert.equal(new Set(arrange(Array(6).fill([8, 8]), false).map(([, y]) => y)).size, 2);
  assert.equal(new Set(arrange(Array(6).fill([8, 8]), true).map(([, y]) => y)).size, 1);
});
