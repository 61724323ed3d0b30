/** A film of the stage: every picture that is drawn, until it is stopped. */

import { GIF, filmSize } from './formats.js';
import { GifFilm } from './gif.js';

/** Heights of films, in pixels, and bits of each second. */
const HEIGHT = 720;
const GIF_HEIGHT = 360;
const BITS = 8e6;

export class Film {
  #canvas = document.createElement('canvas');
  /** @type {MediaRecorder|null} */
  #recorder = null;
  /** @type {CanvasCaptureMediaStreamTrack|null} */
  #track = null;
  /** @type {GifFilm|null} */
  #gif = null;
  /** @type {Blob[]} */
  #parts = [];
  /** Pictures so far. */
  pictures = 0;

  /**
   * @param {import('./formats.js').Format} format
   * @param {number} width @param {number} height  of the stage
   */
  constructor(format, width, height) {
    this.format = format;
    [this.#canvas.width, this.#canvas.height] = filmSize(width, height, format === GIF ? GIF_HEIGHT : HEIGHT);
    this.began = performance.now();
    if (format === GIF) {
      this.#gif = new GifFilm(this.#canvas.width, this.#canvas.height);
      return;
    }
    // A picture is taken when it is there, not by a clock: what is drawn rarely is no blur.
    const stream = this.#canvas.captureStream(0);
    this.#track = /** @type {CanvasCaptureMediaStreamTrack} */ (stream.getVideoTracks()[0]);
    this.#recorder = new MediaRecorder(stream, { mimeType: format.type, videoBitsPerSecond: BITS });
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#parts.push(data));
    this.#recorder.start();
  }

  /** Adds a picture. @param {HTMLCanvasElement} canvas  that was just drawn */
  add(canvas) {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext('2d', { alpha: false, willReadFrequently: this.#gif !== null });
    if (this.#gif && !this.#gif.due(performance.now())) return;
    context?.drawImage(canvas, 0, 0, width, height);
    this.pictures++;
    this.#track?.requestFrame();
    if (context) this.#gif?.add(context.getImageData(0, 0, width, height).data, performance.now());
  }

  /**
   * Ends it.
   *
   * @returns {Promise<Blob>}
   * @throws {Error} when the browser cannot write it
   */
  async end() {
    if (this.#gif) return this.#gif.end(performance.now());
    const recorder = /** @type {MediaRecorder} */ (this.#recorder);
    await new Promise((resolve, reject) => {
      recorder.addEventListener('stop', resolve);
      recorder.addEventListener('error', () => reject(new Error('The browser could not write the film.')));
      recorder.stop();
    });
    this.#track?.stop();
    return new Blob(this.#parts, { type: this.format.type.split(';')[0] });
  }
}
