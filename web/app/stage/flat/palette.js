import { LEVELS, plainRampOf, rampOf } from './raster.js';

/** The ramps of all colours that are drawn, as the rasteriser reads them. */
export class Palette {
  /** Room for a few; it doubles when they are more. */
  ramps = new Uint32Array(16 * LEVELS);
  /** @type {Map<string, number>} */
  #offsets = new Map();
  #haze = [0, 0, 0];
  #plain = false;

  /** Sets the colour into which others fade; offsets of before mean nothing any more. @param {number[]} rgb @param {boolean} plain  for a model's own light */
  begin(rgb, plain) {
    this.#plain = plain;
    this.#offsets.clear();
    this.#haze = rgb;
  }

  /**
   * The offset of a colour's ramp.
   *
   * @param {number[]} rgb  as the screen shows it in full light, 0 to 1
   * @param {number} [haze]  how far it has faded, 0 to 1
   */
  offset(rgb, haze = 0) {
    const key = [...rgb, haze].map((part) => part.toFixed(4)).join();
    let offset = this.#offsets.get(key);
    if (offset === undefined) {
      offset = this.#offsets.size * LEVELS;
      this.#offsets.set(key, offset);
      if (offset + LEVELS > this.ramps.length) {
        const ramps = new Uint32Array(2 * this.ramps.length);
        ramps.set(this.ramps);
        this.ramps = ramps;
      }
      this.ramps.set((this.#plain ? plainRampOf : rampOf)(rgb, this.#haze, haze), offset);
    }
    return offset;
  }
}
