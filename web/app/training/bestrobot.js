/** The best of the robots that learn: the one whose last episode had the highest return. */

export class BestRobot {
  /** Return of the last episode by environment. @type {Map<number, number>} */
  #returns = new Map();
  /** @type {number|null} */
  index = null;

  /** Other robots. */
  clear() {
    this.#returns.clear();
    this.index = null;
  }

  /** An episode has ended. @param {number} index  of the environment @param {number} episodeReturn */
  note(index, episodeReturn) {
    this.#returns.set(index, episodeReturn);
    const best = this.index === null ? -Infinity : this.#returns.get(this.index) ?? -Infinity;
    if (index === this.index || this.index === null) this.#search();
    else if (episodeReturn > best) this.index = index;
  }

  /** The best so far may have done worse this time. */
  #search() {
    let best = -Infinity;
    for (const [index, episodeReturn] of this.#returns) {
      if (episodeReturn > best) [best, this.index] = [episodeReturn, index];
    }
  }
}
