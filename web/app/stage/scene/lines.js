/** Lines with a width in the world, which are drawn besides the robots: tendons, axes, forces, trails. */

/** Numbers of a line: its ends and its radius. */
export const LINE = 7;

/** @typedef {number[]} Rgb  as the screen shows it, 0 to 1; each colour is one array */

export class Lines {
  /** [count, LINE]; it grows as needed. */
  data = new Float64Array(64 * LINE);
  /** @type {Rgb[]} */
  colors = [];
  count = 0;

  clear() {
    this.count = 0;
  }

  /**
   * @param {{x: number, y: number, z: number}} from @param {{x: number, y: number, z: number}} to  a ball where both are the same
   * @param {number} radius @param {Rgb} color
   */
  add(from, to, radius, color) {
    const at = this.count * LINE;
    if (at + LINE > this.data.length) {
      const larger = new Float64Array(2 * this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[at] = from.x;
    this.data[at + 1] = from.y;
    this.data[at + 2] = from.z;
    this.data[at + 3] = to.x;
    this.data[at + 4] = to.y;
    this.data[at + 5] = to.z;
    this.data[at + 6] = radius;
    this.colors[this.count++] = color;
  }
}
