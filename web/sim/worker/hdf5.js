/** A file of HDF5 that is written, by h5wasm, which is loaded when the first one is. */

/**
 * A FileSystemSyncAccessHandle, as far as it is used.
 *
 * @typedef {object} Handle
 * @property {(data: Uint8Array, options: {at: number}) => number} read
 * @property {(data: Uint8Array, options: {at: number}) => number} write
 * @property {() => number} getSize
 * @property {(size: number) => void} truncate
 */

const PATH = '/recording.hdf5';

const IO_ERROR = 29; // EIO, as Emscripten numbers it

/** By numpy's names. @type {Record<string, [Type: any, name: string]>} */
const TYPES = {
  f8: [Float64Array, '<d'],
  f4: [Float32Array, '<f'],
  i8: [BigInt64Array, '<q'],
  b1: [Uint8Array, '<B'], // h5wasm writes no enumerations, which are what h5py takes for booleans
};

export class Hdf5File {
  /** Why the disk did not take something: HDF5 itself does not say. @type {unknown} */
  #failure;
  #open = true;

  /**
   * @param {string} script  of h5wasm
   * @param {Handle} [handle]  an empty file on disk; without it all is in memory
   */
  static async create(script, handle) {
    const { default: h5wasm } = await import(script);
    return new Hdf5File(h5wasm, await h5wasm.ready, handle);
  }

  /** Use `Hdf5File.create`. @param {any} h5wasm @param {any} module  its WebAssembly @param {Handle} [handle] */
  constructor(h5wasm, { FS }, handle) {
    this.FS = FS;
    FS.writeFile(PATH, new Uint8Array());
    if (handle) this.#place(handle);
    this.file = new h5wasm.File(PATH, 'w');
  }

  /** Has what is written to PATH go to the disk. @param {Handle} handle */
  #place(handle) {
    const { node } = this.FS.lookupPath(PATH);
    /** @template T @param {() => T} work @returns {T} */
    const noted = (work) => {
      try {
        return work();
      } catch (error) {
        this.#failure ??= error;
        throw new this.FS.ErrnoError(IO_ERROR);
      }
    };
    /** @param {'read' | 'write'} way */
    const moved = (way) => (/** @type {any} */ _, /** @type {Int8Array} */ memory, /** @type {number} */ offset, /** @type {number} */ length, /** @type {number} */ at) => (
      noted(() => {
        const count = handle[way](new Uint8Array(memory.buffer, offset, length), { at });
        if (way === 'write' && count < length) throw new Error('the disk is full');
        return count;
      })
    );
    const { getattr, setattr } = node.node_ops;
    node.node_ops = {
      ...node.node_ops,
      getattr: (/** @type {any} */ of) => ({ ...getattr(of), size: handle.getSize() }),
      setattr: (/** @type {any} */ of, /** @type {any} */ { size, ...others }) => {
        if (size !== undefined) noted(() => handle.truncate(size));
        setattr(of, others);
      },
    };
    node.stream_ops = { ...node.stream_ops, read: moved('read'), write: moved('write') };
  }

  /** @param {string} path */
  group(path) {
    this.file.create_group(path);
    this.#check();
  }

  /** An integer that a group has. @param {string} group @param {string} name @param {number} value */
  attribute(group, name, value) {
    this.file.get(group).create_attribute(name, BigInt64Array.of(BigInt(value)), [], '<q');
    this.#check();
  }

  /** @param {string} path @param {Uint8Array<ArrayBuffer>} bytes  in a buffer of their own @param {number[]} shape @param {string} type  one of TYPES */
  array(path, bytes, shape, type) {
    const [Type, dtype] = TYPES[type];
    this.file.create_dataset({ name: path, data: new Type(bytes.buffer), shape: [...shape], dtype });
    this.#check();
  }

  /** Ends the file; without a handle these are its bytes. */
  close() {
    if (this.#open) this.file.close();
    this.#open = false;
    this.#check();
  }

  /** What was written, where it is in memory. @returns {Uint8Array<ArrayBuffer>} */
  bytes() {
    return this.FS.readFile(PATH);
  }

  #check() {
    if (this.#failure) throw this.#failure;
  }
}
