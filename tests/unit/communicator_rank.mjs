/** One rank of `communicator.test.mjs`, in a thread of its own: tells what it saw. */

import { parentPort, workerData } from 'node:worker_threads';
import { ExchangeEnd } from '../../web/sim/shared/communicator.js';

const ROUNDS = 200;

const { exchange, rank, ranks, dies, seconds } = workerData;
const memory = new ArrayBuffer(1024); // stands for Python's
const bytes = new Uint8Array(memory);
const transport = new ExchangeEnd(exchange, rank, ranks, () => memory, () => {});
let members = Array.from({ length: ranks }, (_, i) => i);
const sums = [];
for (let round = 1; round <= ROUNDS; round++) {
  if (rank === dies && round === 2) break;
  bytes[8] = rank + round;
  const lost = transport.exchange(round, members, seconds, 8, 1, 16);
  if (lost) {
    members = members.filter((member) => !lost.includes(member));
    if (!members.includes(rank)) break;
    sums.push(lost);
    continue;
  }
  sums.push(bytes.subarray(16, 16 + members.length).reduce((sum, byte) => sum + byte));
}
parentPort.postMessage({ members, sums, slotBytes: transport.slot_bytes });
