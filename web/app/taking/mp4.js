/** A film as MP4 where the browser records none: it encodes each picture, and Mediabunny puts them into the file. */

import { fetchManifest } from '../../sim/page/manifest.js';

/** The best known first. @type {('avc'|'vp9'|'av1')[]} */
const CODECS = ['avc', 'vp9', 'av1'];

export class Mp4Film {
  #output;
  #source;
  /** What is being written. @type {Promise<void>} */
  #written = Promise.resolve();

  /**
   * Loads what writes it.
   *
   * @param {HTMLCanvasElement} canvas  that has the pictures
   * @param {number} bitrate  bits of each second
   * @throws {Error} the browser encodes nothing that an MP4 can have
   */
  static async make(canvas, bitrate) {
    const { libraries: { mediabunny: [{ url }] } } = await fetchManifest();
    const library = /** @type {typeof import('mediabunny')} */ (await import(url));
    const codec = await library.getFirstEncodableVideoCodec(CODECS, { width: canvas.width, height: canvas.height, bitrate });
    if (!codec) throw new Error(`This browser encodes none of ${CODECS.join(', ')}: an MP4 needs one of them. Choose another kind of film.`);
    const output = new library.Output({ format: new library.Mp4OutputFormat(), target: new library.BufferTarget() });
    const source = new library.CanvasSource(canvas, { codec, bitrate });
    output.addVideoTrack(source);
    await output.start();
    return new Mp4Film(output, source);
  }

  /**
   * Use `Mp4Film.make`.
   *
   * @param {import('mediabunny').Output<import('mediabunny').Mp4OutputFormat, import('mediabunny').BufferTarget>} output
   * @param {import('mediabunny').CanvasSource} source
   */
  constructor(output, source) {
    this.#output = output;
    this.#source = source;
  }

  /** Adds what the canvas has. @param {number} seconds  since the film began */
  add(seconds) {
    const added = this.#source.add(seconds);
    this.#written = this.#written.then(() => added);
    this.#written.catch(() => {}); // told when it ends
  }

  /** @returns {Promise<Blob>} */
  async end() {
    await this.#written;
    await this.#output.finalize();
    return new Blob([/** @type {ArrayBuffer} */ (this.#output.target.buffer)], { type: 'video/mp4' });
  }
}
