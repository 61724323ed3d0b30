/**
 * Libraries that few workers need. Python asks for one when it needs it, in the middle of something, and cannot wait:
 * where the library is not there yet, that something fails, the library is loaded, and it is done again.
 */

import { fetchFile } from '../shared/fetching.js';

/** @typedef {'onnxruntime-web' | 'h5wasm'} LibraryName  in the manifest */
/** @typedef {import('./onnx.js').OnnxRuntime} OnnxRuntime */
/** @typedef {import('./hdf5.js').Hdf5} Hdf5 */

/** What makes one of the addresses of its files. @type {{[name in LibraryName]: (urls: string[]) => Promise<OnnxRuntime | Hdf5>}} */
const MAKERS = {
  'onnxruntime-web': async ([script, binary]) => (await import('./onnx.js')).OnnxRuntime.create(script, binary),
  h5wasm: async ([script]) => (await import('./hdf5.js')).Hdf5.load(script),
};

export class Libraries {
  /** @type {import('../shared/messages.js').Manifest | undefined} */
  manifest;
  /** @type {Map<LibraryName, OnnxRuntime | Hdf5>} */
  #there = new Map();
  /** @type {Set<LibraryName>} */
  #wanted = new Set();

  /** @param {(told: import('../shared/protocol.js').Events['library']) => void} tell */
  constructor(tell) {
    this.tell = tell;
  }

  /** What plays graphs of ONNX's; undefined where `bring` has to load it first. */
  get onnx() {
    const runtime = /** @type {OnnxRuntime | undefined} */ (this.#there.get('onnxruntime-web'));
    if (runtime?.broken) this.#there.delete('onnxruntime-web');
    return /** @type {OnnxRuntime | undefined} */ (this.#asked('onnxruntime-web'));
  }

  /** What reads and writes HDF5; likewise. */
  get hdf5() {
    return /** @type {Hdf5 | undefined} */ (this.#asked('h5wasm'));
  }

  /** @param {LibraryName} name */
  #asked(name) {
    const library = this.#there.get(name);
    if (!library) this.#wanted.add(name);
    return library;
  }

  /** Loads what was asked for since the last time. @returns {Promise<boolean>}  whether there was something */
  async bring() {
    const names = [...this.#wanted];
    this.#wanted.clear();
    for (const name of names) this.#there.set(name, await MAKERS[name](await this.#fetched(name)));
    return names.length > 0;
  }

  /** Has the browser fetch the files of a library, telling how far it is: who imports them has them then. @param {LibraryName} name */
  async #fetched(name) {
    const files = /** @type {import('../shared/messages.js').Manifest} */ (this.manifest).libraries[name];
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    let loaded = 0;
    for (const { url } of files) {
      const { body } = await fetchFile(url);
      const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
      for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
        loaded += /** @type {Uint8Array} */ (value).length;
        this.tell({ name, loaded, bytes });
      }
    }
    return files.map(({ url }) => url);
  }
}
