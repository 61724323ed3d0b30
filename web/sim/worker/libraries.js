/**
 * Libraries that few workers need. Python asks for one when it needs it, in the middle of something, and cannot wait:
 * where the library is not there yet, that something fails, the library is loaded, and it is done again.
 */

export class Libraries {
  /** @type {import('../shared/messages.js').Manifest | undefined} */
  manifest;
  /** @type {import('./onnx.js').OnnxRuntime | undefined} */
  #onnx;
  #wanted = false;

  /** What plays graphs of ONNX's; undefined where `bring` has to load it first. */
  get onnx() {
    if (this.#onnx?.broken) this.#onnx = undefined;
    this.#wanted ||= !this.#onnx;
    return this.#onnx;
  }

  /** Loads what was asked for since the last time. @returns {Promise<boolean>}  whether there was something */
  async bring() {
    const wanted = this.#wanted;
    this.#wanted = false;
    if (!wanted) return false;
    const { OnnxRuntime } = await import('./onnx.js');
    const [script, binary] = this.urls('onnxruntime-web');
    this.#onnx = await OnnxRuntime.create(script, binary);
    return true;
  }

  /** Addresses of the files of a library. @param {string} name */
  urls(name) {
    return /** @type {import('../shared/messages.js').Manifest} */ (this.manifest).libraries[name].map(({ url }) => url);
  }
}
