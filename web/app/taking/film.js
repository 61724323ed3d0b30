/** A film of the stage: every picture that is drawn, until it is stopped. */

import { EncodedFilm } from './encoded.js';
import { GIF, filmSize } from './formats.js';
import { GifFilm } from './gif.js';

/** Heights of films, in pixels, and bits of each second. */
const HEIGHT = 720;
const GIF_HEIGHT = 360;
const BITS = 8e6;

export class Film {
  #context;
  #writer;
  #began = performance.now();
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
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = filmSize(width, height, format === GIF ? GIF_HEIGHT : HEIGHT);
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: format === GIF });
    if (!context) throw new Error('The browser has no memory for a film.');
    const writer = format === GIF ? new GifFilm(canvas.width, canvas.height) : await EncodedFilm.make(canvas, format, BITS);
    return new Film(format, context, writer);
  }

  /**
   * Use `Film.make`.
   *
   * @param {import('./formats.js').Format} format
   * @param {CanvasRenderingContext2D} context
   * @param {GifFilm|EncodedFilm} writer
   */
  constructor(format, context, writer) {
    this.format = format;
    this.#context = context;
    this.#writer = writer;
  }

  /** How long it is so far, in ms. */
  get length() {
    return performance.now() - this.#began;
  }

  /** Adds a picture, where it is time for one. @param {HTMLCanvasElement} canvas  that was just drawn */
  add(canvas) {
    const now = this.length;
    if (!this.#writer.wants(now)) return;
    const { width, height } = this.#context.canvas;
    this.#context.drawImage(canvas, 0, 0, width, height);
    this.#writer.add(this.#context, now);
    this.pictures++;
  }

  /**
   * Ends it.
   *
   * @returns {Promise<Blob>}
   * @throws {Error} when the browser cannot write it
   */
  async end() {
    return new Blob([await this.#writer.end(this.length)], { type: this.format.type });
  }
}
