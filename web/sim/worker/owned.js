/** What a worker owns: environments that controllers drive, a learner, or the overture to them. */

/**
 * @typedef {import('./published.js').Published} Published
 * @typedef {import('./shard.js').WorkerShard} WorkerShard
 */

export class Owned {
  /** The environments that controllers drive. @type {WorkerShard[]} */
  shards = [];
  /** @type {import('./learner.js').Learner | undefined} */
  learner;
  /** Moves the robots until Python is up. @type {import('./overture.js').Overture | undefined} */
  overture;

  /** All that the page sees; what learns comes first. */
  get all() {
    return this.overture ? [this.overture] : this.shown;
  }

  /** Those of `all` that Python steps. @returns {WorkerShard[]} */
  get shown() {
    return this.learner ? [this.learner.shard, ...this.shards] : this.shards;
  }

  /** The environments of a group that controllers drive. @param {number} group */
  driven(group) {
    return this.shards.find((shard) => shard.group === group);
  }

  /**
   * Has the first of all count what they share, so that it is counted once.
   *
   * @param {(first: any) => number} bytes  of Python's and MuJoCo's memory
   */
  countMemory(bytes) {
    const [first, ...others] = /** @type {Published[]} */ (this.all);
    for (const other of others) other.heapBytes = () => 0;
    if (first) first.heapBytes = () => bytes(first);
  }

  /** Frees shards and learner. @returns {boolean} whether there was a learner */
  close() {
    const { learner } = this;
    for (const shard of this.shards) shard.close();
    this.shards = [];
    this.learner = undefined;
    learner?.close();
    return learner !== undefined;
  }
}
