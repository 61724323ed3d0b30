/** Environments that are drawn in one way, as a list that the GPU can read. */
export class Slots {
  /** @param {number} capacity */
  constructor(capacity) {
    this.capacity = capacity;
    /** [capacity, 3]: of each where it stands, x and y, and its index in its group. */
    this.places = new Float32Array(capacity * 3);
    this.count = 0;
  }

  clear() {
    this.count = 0;
  }

  get full() {
    return this.count === this.capacity;
  }

  /** @param {Float32Array} cells @param {number} env */
  add(cells, env) {
    const at = 3 * this.count++;
    this.places[at] = cells[2 * env];
    this.places[at + 1] = cells[2 * env + 1];
    this.places[at + 2] = env;
  }
}
