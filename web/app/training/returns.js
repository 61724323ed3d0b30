/** Robots that learn, in colours by the return of the last episode of each. */

/** Colours in the stylesheet, from the least return to the greatest, which everybody can tell apart. */
export const COLOURS = 7;

/** How much of it a robot has: it is still seen which one it is. */
const PART = 0.6;

/** From so many robots on the range is known, and these parts of them are beyond its ends. */
const FEWEST = 4;
const BEYOND = 0.05;

/** @typedef {import('../stage/view.js').Tint} Tint */

export class Returns {
  /** Of each robot that learns; NaN as long as no episode of it has ended. */
  #last = new Float64Array(0);
  #changed = false;
  /** @type {Tint[]} */
  #tints = [];
  /** The least and the greatest return that have colours of their own; null: not known yet. @type {[number, number]|null} */
  range = null;

  /** Robots that learn. */
  get robots() {
    return this.#last.length;
  }

  /** @param {number} robots  that learn */
  begin(robots) {
    this.#last = new Float64Array(robots).fill(NaN);
    this.range = null;
    this.#tints = [];
  }

  /** @param {number} index @param {number} episodeReturn */
  note(index, episodeReturn) {
    if (index >= this.#last.length || !Number.isFinite(episodeReturn)) return;
    this.#last[index] = episodeReturn;
    this.#changed = true;
  }

  /** The same list as long as nothing has changed. @returns {Tint[]} */
  get tints() {
    if (!this.#changed) return this.#tints;
    this.#changed = false;
    const known = this.#last.filter((value) => !Number.isNaN(value)).sort();
    if (known.length < FEWEST) return this.#tints;
    const low = known[Math.floor(BEYOND * (known.length - 1))];
    const high = known[Math.ceil((1 - BEYOND) * (known.length - 1))];
    if (!(high > low)) return this.#tints;
    this.range = [low, high];
    this.#tints = [];
    this.#last.forEach((value, first) => {
      if (Number.isNaN(value)) return;
      const part = Math.min(1, Math.max(0, (value - low) / (high - low)));
      const color = `--return-${1 + Math.min(COLOURS - 1, Math.floor(COLOURS * part))}`;
      const before = this.#tints.at(-1);
      if (before?.color === color && before.first + before.count === first) before.count++;
      else this.#tints.push({ first, count: 1, color, part: PART });
    });
    return this.#tints;
  }
}
