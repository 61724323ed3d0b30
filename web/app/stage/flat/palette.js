import { LEVELS, rampOf } from './raster.js';

/** The ramps of all colours that are drawn, as the rasteriser reads them. */
export class Palette {
  ramps = new Uint32Array(0);
  /** @type {Map<string, number>} */
  #offsets = new Map();

  /**
   * The offset of a colour's ramp.
   *
   * @param {number[]} rgb  as the screen shows it in full light, 0 to 1
   */
  offset(rgb) {
    const key = rgb.map((part) => part.toFixed(4)).join();
    let offset = this.#offsets.get(key);
    if (offset === undefined) {
      offset = this.#offsets.size * LEVELS;
      this.#offsets.set(key, offset);
      const ramps = new Uint32Array(offset + LEVELS);
      ramps.set(this.ramps);
      ramps.set(rampOf(rgb), offset);
      this.ramps = ramps;
    }
    return offset;
  }
}
