/**
 * Brings up a worker from the parts that the page sends (`parts.js`): MuJoCo's WASM module, Python
 * from its image, the package `websim`, and the learning kernels on Python's memory.
 */

import { PACKAGE_DIR, moduleWith, readImage } from '../shared/image.js';

/** The MuJoCo module. Its own types describe every binding; here it is used in few places, untyped.
 * @typedef {any} Mujoco
 *
 * @typedef {import('../shared/messages.js').Manifest} Manifest
 * @typedef {'mujoco'|'pyodide'|'packages'|'environments'|'ready'} Stage
 *
 * @typedef {object} Runtime
 * @property {Mujoco} mujoco
 * @property {any} pyodide
 */

/** `websim/kernels/default.py` looks for them there. */
const KERNELS_DIR = '/kernels';

/**
 * @param {Manifest} manifest
 * @param {import('./inbox.js').PartInbox} parts
 * @param {(stage: Stage) => void} begin  told that a stage begins
 * @param {(mujoco: Mujoco) => void} onMujoco  told when MuJoCo is up, before Python is
 * @returns {Promise<Runtime>}
 */
export async function boot(manifest, parts, begin, onMujoco) {
  begin('mujoco');
  const { default: loadMujoco } = await import(manifest.mujoco.script);
  const mujoco = await startMujoco(loadMujoco, await parts.get('mujoco'));
  onMujoco(mujoco);

  begin('pyodide');
  const [{ loadPyodide }, { default: createModule }] = await Promise.all([
    import(`${manifest.pyodide.index}pyodide.mjs`), import(`${manifest.pyodide.index}pyodide.asm.mjs`),
  ]);
  const pyodide = await startPython(loadPyodide, createModule, manifest.pyodide.index, parts);

  begin('packages');
  const { websim, kernels, variant } = await parts.get('packages');
  pyodide.unpackArchive(websim.slice(), 'zip', { extractDir: PACKAGE_DIR });
  pyodide.FS.mkdirTree(KERNELS_DIR);
  pyodide.FS.writeFile(`${KERNELS_DIR}/${variant}.so`, kernels);
  // All workers start from the same memory: their random numbers are not to be the same.
  pyodide.runPython(`
import random, sys
import numpy
sys.path.insert(0, ${JSON.stringify(PACKAGE_DIR)})
random.seed()
numpy.random.seed()
`);
  return { mujoco, pyodide };
}

/** @param {(settings: any) => Promise<Mujoco>} load @param {WebAssembly.Module} module @returns {Promise<Mujoco>} */
function startMujoco(load, module) {
  return load({
    /** @type {InstantiateWasm} */
    instantiateWasm(imports, done) {
      WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
      return {};
    },
    // MuJoCo's warnings come once a blow-up; the counters show them, the console keeps the text.
    printErr: (/** @type {string} */ text) => console.debug(text),
  });
}

/** Emscripten's hook. @typedef {(imports: any, done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) => {}} InstantiateWasm */

/**
 * @param {(settings: any) => Promise<any>} loadPyodide
 * @param {import('../shared/image.js').CreateModule} createModule
 * @param {string} index  where Pyodide's files are
 * @param {import('./inbox.js').PartInbox} parts
 */
async function startPython(loadPyodide, createModule, index, parts) {
  const [module, { lock, stdlib }, image] = await Promise.all([parts.get('pyodide'), parts.get('python'), parts.get('image')]);
  const { header, at } = readImage(image.file);
  const withImage = moduleWith(
    createModule,
    { files: header.files.map(({ path, place }) => [path, at(place)]), libraries: image.libraries },
    { bytes: at(header.heap), size: header.heapBytes },
  );
  // Pyodide has no other way to be given a module and files than to fetch them itself.
  const { fetch } = self;
  const { instantiateStreaming } = WebAssembly;
  self.fetch = async (url) => new Response(String(url).endsWith('.zip') ? stdlib.slice() : null);
  WebAssembly.instantiateStreaming = async (_, imports) => (
    { module, instance: await WebAssembly.instantiate(module, imports) }
  );
  try {
    return await loadPyodide({
      indexURL: index,
      lockFileContents: lock,
      createPyodideModule: withImage,
      // What Pyodide reads of its own snapshot; the memory behind it is in place already.
      _loadSnapshot: Uint8Array.from(header.snapshot),
    });
  } finally {
    self.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}
