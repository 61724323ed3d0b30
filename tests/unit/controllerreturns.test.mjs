/** What episodes of controllers have returned. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControllerReturns } from '../../web/app/training/controllerreturns.js';

test('an episode counts for who has played all of it', () => {
  const returns = new ControllerReturns();
  returns.assign(['random', 'random', 'trained']);
  for (const [index, value] of [[0, 1], [1, 3], [2, 100], [7, 9]]) returns.note(index, value);
  assert.deepEqual(returns.of('random'), { mean: 2, of: 2, count: 2 });
  assert.deepEqual(returns.of('trained'), { mean: 100, of: 1, count: 1 });
  returns.assign(['random', 'trained', 'trained']);
  returns.note(1, 50); // both have played it
  assert.equal(returns.of('trained').count, 1);
  returns.assign(['random', 'trained', 'trained']); // nothing changes
  returns.note(1, 200);
  assert.deepEqual(returns.of('trained'), { mean: 150, of: 2, count: 2 });
});

test('the mean is of the newest, and who plays no more is forgotten', () => {
  const returns = new ControllerReturns();
  returns.assign(['current']);
  for (let i = 1; i <= 250; i++) returns.note(0, i);
  assert.deepEqual(returns.of('current'), { mean: 200.5, of: 100, count: 250 });
  returns.assign(['zero']);
  returns.assign(['current']);
  assert.equal(returns.of('current').count, 0);
  assert.ok(Number.isNaN(returns.of('current').mean));
  returns.clear();
  returns.assign(['zero']);
  returns.note(0, 5);
  assert.deepEqual(returns.of('zero'), { mean: 5, of: 1, count: 1 });
});
