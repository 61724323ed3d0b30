/**
 * ONNX's own runtime for the CPU, which is loaded when the first graph is to be played. Its JavaScript works by
 * promises, and a batch cannot wait for one, so the functions of its WebAssembly are called here:
 * https://github.com/microsoft/onnxruntime/blob/main/js/web/lib/wasm/wasm-core-impl.ts is the example.
 */

/** Of options: all optimisations of the graph; nodes one after the other; nothing is logged below an error that ends all. */
const ALL = 99;
const SEQUENTIAL = 0;
const FATAL = 4;

const POINTER = 4;
const ON_CPU = 1;

/** What crosses to Python: ONNX's number of the type, shape, and bytes. @typedef {[type: number, shape: number[], bytes: Uint8Array]} Tensor */

export class OnnxRuntime {
  /** Why it can do nothing any longer. @type {string} */
  broken = '';

  /** @param {string} script  of onnxruntime-web's build without asyncify @param {string} binary  its WebAssembly */
  static async create(script, binary) {
    const { default: make } = await import(script);
    const quiet = () => {};
    const module = await make({ numThreads: 1, locateFile: () => binary, print: quiet, printErr: quiet });
    return new OnnxRuntime(module);
  }

  /** Use `OnnxRuntime.create`. @param {any} module */
  constructor(module) {
    this.module = module;
    this.#check(module._OrtInit(1, FATAL));
  }

  /**
   * Reads a graph.
   *
   * @param {Uint8Array} model  an .onnx
   * @throws {Error} with the runtime's own words
   */
  session(model) {
    return this.guarded(() => {
      const { module } = this;
      const options = this.#made(module._OrtCreateSessionOptions(ALL, true, true, SEQUENTIAL, false, 0, 0, FATAL, 0, 0));
      const data = module._malloc(model.length);
      try {
        module.HEAPU8.set(model, data);
        return new OnnxSession(this, this.#made(module._OrtCreateSession(data, model.length, options)));
      } finally {
        module._free(data);
        module._OrtReleaseSessionOptions(options);
      }
    });
  }

  /**
   * Runs something; what traps or aborts ends the runtime, and not the worker.
   *
   * @template T @param {() => T} work @returns {T}
   */
  guarded(work) {
    if (this.broken) throw new Error(`ONNX Runtime has stopped: ${this.broken}`);
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Refusal)) this.broken = error instanceof Error ? error.message : String(error);
      throw new Error(error instanceof Refusal ? error.message : `ONNX Runtime has stopped: ${this.broken}`, { cause: error });
    }
  }

  /** @param {number} code  that says whether something went well */
  #check(code) {
    if (code) throw new Refusal(this.#lastError());
  }

  /** @param {number} handle  0: it was not made */
  #made(handle) {
    this.#check(handle ? 0 : 1);
    return handle;
  }

  #lastError() {
    const { module } = this;
    const stack = module.stackSave();
    try {
      const place = module.stackAlloc(2 * POINTER);
      module._OrtGetLastError(place, place + POINTER);
      const text = module.getValue(place + POINTER, '*');
      return text ? module.UTF8ToString(text) : 'it does not say why';
    } finally {
      module.stackRestore(stack);
    }
  }

  /**
   * @param {number} session
   * @param {[name: string, tensor: Tensor][]} inputs
   * @param {string[]} wanted  outputs
   * @returns {Tensor[]}
   */
  run(session, inputs, wanted) {
    const { module } = this;
    const stack = module.stackSave();
    /** @type {number[]} */
    const blocks = [];
    /** @type {number[]} */
    const tensors = [];
    const block = (/** @type {number} */ size) => {
      const place = module._malloc(size);
      blocks.push(place);
      return place;
    };
    const text = (/** @type {string} */ words) => {
      const size = module.lengthBytesUTF8(words) + 1;
      const place = block(size);
      module.stringToUTF8(words, place, size);
      return place;
    };
    const list = (/** @type {number[]} */ values) => {
      const place = block(POINTER * Math.max(1, values.length));
      values.forEach((value, i) => module.setValue(place + i * POINTER, value, '*'));
      return place;
    };
    const options = this.#made(module._OrtCreateRunOptions(FATAL, 0, false, 0));
    try {
      const given = inputs.map(([, [type, shape, bytes]]) => {
        const data = block(Math.max(1, bytes.length));
        module.HEAPU8.set(bytes, data);
        const tensor = this.#made(module._OrtCreateTensor(type, data, bytes.length, list(shape), shape.length, ON_CPU));
        tensors.push(tensor);
        return tensor;
      });
      const results = list(wanted.map(() => 0));
      this.#check(module._OrtRun(
        session, list(inputs.map(([name]) => text(name))), list(given), given.length,
        list(wanted.map(text)), wanted.length, results, options,
      ));
      const made = wanted.map((_, i) => module.getValue(results + i * POINTER, '*'));
      tensors.push(...made);
      return made.map((tensor) => this.#read(tensor));
    } finally {
      for (const tensor of tensors) module._OrtReleaseTensor(tensor);
      module._OrtReleaseRunOptions(options);
      for (const place of blocks) module._free(place);
      module.stackRestore(stack);
    }
  }

  /** @param {number} tensor @returns {Tensor} */
  #read(tensor) {
    const { module } = this;
    const places = module.stackAlloc(4 * POINTER);
    this.#check(module._OrtGetTensorData(tensor, places, places + POINTER, places + 2 * POINTER, places + 3 * POINTER));
    const [type, data, dims, rank] = [0, 1, 2, 3].map((i) => module.getValue(places + i * POINTER, '*'));
    const shape = Array.from({ length: rank }, (_, i) => module.getValue(dims + i * POINTER, 'i32'));
    module._OrtFree(dims);
    const width = WIDTHS[type];
    if (!width) throw new Refusal(`an output is of ONNX's type ${type}: numbers are needed`);
    const size = shape.reduce((product, side) => product * side, width);
    return [type, shape, module.HEAPU8.slice(data, data + size)];
  }
}

/** Bytes of an element, by ONNX's number of the type. @type {Record<number, number>} */
const WIDTHS = { 1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8 };

/** What the runtime says no to, and lives on. */
class Refusal extends Error {}

/** A graph that can be run. */
export class OnnxSession {
  /** Use `OnnxRuntime.session`. @param {OnnxRuntime} runtime @param {number} handle */
  constructor(runtime, handle) {
    this.runtime = runtime;
    this.handle = handle;
  }

  /**
   * @param {[name: string, tensor: Tensor][]} inputs
   * @param {string[]} wanted  names of outputs
   * @returns {Tensor[]}
   * @throws {Error} with the runtime's own words
   */
  run(inputs, wanted) {
    return this.runtime.guarded(() => this.runtime.run(this.handle, inputs, wanted));
  }

  /** Frees it. */
  close() {
    if (!this.runtime.broken && this.handle) this.runtime.module._OrtReleaseSession(this.handle);
    this.handle = 0;
  }
}
