/** Letters through shared memory: whole, in order, none lost, for as long as one likes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Mailbox } from '../../web/sim/shared/mailbox.js';

test('letters arrive whole and in order, many times around the ring', () => {
  const page = new Mailbox();
  const worker = new Mailbox(page.buffer);
  let put = 0;
  let taken = 0;
  const letter = (/** @type {number} */ i) => ({ id: i, text: 'ö'.repeat((i * 7919) % 3001), numbers: [i / 3, -1e-300] });
  while (taken < 1000) {
    while (put < 1000 && page.put(letter(put))) put++;
    assert.ok(put > taken, 'there is room for one at least');
    for (let i = 0; i < 5; i++) {
      const next = worker.take();
      if (next) assert.deepEqual(next, letter(taken++));
    }
  }
  assert.equal(worker.take(), undefined);
});

test('counts of bytes may overflow', () => {
  const page = new Mailbox();
  page.words.fill(0x7ffffff0);
  const worker = new Mailbox(page.buffer);
  for (let i = 0; i < 4; i++) assert.ok(page.put({ i }));
  for (let i = 0; i < 4; i++) assert.deepEqual(worker.take(), { i });
  page.words.fill(-8);
  assert.ok(page.put([1, 2, 3]));
  assert.deepEqual(worker.take(), [1, 2, 3]);
});

test('what may not be taken yet stays, and what is behind it too', () => {
  const box = new Mailbox();
  box.put(1);
  box.put(2);
  assert.equal(box.take((letter) => letter === 2), undefined);
  assert.equal(box.take(), 1);
  assert.equal(box.take((letter) => letter === 2), 2);
});

test('what has no room, or no form in JSON, is not put', () => {
  const box = new Mailbox();
  assert.equal(box.put('x'.repeat(1 << 16)), false);
  assert.equal(box.put([NaN]), false);
  assert.equal(box.put({ a: -Infinity }), false);
  assert.equal(box.take(), undefined);
});
