/** A film of the stage: every picture that is drawn, until it is stopped. */

import { GIF, MP4, filmSize } from './formats.js';
import { GifFilm } from './gif.js';

/** Heights of films, in pixels, and bits of each second. */
const HEIGHT = 720;
const GIF_HEIGHT = 360;
const BITS = 8e6;

export class Film {
  #canvas = document.createElement('canvas');
  /** @type {MediaRecorder|null} */
  #recorder = null;
  /** @type {MediaStream|null} */
  #stream = null;
  /** @type {GifFilm|null} */
  #gif = null;
  /** @type {import('./mp4.js').Mp4Film|null} */
  #mp4 = null;
  /** @type {Blob[]} */
  #parts = [];
  /** Pictures so far. */
  pictures = 0;

  /**
   * Begins one.
   *
   * @param {import('./formats.js').Format} format
   * @param {number} width @param {number} height  of the stage
   * @throws {Error} the browser cannot write it, or what writes it cannot be loaded
   */
  static async make(format, width, height) {
    const film = new Film(format, width, height);
    if (format === MP4) {
      const { Mp4Film } = await import('./mp4.js');
      film.#mp4 = await Mp4Film.make(film.#canvas, BITS);
      film.began = performance.now();
    }
    return film;
  }

  /**
   * Use `Film.make`.
   *
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
    if (format === MP4) return;
    // A picture is taken when it is there, not by a clock: what is drawn rarely is no blur.
    this.#stream = this.#canvas.captureStream(0);
    this.#recorder = new MediaRecorder(this.#stream, { mimeType: format.type, videoBitsPerSecond: BITS });
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
    if (this.#stream) takeFrame(this.#stream);
    this.#mp4?.add((performance.now() - this.began) / 1000);
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
    if (this.#mp4) return this.#mp4.end();
    const recorder = /** @type {MediaRecorder} */ (this.#recorder);
    await new Promise((resolve, reject) => {
      recorder.addEventListener('stop', resolve);
      recorder.addEventListener('error', () => reject(new Error('The browser could not write the film.')));
      recorder.stop();
    });
    for (const track of recorder.stream.getTracks()) track.stop();
    return new Blob(this.#parts, { type: this.format.type.split(';')[0] });
  }
}

/** @typedef {{requestFrame: () => void}} Asked */

/** Takes a picture of a canvas: Firefox asks the stream for it, all others its track. @param {MediaStream} stream */
function takeFrame(stream) {
  const [track] = stream.getVideoTracks();
  /** @type {Asked} */ (/** @type {unknown} */ ('requestFrame' in track ? track : stream)).requestFrame();
}
