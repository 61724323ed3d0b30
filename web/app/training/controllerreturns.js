/** What the episodes of each controller have returned: of those that it played from their beginning to their end. */

/** Episodes that a mean is of: the newest, since a controller may be one that is being learnt. */
const NEWEST = 100;

export class ControllerReturns {
  /** Of each environment; '': it learns. @type {string[]} */
  #controllers = [];
  /** Whether the episode under way began under its controller. @type {boolean[]} */
  #whole = [];
  /** By controller: the newest, and how many there were in all. @type {Map<string, {newest: number[], count: number}>} */
  #returns = new Map();

  /** All is forgotten: there are other robots. */
  clear() {
    this.#controllers = [];
    this.#whole = [];
    this.#returns.clear();
  }

  /**
   * Says who moves which robots from now on; controllers that move none any more are forgotten. Of robots
   * that get another one the next end of an episode is not counted: both have played it.
   *
   * @param {string[]} controllers  one for each environment
   */
  assign(controllers) {
    // Robots that are there for the first time begin their episodes under it.
    this.#whole = controllers.map((name, i) => this.#controllers[i] === undefined || (this.#controllers[i] === name && this.#whole[i]));
    this.#controllers = controllers;
    for (const name of this.#returns.keys()) if (!controllers.includes(name)) this.#returns.delete(name);
  }

  /** An episode has ended. @param {number} index @param {number} episodeReturn */
  note(index, episodeReturn) {
    const name = this.#controllers[index];
    if (name === undefined) return;
    if (!this.#whole[index]) {
      this.#whole[index] = true;
      return;
    }
    const returns = this.#returns.get(name) ?? { newest: [], count: 0 };
    returns.count++;
    returns.newest.push(episodeReturn);
    if (returns.newest.length > NEWEST) returns.newest.shift();
    this.#returns.set(name, returns);
  }

  /**
   * @param {string} controller
   * @returns {{mean: number, of: number, count: number}}  the mean of the newest, how many of how many; NaN: there are none
   */
  of(controller) {
    const { newest, count } = this.#returns.get(controller) ?? { newest: [], count: 0 };
    return { mean: newest.reduce((sum, value) => sum + value, 0) / newest.length, of: newest.length, count };
  }
}
