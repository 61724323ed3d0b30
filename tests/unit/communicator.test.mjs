/** The browser's shared-memory transport, in Node's threads; `websim.ranks` is tested in Python. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createExchange, expel } from '../../web/sim/shared/communicator.js';

const SLOT_BYTES = 64;

/** What each rank saw. */
function run(ranks, { dies = -1, fromOutside = false } = {}) {
  const exchange = createExchange(ranks, SLOT_BYTES);
  const seconds = dies < 0 || fromOutside ? 1000 : 3;
  return Promise.all(Array.from({ length: ranks }, (_, rank) => new Promise((resolve, reject) => {
    const workerData = { exchange, rank, ranks, dies, seconds };
    const worker = new Worker(new URL('./communicator_rank.mjs', import.meta.url), { workerData });
    worker.once('error', reject);
    worker.once('message', (report) => {
      if (rank === dies && fromOutside) expel(exchange, rank, ranks);
      resolve(report);
    });
  })));
}

const rounds = (first, last, of) => Array.from({ length: last - first + 1 }, (_, i) => of(first + i));

for (const ranks of [1, 2, 3]) {
  test(`each of ${ranks} ranks sees what the others wrote`, async () => {
    const sum = (round) => rounds(0, ranks - 1, (rank) => (rank + round) % 256).reduce((a, b) => a + b);
    for (const { sums, slotBytes } of await run(ranks)) {
      assert.equal(slotBytes, SLOT_BYTES);
      assert.deepEqual(sums, rounds(1, 200, sum));
    }
  });
}

for (const fromOutside of [false, true]) {
  test(`a lost rank is expelled ${fromOutside ? 'by the page' : 'by the others'}, who go on`, async () => {
    const [first, dead, third] = await run(3, { dies: 1, fromOutside });
    assert.deepEqual(dead.sums, [6]);
    for (const { sums, members } of [first, third]) {
      assert.deepEqual(sums, [6, [1], ...rounds(3, 200, (round) => 2 + 2 * round)]);
      assert.deepEqual(members, [0, 2]);
    }
  });
}
