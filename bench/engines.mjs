/**
 * How fast MuJoCo modules step, beside each other and beside a native build, on one core in Node:
 *
 *     node bench/engines.mjs [--rounds N] [--native BENCH] FOLDER|MODULE.wasm ...
 *
 * FOLDER holds an engine (mujoco.js, mujoco.wasm); MODULE.wasm is loaded by the official mujoco.js.
 * BENCH is what bench/engines.c compiles to (its first lines say how). All take turns in slices of some ten
 * milliseconds with the same seeds, and processor time is counted, so that a busy machine slows all
 * alike. Printed are medians of microseconds per mj_step, and of the ratios to the first engine of
 * the same round (lowest to highest). Engines whose states differ at the end of a slice are told.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const MODELS = { Ant: ['ant', 150], HalfCheetah: ['half_cheetah', 600], Humanoid: ['humanoid', 100] };
const WARM_UP_ROUNDS = 8;

const root = resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '25' }, native: { type: 'string' } },
});
const python = join(root, '.venv/bin/python');
const assets = execFileSync(python, ['-c', `
import importlib.util, pathlib
print(pathlib.Path(importlib.util.find_spec("gymnasium").origin).parent / "envs/mujoco/assets")`])
  .toString().trim();
const lock = JSON.parse(readFileSync(join(root, 'server/websim_server/build/assets.lock.json'), 'utf8'));
const { folder } = lock.packages.find(({ name }) => name === 'mujoco');
const official = join(root, 'web/vendor', folder, 'mujoco.js');

/** @param {string} path */
async function loadEngine(path) {
  const isFolder = statSync(path).isDirectory();
  const script = isFolder ? join(path, 'mujoco.js') : official;
  const { default: load } = await import(pathToFileURL(resolve(script)).href);
  const wasmBinary = readFileSync(isFolder ? join(path, 'mujoco.wasm') : path);
  const mujoco = await load({ wasmBinary, printErr() {} });
  const models = new Map();
  for (const [name, [file, steps]] of Object.entries(MODELS)) {
    const model = mujoco.MjModel.from_xml_string(readFileSync(join(assets, `${file}.xml`), 'utf8'));
    models.set(name, { model, steps, data: new mujoco.MjData(model) });
  }
  /** @param {string} name @param {number} seed */
  const slice = (name, seed) => {
    const { model, steps, data } = models.get(name);
    mujoco.mj_resetData(model, data);
    const ctrl = data.ctrl;
    let random = seed;
    const start = process.cpuUsage().user;
    for (let i = 0; i < steps; i++) {
      if (i % 5 === 0) {
        for (let j = 0; j < ctrl.length; j++) {
          random = (Math.imul(random, 1664525) + 1013904223) | 0;
          ctrl[j] = (random / 2147483648) * 0.4;
        }
      }
      mujoco.mj_step(model, data);
    }
    const elapsed = process.cpuUsage().user - start;
    return { us: elapsed / steps, state: [...data.qpos, ...data.qvel].join() };
  };
  return { path, slice };
}

/** @param {string} binary */
function nativeEngine(binary) {
  return {
    path: binary,
    /** @param {string} name @param {number} seed */
    slice(name, seed) {
      const [file, steps] = MODELS[name];
      const arguments_ = [join(assets, `${file}.xml`), String(steps), String(seed)];
      return { us: Number(execFileSync(binary, arguments_).toString()), state: undefined };
    },
  };
}

/** @param {number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const engines = [];
for (const path of positionals) engines.push(await loadEngine(path));
if (values.native) engines.push(nativeEngine(values.native));
const rounds = Number(values.rounds);
/** @type {Map<string, number[][]>} model -> engine -> microseconds of each round */
const times = new Map(Object.keys(MODELS).map((name) => [name, engines.map(() => [])]));
const different = new Set();
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  for (const [name, lists] of times) {
    const results = engines.map(({ slice }) => slice(name, 100 + round));
    if (round < 0) continue;
    for (const [i, { us, state }] of results.entries()) {
      lists[i].push(us);
      if (state !== undefined && state !== results[0].state) different.add(engines[i].path);
    }
  }
}
console.log(`| engine | ${Object.keys(MODELS).join(' | ')} |\n|---|${'---|'.repeat(times.size)}`);
for (const [i, { path }] of engines.entries()) {
  const cells = [...times.values()].map((lists) => {
    const ratios = lists[0].map((first, round) => first / lists[i][round]);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((x) => x.toFixed(2));
    return `${median(lists[i]).toFixed(1)} us, ${median(ratios).toFixed(3)}x (${low} to ${high})`;
  });
  console.log(`| ${path} | ${cells.join(' | ')} |`);
}
for (const path of different) console.log(`${path}: other states than ${engines[0].path}`);
