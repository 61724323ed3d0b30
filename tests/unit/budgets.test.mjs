/** How much is drawn, and how often, on machines that cannot do all. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlatBudget } from '../../web/app/stage/flat/flatbudget.js';
import { GpuBudget } from '../../web/app/stage/gpu/gpubudget.js';

const MACHINE = { robots: 1000, spareCores: 0, screenRatio: 2 };

/** Notes pictures of a cost until the budget has changed so often; what it was after each change. */
function changes(budget, look, cost, number) {
  const seen = [];
  for (let i = 0; i < 5000 && seen.length < number; i++) {
    if (budget.note(typeof cost === 'function' ? cost() : cost)) seen.push(look());
  }
  return seen;
}

test('without a GPU pictures keep to a share of one core', () => {
  const budget = new FlatBudget(MACHINE);
  for (let i = 0; i < 50; i++) budget.note(12);
  assert.deepEqual([budget.robots, budget.pixelRatio], [1000, 2], 'all of them, at all pixels');
  const interval = budget.interval(false);
  assert.ok(interval >= 100 && interval <= 250, `${interval} ms: 4 to 10 pictures a second`);
  assert.ok(budget.interval(true) < interval, 'hands on the camera have more');
  const spare = new FlatBudget({ ...MACHINE, spareCores: 1 });
  for (let i = 0; i < 50; i++) spare.note(12);
  assert.ok(spare.interval(false) < interval);
});

test('without a GPU pictures that take long lose pixels beyond the CSS ones, then robots in full', () => {
  const budget = new FlatBudget(MACHINE);
  const look = () => [budget.pixelRatio, budget.robots];
  assert.deepEqual(changes(budget, look, 80, 3), [[1, 1000], [1, 750], [1, 563]]);
  assert.deepEqual(changes(budget, look, 6, 3), [[1, 704], [1, 880], [1, 1000]]);
  // Each robot in full takes a tenth of a millisecond: as many stay as fit.
  changes(budget, look, () => 2 + budget.robots / 10, 50);
  assert.ok(budget.robots > 100 && budget.robots < 350, `${budget.robots} robots`);
  assert.equal(budget.screenRatio, 2, 'what stands still has all pixels');
});

test('with a GPU far robots take their cheap form first, before frames are lost', () => {
  const budget = new GpuBudget(MACHINE);
  const look = () => [budget.shadows, budget.pixelRatio, budget.robots];
  assert.deepEqual(changes(budget, look, 15, 2), [[true, 2, 700], [true, 2, 490]]);
  assert.deepEqual(changes(budget, look, 4, 3), [[true, 2, 613], [true, 2, 766], [true, 2, 958]]);
  assert.equal(budget.interval(), 0);
});

test('with a GPU frames that are lost all the same take shadows, then pixels', () => {
  const budget = new GpuBudget({ ...MACHINE, robots: 50 });
  const look = () => [budget.shadows, budget.pixelRatio, budget.robots];
  assert.deepEqual(changes(budget, look, 50, 3), [[true, 2, 40], [false, 2, 40], [false, 1, 40]]);
  assert.equal(budget.hopeless, false);
});

test('a renderer that is far too slow is no GPU', () => {
  const budget = new GpuBudget(MACHINE);
  let frames = 0;
  while (!budget.hopeless && frames++ < 100) budget.note(1500);
  assert.ok(frames < 10, `${frames} frames`);
  assert.ok(budget.interval() > 500);
});
