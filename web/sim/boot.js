/**
 * Brings up a worker: MuJoCo's WASM module, Pyodide, and the Python packages in it.
 */

import { WorkerError } from './errors.js';

/** The MuJoCo module. Its own types describe every binding; here it is used in few places, untyped.
 * @typedef {any} Mujoco
 *
 * @typedef {object} Manifest  what the server has to offer, `/manifest.json`
 * @property {string} version
 * @property {{version: string, script: string, wasm: string, bytes: number}} mujoco
 * @property {{version: string, index: string, bytes: number}} pyodide
 * @property {{name: string, url: string, bytes: number}[]} wheels
 * @property {{url: string, bytes: number}} websim
 * @property {string[]} tasks
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

/** Bytes that one worker loads. @param {Manifest} manifest */
export function bytesToLoad({ mujoco, pyodide, wheels, websim }) {
  return mujoco.bytes + pyodide.bytes + websim.bytes + wheels.reduce((sum, w) => sum + w.bytes, 0);
}

/**
 * @param {Manifest} manifest
 * @param {ReportProgress} report
 * @returns {Promise<Runtime>}
 */
export async function boot(manifest, report) {
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
  await pyodide.loadPackage(
    manifest.wheels.map(({ url }) => new URL(url, self.location.href).href),
    // The server has checked every file against its hash; the messages would only fill the console.
    { checkIntegrity: false, messageCallback: () => {} },
  );
  pyodide.unpackArchive(await archive, 'zip', { extractDir: PACKAGE_DIR });
  pyodide.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(PACKAGE_DIR)})`);
  return { mujoco, pyodide };
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
