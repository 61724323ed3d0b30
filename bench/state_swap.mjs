/**
 * What swapping MuJoCo's own state costs a worker's loop over environments, in Node:
 *
 *     node bench/state_swap.mjs BEFORE [--rounds 15]
 *
 * BEFORE is a checkout of 85f70ad, which swapped a list of its own. Its `physics.js` and this one step 64
 * environments on the same module, in turns, with the same random actions; processor time is counted, so
 * that a busy machine slows both alike. Both must end in the same states.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const NUM_ENVS = 64;
const FRAME_SKIP = 5;
const WARM_UP_ROUNDS = 3;

/** Steps a round, and the fields that the task reads. @type {Record<string, [string, number, string[]]>} */
const TASKS = {
  Ant: ['ant', 3, ['cfrc_ext']],
  HalfCheetah: ['half_cheetah', 12, []],
  Humanoid: ['humanoid', 2, ['cinert', 'cvel', 'cfrc_ext', 'qfrc_actuator', 'xipos']],
};

const root = resolve(import.meta.dirname, '..');
const { values, positionals: [before] } = parseArgs({
  allowPositionals: true, options: { rounds: { type: 'string', default: '15' } },
});
const assets = execFileSync(join(root, '.venv/bin/python'), ['-c', `
import importlib.util, pathlib
print(pathlib.Path(importlib.util.find_spec("gymnasium").origin).parent / "envs/mujoco/assets")`]).toString().trim();
const lock = JSON.parse(readFileSync(join(root, 'server/websim_server/build/assets.lock.json'), 'utf8'));
const module = join(root, 'web/vendor', lock.packages.find(({ name }) => name === 'mujoco').folder);
const { default: load } = await import(join(module, 'mujoco.js'));

/**
 * @param {string} checkout @param {string} file @param {string[]} fields
 * @returns {Promise<(seed: number, steps: number) => {us: number, qpos: Float64Array}>}
 */
async function stepper(checkout, file, fields) {
  const { BatchPhysics, STATE } = await import(join(resolve(checkout), 'web/sim/worker/physics.js'));
  const mujoco = await load({ wasmBinary: readFileSync(join(module, 'mujoco.wasm')), printErr() {} });
  const xml = readFileSync(join(assets, `${file}.xml`), 'utf8');
  let memory = new ArrayBuffer(0);
  const common = [mujoco, () => memory, () => {}];
  const isBefore = checkout !== root;
  const physics = isBefore ? new BatchPhysics(...common, xml, {}, NUM_ENVS) : new BatchPhysics(...common, { xml }, NUM_ENVS);
  const names = [...new Set([...STATE, 'time', 'ctrl', ...fields])];
  const lengths = names.map((name) => NUM_ENVS * (name === 'time' ? 1 : physics.sizeOf(name)));
  const doubles = lengths.reduce((sum, length) => sum + length, 0);
  const pulls = 16 * NUM_ENVS; // more than there are of them; nobody pulls
  memory = new ArrayBuffer(8 * (doubles + pulls) + NUM_ENVS);
  /** @type {Record<string, Float64Array>} */
  const arrays = {};
  let address = 0;
  names.forEach((name, i) => {
    physics.bind(name, address);
    arrays[name] = new Float64Array(memory, address, lengths[i]);
    address += 8 * lengths[i];
  });
  if (!isBefore) physics.bind('pulls', address);
  physics.bind('bad', address + 8 * pulls);
  const indices = Int32Array.from({ length: NUM_ENVS }, (_, i) => i);
  const { nq, nv, qpos0 } = physics.model;
  const qpos = Float64Array.from({ length: NUM_ENVS * nq }, (_, i) => qpos0[i % nq]);
  return (seed, steps) => {
    physics.start(indices, qpos, new Float64Array(NUM_ENVS * nv));
    let [random, used] = [seed, 0];
    for (let step = 0; step < steps; step++) {
      for (let i = 0; i < arrays.ctrl.length; i++) {
        random = (Math.imul(random, 1664525) + 1013904223) | 0;
        arrays.ctrl[i] = (random / 2147483648) * 0.4;
      }
      const start = process.cpuUsage().user;
      physics.step(FRAME_SKIP);
      used += process.cpuUsage().user - start;
    }
    return { us: used / (steps * NUM_ENVS), qpos: arrays.qpos };
  };
}

/** @param {number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

console.log('| task | before, us an environment step | after | before / after (lowest to highest) |\n|---|---|---|---|');
for (const [name, [file, steps, fields]] of Object.entries(TASKS)) {
  const both = [await stepper(before, file, fields), await stepper(root, file, fields)];
  /** @type {number[][]} */
  const times = [[], []];
  for (let round = -WARM_UP_ROUNDS; round < Number(values.rounds); round++) {
    const turns = round % 2 ? [1, 0] : [0, 1];
    const results = [];
    for (const i of turns) results[i] = both[i](100 + round, steps);
    assert.deepEqual(results[0].qpos, results[1].qpos);
    if (round >= 0) results.forEach(({ us }, i) => times[i].push(us));
  }
  const ratios = times[0].map((us, round) => us / times[1][round]);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  console.log(`| ${name} | ${times.map(median).map((us) => us.toFixed(1)).join(' | ')} | ${median(ratios).toFixed(2)} (${low} to ${high}) |`);
}
