/** Robots in colours by what their last episodes returned. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLOURS, Returns } from '../../web/app/training/returns.js';

test('the least return has the first colour, the greatest the last, and neighbours of one colour are one part', () => {
  const returns = new Returns();
  returns.begin(40);
  for (let index = 0; index < 39; index++) returns.note(index, index < 20 ? 1 : index === 20 ? 2 : 3);
  const { tints } = returns;
  assert.deepEqual(returns.range, [1, 3]);
  assert.deepEqual(tints.map(({ first, count, color }) => [first, count, color]), [
    [0, 20, '--return-1'], [20, 1, `--return-${(COLOURS + 1) / 2}`], [21, 18, `--return-${COLOURS}`],
  ]); // no episode of the last one has ended
  assert.equal(returns.tints, tints, 'the same list as long as nothing comes');
  returns.note(0, 3);
  assert.equal(returns.tints[0].color, `--return-${COLOURS}`);
});

test('single robots far away from the others do not take the colours from them', () => {
  const returns = new Returns();
  returns.begin(100);
  for (let index = 0; index < 100; index++) returns.note(index, index === 0 ? -1e6 : index === 99 ? 1e6 : index);
  returns.tints;
  assert.ok(returns.range[0] > 0 && returns.range[1] < 100, String(returns.range));
});

test('nothing is said of few episodes, of equal ones, and of other robots', () => {
  const returns = new Returns();
  returns.begin(4);
  for (const index of [0, 1, 2, 7]) returns.note(index, index);
  returns.note(3, NaN);
  assert.deepEqual([returns.tints, returns.range], [[], null]);
  returns.begin(4);
  for (const index of [0, 1, 2, 3]) returns.note(index, 5);
  assert.deepEqual([returns.tints, returns.range], [[], null]);
});
