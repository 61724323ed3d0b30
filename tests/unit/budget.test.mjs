/** How much is drawn, and how often, on machines that cannot do all. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from '../../web/app/stage/scene/budget.js';

const MACHINE = { software: false, robots: 1000, spareCores: 0, screenRatio: 2 };

test('without a GPU drawing keeps to its share', () => {
  const budget = new Budget({ ...MACHINE, software: true });
  // Each robot takes a millisecond.
  for (let i = 0; i < 400; i++) budget.note(5 + budget.robots);
  assert.ok(budget.robots > 20 && budget.robots < 100, `${budget.robots} robots`);
  assert.ok((5 + budget.robots) / budget.interval(false) <= 0.11);
  assert.ok(budget.interval(true) < budget.interval(false), 'hands on the camera have more');
});

test('with a GPU slow frames take shadows, then pixels, then robots', () => {
  const budget = new Budget(MACHINE);
  const look = () => [budget.shadows, budget.pixelRatio, budget.robots];
  const steps = [look()];
  const go = (cost, changes) => {
    for (let i = 0; i < 5000 && changes; i++) {
      if (!budget.note(cost)) continue;
      steps.push(look());
      changes--;
    }
  };
  go(50, 3);
  go(4, 2);
  assert.deepEqual(steps, [
    [true, 2, 1000],
    [false, 2, 1000],
    [false, 1, 1000],
    [false, 1, 700],
    [false, 1, 875],
    [false, 1, 1000],
  ]);
  assert.equal(budget.interval(false), 0);
});

test('a renderer that is far too slow has no GPU', () => {
  const budget = new Budget(MACHINE);
  let frames = 0;
  while (!budget.software && frames++ < 100) budget.note(1500);
  assert.ok(budget.software);
  assert.ok(frames < 10, `${frames} frames`);
  assert.ok(budget.interval(false) > 500);
});
