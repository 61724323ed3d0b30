/** Files of HDF5, by h5wasm, which is loaded when the first one comes. */

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

/** What crosses to Python: numpy's name of the type, shape, and bytes. @typedef {[type: string, shape: number[], bytes: Uint8Array]} Numbers */

const IO_ERROR = 29; // EIO, as Emscripten numbers it

/** By numpy's names. @type {Record<string, [Type: any, name: string]>} */
const TYPES = {
  f8: [Float64Array, '<d'],
  f4: [Float32Array, '<f'],
  i8: [BigInt64Array, '<q'],
  b1: [Uint8Array, '<B'], // h5wasm writes no enumerations, which are what h5py takes for booleans
};

/** Numpy's names. @type {Record<string, string>} */
const NAMES = {
  Float64Array: 'f8', Float32Array: 'f4', BigInt64Array: 'i8', BigUint64Array: 'u8', Int32Array: 'i4', Uint32Array: 'u4',
  Int16Array: 'i2', Uint16Array: 'u2', Int8Array: 'i1', Uint8Array: 'u1',
};

export class Hdf5 {
  /** @param {string} script  of h5wasm */
  static async load(script) {
    const { default: h5wasm } = await import(script);
    return new Hdf5(h5wasm, await h5wasm.ready);
  }

  /** Use `Hdf5.load`. @param {any} h5wasm @param {any} module  its WebAssembly */
  constructor(h5wasm, module) {
    this.h5wasm = h5wasm;
    this.module = module;
  }

  /** A file to be written. @param {Handle} [handle]  an empty file on disk; without it all is in memory */
  create(handle) {
    return new Hdf5File(this.h5wasm, this.module, handle);
  }

  /** A file to be read. @param {Uint8Array} data @throws {Error} it is none */
  open(data) {
    return new Hdf5Reading(this.h5wasm, this.module, data);
  }
}

/** A file that is read; paths begin at its root, without a stroke. */
class Hdf5Reading {
  /** @param {any} h5wasm @param {any} module @param {Uint8Array} data */
  constructor(h5wasm, { FS }, data) {
    this.FS = FS;
    FS.writeFile(PATH, data);
    this.file = new h5wasm.File(PATH, 'r');
    this.file.keys(); // it is opened whatever it is
  }

  /** What is in a group; undefined where that is none. @param {string} path @returns {string[] | undefined} */
  names(path) {
    return (path ? this.file.get(path) : this.file)?.keys?.();
  }

  /** The numbers of a dataset; undefined where there is none, or something else in it. @param {string} path @returns {Numbers | undefined} */
  array(path) {
    const found = this.file.get(path);
    const values = found?.value;
    const name = ArrayBuffer.isView(values) ? NAMES[values.constructor.name] : undefined;
    if (!name) return undefined;
    return [name, [...found.shape], new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
  }

  /** A number that belongs to a group; undefined where there is none. @param {string} path @param {string} name */
  attribute(path, name) {
    const value = this.file.get(path)?.attrs[name]?.value;
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
  }

  close() {
    this.file.close();
    this.FS.unlink(PATH);
  }
}

class Hdf5File {
  /** Why the disk did not take something: HDF5 itself does not say. @type {unknown} */
  #failure;
  #open = true;

  /** Use `Hdf5.create`. @param {any} h5wasm @param {any} module  its WebAssembly @param {Handle} [handle] */
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
