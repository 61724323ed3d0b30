/**
 * The Python image: Pyodide's memory as it is after numpy, Gymnasium and all else that `websim`
 * imports have been imported, with the files of these
 * packages, and `websim` compiled. To start from it takes a tenth of
 * the time that the imports take. `wasm-build/python_image.mjs` makes it, workers start from it.
 *
 * The memory holds addresses of functions and data of numpy's libraries (side modules of the WASM
 * module). Emscripten gives addresses in the order in which libraries are loaded; so that they are
 * the same each time, maker and worker load the same libraries before Python itself has started.
 *
 * A file of an image: the length of its header as uint32, the header as JSON, and after it (from
 * the next multiple of 8) the bytes that the header refers to.
 *
 * @typedef {object} ImageHeader
 * @property {number[]} snapshot   what Pyodide's own snapshot has before the memory
 * @property {number} heapBytes    size of Pyodide's memory; what is not stored of it is zero
 * @property {Place} heap
 * @property {{path: string, place: Place}[]} files
 * @property {string[]} libraries  paths of those files that are side modules, in their order
 *
 * @typedef {{offset: number, length: number}} Place  counted from the first byte after the header
 *
 * @typedef {object} Contents  what is put into a new Pyodide before Python starts
 * @property {[path: string, bytes: Uint8Array][]} files
 * @property {[path: string, module: WebAssembly.Module][]} libraries
 *
 * @typedef {(settings: any) => Promise<any>} CreateModule  Emscripten's function, default export of pyodide.asm.mjs
 */

/** Where `websim` goes; the other packages are where Pyodide has its own. */
export const PACKAGE_DIR = '/packages';

/** @param {Uint8Array<ArrayBufferLike>} file @returns {{header: ImageHeader, at: (place: Place) => Uint8Array<ArrayBufferLike>}} */
export function readImage(file) {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  // A decoder takes no shared memory: it gets a copy.
  const header = JSON.parse(new TextDecoder().decode(file.slice(4, 4 + length)));
  const start = Math.ceil((4 + length) / 8) * 8;
  return { header, at: (place) => file.subarray(start + place.offset, start + place.offset + place.length) };
}

/**
 * Makes the file.
 *
 * @param {Uint8Array} snapshot  of Pyodide
 * @param {Contents['files']} files
 * @param {string[]} libraries
 * @returns {Uint8Array}
 */
export function writeImage(snapshot, files, libraries) {
  // The second number of Pyodide's snapshot says where the memory starts in it.
  const start = new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2)[1];
  const memory = snapshot.subarray(start);
  const used = memory.findLastIndex((byte) => byte !== 0) + 1;
  let offset = 0;
  /** @param {number} length @returns {Place} */
  const place = (length) => {
    const at = offset;
    offset += Math.ceil(length / 8) * 8;
    return { offset: at, length };
  };
  /** @type {ImageHeader} */
  const header = {
    snapshot: Array.from(snapshot.subarray(0, start)),
    heapBytes: memory.length,
    heap: place(used),
    files: files.map(([path, bytes]) => ({ path, place: place(bytes.length) })),
    libraries,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(Math.ceil((4 + text.length) / 8) * 8 + offset);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 4);
  const { at } = readImage(file);
  at(header.heap).set(memory.subarray(0, used));
  header.files.forEach((entry, i) => at(entry.place).set(files[i][1]));
  return file;
}

/**
 * A `createPyodideModule` for `loadPyodide`, which puts contents in before Python starts.
 *
 * @param {CreateModule} create
 * @param {Contents} contents
 * @param {{bytes: Uint8Array<ArrayBufferLike>, size: number} | null} memory  to start from; null: Python starts anew
 * @returns {CreateModule}
 */
export function moduleWith(create, { files, libraries }, memory) {
  return async (settings) => {
    settings.preRun.push((/** @type {any} */ module) => {
      for (const [path, bytes] of files) {
        module.FS.mkdirTree(path.slice(0, path.lastIndexOf('/')));
        module.FS.writeFile(path, bytes, { canOwn: true });
      }
      if (memory && module.HEAPU8.length < memory.size) module.growMemory(memory.size);
      module.addRunDependency('libraries');
      loadLibraries(module, libraries).then(() => module.removeRunDependency('libraries'), (error) => settings.onLibraryError(error));
    });
    const failed = new Promise((_, reject) => (settings.onLibraryError = reject));
    const module = await Promise.race([create(settings), failed]);
    if (memory) restore(module, memory.bytes);
    return module;
  };
}

/** @param {any} module @param {Uint8Array<ArrayBufferLike>} memory */
function restore(module, memory) {
  // How C functions are called is up to the browser: CPython keeps a function for it, which Pyodide
  // has set for this one.
  const offset = module.HEAP32[module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET / 4];
  const at = (module.__PyRuntime + offset) / 4;
  const trampoline = module.HEAP32[at];
  module.HEAPU8.set(memory);
  module.HEAP32[at] = trampoline;
}

/**
 * Libraries' functions get numbers from here on in the table of functions; how many functions are in
 * it before depends on the browser.
 */
const LIBRARY_FUNCTIONS = 1 << 14;

/** @param {any} module @param {Contents['libraries']} libraries */
async function loadLibraries(module, libraries) {
  const { wasmTable } = module;
  if (wasmTable.length > LIBRARY_FUNCTIONS) {
    throw new Error(`Pyodide has ${wasmTable.length} functions before numpy's: more than the ${LIBRARY_FUNCTIONS} expected`);
  }
  wasmTable.grow(LIBRARY_FUNCTIONS - wasmTable.length);
  for (const [path, compiled] of libraries) {
    const library = module.newDSO(path, undefined, 'loading');
    library.global = false;
    library.exports = await module.loadWebAssemblyModule(
      compiled, { loadAsync: true, global: false, nodelete: true, allowUndefined: true }, path, {},
    );
  }
}
