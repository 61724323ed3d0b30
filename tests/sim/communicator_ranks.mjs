/**
 * Runs `sim/shared/communicator.js` in Node's worker threads, a rank each, and prints as JSON what each saw.
 * Arguments: number of ranks; the rank that dies after the first meeting, or -1; whether it is
 * expelled from outside (1) or must be waited for in vain (0).
 */

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { SharedTransport, createExchange, expel } from '../../web/sim/shared/communicator.js';

const SLOT_BYTES = 64;
const ROUNDS = 200;

if (isMainThread) {
  const [ranks, dies, fromOutside] = process.argv.slice(2).map(Number);
  const seconds = dies < 0 || fromOutside ? 1000 : 3;
  const exchange = createExchange(ranks, SLOT_BYTES);
  const reports = Array.from({ length: ranks }, (_, rank) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { exchange, rank, ranks, dies, seconds } });
    return new Promise((resolve, reject) => {
      worker.once('message', (report) => {
        if (rank === dies && fromOutside) expel(exchange, rank, ranks);
        resolve(report);
      });
      worker.once('error', reject);
    });
  });
  console.log(JSON.stringify(await Promise.all(reports)));
} else {
  const { exchange, rank, ranks, dies, seconds } = workerData;
  const memory = new ArrayBuffer(1024); // stands for Python's
  const bytes = new Uint8Array(memory);
  let beats = 0;
  const transport = new SharedTransport(exchange, rank, ranks, () => memory, () => beats++);
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
  parentPort.postMessage({ rank, members, sums, slotBytes: transport.slot_bytes });
}
