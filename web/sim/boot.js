/**
 * Brings up a worker: MuJoCo's WASM module, Pyodide, the Python packages in it, and the learning
 * kernels on its memory.
 */

import { WorkerError } from './errors.js';

/** The MuJoCo module. Its own types describe every binding; here it is used in few places, untyped.
 * @typedef {any} Mujoco
 *
 * @typedef {object} Manifest  what the server has to offer, `/manifest.json`
 * @property {string} version
 * @property {{engine: string, version: string, script: string, wasm: string, bytes: number}} mujoco
 * @property {{version: string, index: string, bytes: number}} pyodide
 * @property {{name: string, url: string, bytes: number}[]} wheels
 * @property {{url: string, bytes: number}} websim
 * @property {Record<'plain'|'relaxed', {url: string, bytes: number}>} kernels
 * @property {string[]} tasks
 * @property {Record<string, Algorithm>} algorithms
 *
 * @typedef {number|boolean|string|number[]|null} HyperparameterValue
 *
 * @typedef {object} Hyperparameter
 * @property {string} name
 * @property {'int'|'float'|'bool'|'str'|'ints'} type
 * @property {HyperparameterValue} default  null: a number that may be left out
 * @property {number|null} low
 * @property {number|null} high
 * @property {string[]|null} choices
 * @property {string} help
 *
 * @typedef {object} Algorithm
 * @property {Hyperparameter[]} hyperparameters
 * @property {Record<string, Record<string, Record<string, HyperparameterValue>>>} presets  by preset and
 *   task, "*" being every task
 *
 * @typedef {'mujoco'|'pyodide'|'packages'|'environments'|'ready'} Stage
 * @typedef {(progress: {stage: Stage, loaded: number}) => void} ReportProgress  loaded: bytes since the start
 *
 * @typedef {object} Runtime
 * @property {Mujoco} mujoco
 * @property {any} pyodide
 */

/** Python packages go here, apart from Pyodide's own. */
const PACKAGE_DIR = '/packages';

/** `websim/kernels/default.py` looks for them there. */
const KERNELS_DIR = '/kernels';

/** Bytes that one worker loads. @param {Manifest} manifest */
export function bytesToLoad({ mujoco, pyodide, wheels, websim, kernels }) {
  return kernels.plain.bytes + mujoco.bytes + pyodide.bytes + websim.bytes + wheels.reduce((sum, w) => sum + w.bytes, 0);
}

/**
 * @param {Manifest} manifest
 * @param {boolean} reproducible  whether learning is to give the same bits on every machine
 * @param {ReportProgress} report
 * @returns {Promise<Runtime>}
 */
export async function boot(manifest, reproducible, report) {
  /** @type {Stage} */
  let stage = 'mujoco';
  let loaded = 0;
  countFetches((bytes) => {
    loaded += bytes;
    report({ stage, loaded });
  });

  report({ stage, loaded });
  // Both downloads run at once; compiling MuJoCo overlaps with fetching Pyodide.
  const mujocoReady = loadMujoco(manifest.mujoco);
  const { loadPyodide } = await import(manifest.pyodide.index + 'pyodide.mjs');
  const pyodideReady = loadPyodide({ indexURL: manifest.pyodide.index });
  const mujoco = await mujocoReady;
  stage = 'pyodide';
  report({ stage, loaded });
  const pyodide = await pyodideReady;

  stage = 'packages';
  report({ stage, loaded });
  const archive = fetchBytes(manifest.websim.url);
  const variant = !reproducible && hasRelaxedSimd() ? 'relaxed' : 'plain';
  const kernels = fetchBytes(manifest.kernels[variant].url);
  await pyodide.loadPackage(
    manifest.wheels.map(({ url }) => new URL(url, self.location.href).href),
    // The server has checked every file against its hash; the messages would only fill the console.
    { checkIntegrity: false, messageCallback: () => {} },
  );
  pyodide.unpackArchive(await archive, 'zip', { extractDir: PACKAGE_DIR });
  pyodide.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(PACKAGE_DIR)})`);
  pyodide.FS.mkdirTree(KERNELS_DIR);
  pyodide.FS.writeFile(`${KERNELS_DIR}/${variant}.so`, new Uint8Array(await kernels));
  return { mujoco, pyodide };
}

/** Whether the browser knows relaxed SIMD: a function with one of its instructions is valid there. */
function hasRelaxedSimd() {
  return WebAssembly.validate(new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version
    1, 5, 1, 0x60, 0, 1, 0x7b, // a type: () -> v128
    3, 2, 1, 0, // a function of it
    10, 15, 1, 13, 0, 0x41, 1, 0xfd, 15, 0x41, 2, 0xfd, 15, 0xfd, 0x80, 2, 0x0b,
    // i32.const 1, i8x16.splat, i32.const 2, i8x16.splat, i8x16.relaxed_swizzle, end
  ]));
}

/** @param {Manifest['mujoco']} urls @returns {Promise<Mujoco>} */
async function loadMujoco({ script, wasm }) {
  const { default: load } = await import(script);
  return load({
    locateFile: () => wasm,
    // MuJoCo's warnings come once a blow-up; the counters show them, the console keeps the text.
    printErr: (/** @type {string} */ text) => console.debug(text),
  });
}

/** @param {string} url */
async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new WorkerError(`${url}: the server answered ${response.status}`);
  return response.arrayBuffer();
}

/**
 * Counts the bytes of everything that this thread fetches from now on. The caller of fetch gets the
 * untouched response (a browser caches compiled WASM for those only); a copy of it is counted.
 *
 * @param {(bytes: number) => void} onBytes
 */
function countFetches(onBytes) {
  const fetchAsEver = self.fetch.bind(self);
  self.fetch = async (...args) => {
    const response = await fetchAsEver(...args);
    const reader = response.ok ? response.clone().body?.getReader() : undefined;
    const count = async () => {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return;
        onBytes(value.byteLength);
      }
    };
    count().catch(() => {}); // who reads the response itself gets the error
    return response;
  };
}
