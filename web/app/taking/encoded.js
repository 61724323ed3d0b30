/**
 * A film that the browser encodes picture by picture, and Mediabunny puts into a file.
 *
 * Not by MediaRecorder: it takes pictures when it comes to it, and a short film on a busy machine had none.
 */

import { fetchManifest } from '../../sim/page/manifest.js';
import { MP4 } from './formats.js';

/** More pictures than these do not wait for the encoder: each takes some megabytes. */
const MOST_WAITING = 16;

export class EncodedFilm {
  #output;
  #source;
  #waiting = 0;
  /** What is being written. @type {Promise<void>} */
  #written = Promise.resolve();

  /**
   * Loads what writes it.
   *
   * @param {HTMLCanvasElement} canvas  that has the pictures
   * @param {import('./formats.js').Format} format
   * @param {number} bitrate  bits of each second
   * @throws {Error} the browser encodes nothing that such a file can have
   */
  static async make(canvas, format, bitrate) {
    const { libraries: { mediabunny: [{ url }] } } = await fetchManifest();
    const library = /** @type {typeof import('mediabunny')} */ (await import(url));
    // WebKitGTK looks for its codecs when it is asked for a recorder: without, its encoder ends the page.
    globalThis.MediaRecorder?.isTypeSupported(format.type);
    const codec = await library.getFirstEncodableVideoCodec(format.codecs, { width: canvas.width, height: canvas.height, bitrate });
    if (!codec) throw new Error(`This browser encodes none of ${format.codecs.join(', ')}: ${format.name} needs one of them. Choose another kind of film.`);
    const container = format === MP4 ? new library.Mp4OutputFormat() : new library.WebMOutputFormat();
    const output = new library.Output({ format: container, target: new library.BufferTarget() });
    const source = new library.CanvasSource(canvas, { codec, bitrate });
    output.addVideoTrack(source);
    await output.start();
    return new EncodedFilm(output, source);
  }

  /**
   * Use `EncodedFilm.make`.
   *
   * @param {import('mediabunny').Output<import('mediabunny').OutputFormat, import('mediabunny').BufferTarget>} output
   * @param {import('mediabunny').CanvasSource} source
   */
  constructor(output, source) {
    this.#output = output;
    this.#source = source;
  }

  /** Whether the encoder keeps up. */
  wants() {
    return this.#waiting < MOST_WAITING;
  }

  /** Adds what the canvas has. @param {CanvasRenderingContext2D} _context @param {number} now  in ms */
  add(_context, now) {
    this.#waiting++;
    const added = this.#source.add(now / 1000).finally(() => this.#waiting--);
    this.#written = this.#written.then(() => added);
    this.#written.catch(() => {}); // told when it ends
  }

  /**
   * @returns {Promise<BlobPart>}
   * @throws {Error} the browser could not encode a picture
   */
  async end() {
    await this.#written;
    await this.#output.finalize();
    return /** @type {ArrayBuffer} */ (this.#output.target.buffer);
  }
}
