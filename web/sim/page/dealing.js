/** Which environments there are, and how they are dealt to the workers. */

import { divide } from './balance.js';

/**
 * @typedef {import('./balance.js').Range} Range
 * @typedef {import('../shared/protocol.js').Experiment} Experiment
 * @typedef {{experiment: Experiment, numEnvs: number}} Request  a group that is asked for
 * @typedef {{experiment: Experiment, numEnvs: number, ranks: number}} Learners  the group that learns, if one does
 *
 * @typedef {import('../shared/protocol.js').ShardDescription} ShardDescription
 *
 * @typedef {object} Place  the environments of one task among all
 * @property {string} task
 * @property {string} title            what it is called; a built-in task by its id
 * @property {number} numEnvs
 * @property {number} offset           index of its first environment
 * @property {boolean} learns          whether a training run drives it; no other group can be the first then
 * @property {number} observationSize
 * @property {number} actionSize
 * @property {Float32Array} actionLow
 * @property {Float32Array} actionHigh
 * @property {import('../worker/scene.js').Scene} scene
 *
 * @typedef {Place & Omit<import('../shared/messages.js').About, 'sizes' | keyof Place>} Group  with what its workers say
 */

export class Dealing {
  /** As the workers have described them. @type {Group[]} */
  groups = [];
  /** They come first. @type {Learners | null} */
  learners = null;

  /** @param {Request[]} requests  the groups that do not learn */
  constructor(requests) {
    this.requests = requests;
  }

  get #all() {
    return this.learners ? [this.learners, ...this.requests] : this.requests;
  }

  /** Environments of all groups together. */
  get numEnvs() {
    return this.#all.reduce((sum, { numEnvs }) => sum + numEnvs, 0);
  }

  /** The groups that do not learn. */
  get driven() {
    return this.groups.filter(({ learns }) => !learns);
  }

  /**
   * Each worker's environments of each group; of the learners all ranks have as many.
   *
   * @param {number[]} costs  of the requests: time of an environment step
   * @param {number} workers
   * @returns {Range[][]}
   */
  ranges(costs, workers) {
    const division = divide(this.requests.map(({ numEnvs }, i) => ({ numEnvs, cost: costs[i] })), workers);
    const { learners } = this;
    if (!learners) return division;
    const count = learners.numEnvs / learners.ranks;
    return division.map((ranges, i) => [{ first: i * count, count }, ...ranges]);
  }

  /**
   * What a worker is to make.
   *
   * @param {Range[]} ranges  its environments of each group
   * @param {number} seed
   * @returns {import('../shared/protocol.js').ShardSpec[]}
   */
  specs(ranges, seed) {
    return this.requests.flatMap(({ experiment }, i) => {
      const group = this.learners ? i + 1 : i;
      const { first, count } = ranges[group];
      return count ? [{ group, experiment, first, numEnvs: count, seed }] : [];
    });
  }

  /** Takes what a worker says of its environments. @param {ShardDescription[]} descriptions */
  describe(descriptions) {
    for (const description of descriptions) this.groups[description.group] ??= this.#groupOf(description);
  }

  /** @param {ShardDescription} description @returns {Group} */
  #groupOf({ group, about: { sizes, ...about }, scene }) {
    const all = this.#all;
    const { experiment: { task, title }, numEnvs } = all[group];
    const offset = all.slice(0, group).reduce((sum, request) => sum + request.numEnvs, 0);
    const { observationSize, actionSize } = sizes;
    return {
      ...about, task, title: title || task, numEnvs, offset, learns: this.learners !== null && group === 0, observationSize, actionSize,
      actionLow: Float32Array.from(about.actionLow), actionHigh: Float32Array.from(about.actionHigh), scene,
    };
  }
}
