/**
 * What every worker needs, fetched and compiled once by the page. Each part goes to the workers as
 * soon as it is there: modules compiled, bytes in shared memory where memory can be shared.
 *
 * @typedef {import('../shared/messages.js').Manifest} Manifest
 *
 * @typedef {object} Parts
 * @property {WebAssembly.Module} mujoco
 * @property {WebAssembly.Module} pyodide
 * @property {{lock: string, stdlib: Uint8Array<ArrayBufferLike>}} python  Pyodide's own further files
 * @property {{file: Uint8Array<ArrayBufferLike>, libraries: [path: string, module: WebAssembly.Module][]}} image
 * @property {{websim: Uint8Array<ArrayBufferLike>, kernels: Uint8Array<ArrayBufferLike>, variant: string}} packages
 *
 * @typedef {{[T in keyof Parts]: {part: T, value: Parts[T]}}[keyof Parts]
 *   | {part: keyof Parts, error: import('../shared/errors.js').PlainError}} PartMessage
 */

import { WorkerError, toPlain } from '../shared/errors.js';
import { fetchFile } from '../shared/fetching.js';
import { readImage } from '../shared/image.js';
import { measured } from '../shared/stages.js';

/** Bytes that the page fetches for its workers. @param {Manifest} manifest */
export function bytesToLoad({ mujoco, pyodide, image, websim, kernels }) {
  return mujoco.bytes + pyodide.bytes + image.bytes + websim.bytes + kernels.plain.bytes;
}

/** Of each manifest: several simulations of a page share them. @type {Map<string, PartLoader>} */
const loaders = new Map();

/**
 * The parts for workers of this kind; what is not there yet is on its way.
 *
 * @param {Manifest} manifest
 * @param {boolean} reproducible  whether learning is to give the same bits on every machine
 * @param {boolean} shared        whether memory can be shared with workers
 * @returns {PartLoader}
 */
export function partsFor(manifest, reproducible, shared) {
  const key = JSON.stringify([manifest, reproducible, shared]);
  let loader = loaders.get(key);
  if (!loader) {
    const sibling = loaders.get(JSON.stringify([manifest, !reproducible, shared]));
    loader = new PartLoader(manifest, reproducible, shared, sibling);
    loaders.set(key, loader);
    // What failed is tried again for the next worker.
    Promise.all(Object.values(loader.parts)).catch(() => loaders.delete(key));
  }
  return loader;
}

export class PartLoader {
  /** Bytes that have arrived. */
  loaded = 0;
  /** @type {{[T in keyof Parts]: Promise<Parts[T]>}} */
  parts;

  /**
   * @param {Manifest} manifest @param {boolean} reproducible @param {boolean} shared
   * @param {PartLoader} [sibling]  of the same parts but for the kernels
   */
  constructor(manifest, reproducible, shared, sibling) {
    const { websim, kernels } = manifest;
    const variant = !reproducible && hasRelaxedSimd() ? 'relaxed' : 'plain';
    this.shared = shared;
    this.parts = {
      ...sibling ? sibling.parts : this.#common(manifest),
      packages: measured('fetch websim', Promise.all([
        this.#bytes(websim.url), this.#bytes(kernels[variant].url),
      ]).then(([bytes, kernelBytes]) => ({ websim: bytes, kernels: kernelBytes, variant }))),
    };
  }

  /** What all workers are made of. @param {Manifest} manifest */
  #common({ mujoco, pyodide, image }) {
    const physics = measured('fetch MuJoCo', this.#module(mujoco.wasm));
    // Robots move as soon as MuJoCo is there: what else there is to fetch and compile comes after it.
    const after = physics.catch(() => {});
    return {
      mujoco: physics,
      pyodide: measured('fetch Pyodide', after.then(() => this.#module(`${pyodide.index}pyodide.asm.wasm`))),
      image: measured('fetch Python image', after.then(() => this.#image(image))),
      python: measured('fetch Python library', Promise.all([
        fetchFile(`${pyodide.index}pyodide-lock.json`).then((response) => response.text()).then((text) => this.#counted(text)),
        this.#bytes(`${pyodide.index}python_stdlib.zip`),
      ]).then(([lock, stdlib]) => ({ lock, stdlib }))),
    };
  }

  /** Sends each part as it arrives, or why it does not. @param {Worker} worker */
  sendTo(worker) {
    for (const [part, promise] of Object.entries(this.parts)) {
      promise.then(
        (value) => worker.postMessage({ part, value }),
        (error) => worker.postMessage({ part, error: toPlain(error) }),
      );
    }
  }

  /** @param {string} url */
  async #module(url) {
    const response = await fetchFile(url);
    // A browser keeps compiled code for the untouched response only: a copy of it is counted.
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.clone().body).getReader();
    const count = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.loaded += value.length;
      }
    };
    count().catch(() => {}); // the compiler gets the error
    return WebAssembly.compileStreaming(response);
  }

  /** @param {Manifest['image']} image @returns {Promise<Parts['image']>} */
  async #image({ url, bytes }) {
    const file = await this.#bytes(url, bytes);
    const { header, at } = readImage(file);
    const places = new Map(header.files.map(({ path, place }) => [path, place]));
    return {
      file,
      libraries: await Promise.all(header.libraries.map(async (path) => {
        const library = at(/** @type {import('../shared/image.js').Place} */ (places.get(path)));
        // A compiler takes no shared memory: it gets a copy.
        return /** @type {[string, WebAssembly.Module]} */ ([path, await WebAssembly.compile(library.slice())]);
      })),
    };
  }

  /**
   * @param {string} url
   * @param {number} [size] of the file, where it is known: then it goes to its place as it arrives
   * @returns {Promise<Uint8Array<ArrayBufferLike>>}
   */
  async #bytes(url, size) {
    const response = await fetchFile(url);
    if (size === undefined) {
      const bytes = new Uint8Array(await response.arrayBuffer());
      this.loaded += bytes.length;
      if (!this.shared) return bytes;
      const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
      copy.set(bytes);
      return copy;
    }
    const file = new Uint8Array(this.shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    let at = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > size) throw new WorkerError(`${url}: longer than the ${size} bytes that the manifest says`);
      file.set(value, at);
      at += value.length;
      this.loaded += value.length;
    }
    if (at < size) throw new WorkerError(`${url}: it ended after ${at} of ${size} bytes`);
    return file;
  }

  /** @param {string} text of single-byte characters */
  #counted(text) {
    this.loaded += text.length;
    return text;
  }
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
