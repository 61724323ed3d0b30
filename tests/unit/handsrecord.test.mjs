/** What hands did is kept as long as it can be done again, and it is said when it cannot. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandsRecord } from '../../web/sim/page/handsrecord.js';

const event = (/** @type {number} */ step, more = {}) => (
  /** @type {any} */ ({ do: 'release', iteration: 0, step, environments: [[0, 1]], ...more })
);

test('events come in the order of their steps, those of the document first', () => {
  const record = new HandsRecord([event(3, { of: 'document' })]);
  assert.equal(record.any, false);
  for (const step of [5, 3, 4]) record.note(event(step), record.turn);
  assert.deepEqual(record.take(), [event(3, { of: 'document' }), event(3), event(4), event(5)]);
  const asked = record.turn;
  record.begin();
  record.note(event(9), asked); // before the reset, answered after it
  assert.deepEqual(record.take(), record.given);
});

test('what cannot be done again is refused until all begins anew', () => {
  const record = new HandsRecord([]);
  record.drive();
  record.take(); // nothing has moved
  record.move();
  record.drive();
  record.spoil('something else happened');
  assert.throws(() => record.take(), /could not be done again, because what moves the robots was changed/);
  record.begin();
  assert.deepEqual(record.take(), []);
  for (let i = 0; i < 10; i++) record.note(event(i, { qpos: Array(50_000).fill(1 / 3) }), record.turn);
  assert.throws(() => record.take(), /more than can be kept/);
});
