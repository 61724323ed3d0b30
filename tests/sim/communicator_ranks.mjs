/**
 * Runs `sim/communicator.js` in Node's worker threads, a rank each, and prints as JSON what each saw.
 * Arguments: number of ranks; the rank that dies after the first meeting, or -1.
 */

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { SharedTransport, createExchange } from '../../web/sim/communicator.js';

const SLOT_BYTES = 64;
const ROUNDS = 200;

if (isMainThread) {
  const [ranks, dies] = process.argv.slice(2).map(Number);
  const exchange = createExchange(ranks, SLOT_BYTES);
  const reports = Array.from({ length: ranks }, (_, rank) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { exchange, rank, ranks, dies } });
    return new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  console.log(JSON.stringify(await Promise.all(reports)));
} else {
  const { exchange, rank, ranks, dies } = workerData;
  const memory = new ArrayBuffer(1024); // stands for Python's
  const bytes = new Uint8Array(memory);
  let beats = 0;
  const transport = new SharedTransport(exchange, rank, ranks, () => memory, () => beats++);
  let members = Array.from({ length: ranks }, (_, i) => i);
  const sums = [];
  let lost = [];
  for (let round = 1; round <= ROUNDS; round++) {
    if (rank === dies && round === 2) break;
    const turn = round % 2;
    bytes[8] = rank + round;
    transport.write(turn, 8, 1);
    lost = transport.meet(round, members, 0.3);
    if (lost.length) {
      members = members.filter((member) => !lost.includes(member));
      if (!members.includes(rank)) break;
      sums.push(lost);
      continue;
    }
    let sum = 0;
    for (const member of members) {
      transport.read(member, turn, 16 + member, 1);
      sum += bytes[16 + member];
    }
    sums.push(sum);
  }
  parentPort.postMessage({ rank, members, sums, slotBytes: transport.slot_bytes });
}
