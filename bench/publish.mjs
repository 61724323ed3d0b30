/**
 * What it costs to copy a batch from Python's memory to the memory that the page sees, and its poses from
 * there to the page:
 *
 *     node bench/publish.mjs [--envs 500]
 *
 * Prints kilobytes and microseconds, medians of 500 rounds over memories that are not in the cache.
 */

import { parseArgs } from 'node:util';
import { POSE_SLOTS, shardLayout, viewsOf, writeWhole } from '../web/sim/shared/memory.js';
import { PoseReader } from '../web/sim/page/poses.js';

const ROUNDS = 500;
/** More than the processor's caches hold. */
const FLUSHED = new Float64Array(8 << 20);

const SIZES = {
  'Ant-v5': { observationSize: 105, actionSize: 8, rewardTerms: 4, nq: 15, nv: 14, nbody: 14 },
  'HalfCheetah-v5': { observationSize: 17, actionSize: 6, rewardTerms: 2, nq: 9, nv: 9, nbody: 8 },
  'Humanoid-v5': { observationSize: 348, actionSize: 17, rewardTerms: 4, nq: 24, nv: 23, nbody: 14 },
};

/** @param {() => void} work */
function microseconds(work) {
  const start = performance.now();
  work();
  return 1000 * (performance.now() - start);
}

/** @param {number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const { values } = parseArgs({ options: { envs: { type: 'string', default: '500' } } });
const numEnvs = Number(values.envs);
console.log('| task | published, kB | us | poses among it, kB | us to the memory | us to the page |\n|---|---|---|---|---|---|');
for (const [task, sizes] of Object.entries(SIZES)) {
  const layout = shardLayout({ numEnvs, worldValues: 0, ...sizes });
  const views = viewsOf(layout, new SharedArrayBuffer(layout.bytes));
  const python = viewsOf(layout, new ArrayBuffer(layout.bytes));
  const poses = python.poses.subarray(python.poses.length / POSE_SLOTS);
  const arrays = layout.fields.map(({ name }) => name).filter((name) => !['poses', 'counters', 'sequence', 'inputActions'].includes(name));
  const reader = new PoseReader(0, numEnvs, sizes.nbody);
  /** @type {[number[], number[], number[]]} */
  const [all, written, read] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    FLUSHED.fill(round);
    writeWhole(views, () => {
      all.push(microseconds(() => {
        for (const name of arrays) views[name].set(python[name]);
        written.push(microseconds(() => views.poses.set(poses, (round % POSE_SLOTS) * poses.length)));
      }));
    });
    read.push(microseconds(() => reader.read(views)));
  }
  const bytes = arrays.reduce((sum, name) => sum + views[name].byteLength, poses.byteLength);
  const kilobytes = (/** @type {number} */ count) => Math.round(count / 1000);
  const cells = [kilobytes(bytes), ...[all].map(median).map(Math.round), kilobytes(poses.byteLength), ...[written, read].map(median).map(Math.round)];
  console.log(`| ${task} | ${cells.join(' | ')} |`);
}
