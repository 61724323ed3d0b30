/**
 * What the page keeps of its workers' environments: which are where, and the memory in which each
 * part is seen.
 */

import { checkInteger } from './arguments.js';
import { COUNTERS, readWhole, viewsOf } from '../shared/memory.js';
import { PoseReader } from './poses.js';

/**
 * @typedef {import('./balance.js').Range} Range
 * @typedef {import('./dealing.js').Group} Group
 * @typedef {typeof COUNTERS[number]} Counter
 *
 * @typedef {object} Shard  one worker's part of one group
 * @property {number} group
 * @property {number} first
 * @property {number} count
 * @property {import('../shared/memory.js').Layout} layout
 * @property {ArrayBuffer | SharedArrayBuffer} buffer
 * @property {import('../shared/memory.js').ShardViews} views
 * @property {PoseReader} poses
 * @property {string[]} rewardTerms
 */

export class Shards {
  /** Of each worker. @type {Shard[][]} */
  #of;
  /** Of each worker, its environments of each group. @type {Range[][]} */
  #ranges = [];
  /** Counts of workers that are gone. */
  #past = /** @type {Record<Counter, number>} */ (Object.fromEntries(COUNTERS.map((name) => [name, 0])));

  /** @param {Group[]} groups  which may come later @param {number} workers */
  constructor(groups, workers) {
    this.groups = groups;
    this.#of = Array.from({ length: workers }, () => []);
  }

  /** Forgets the workers beyond a number. @param {number} workers */
  shrink(workers) {
    this.#of.length = workers;
  }

  /** Says which environments are whose. @param {Range[][]} ranges  of each worker, by group */
  deal(ranges) {
    this.#ranges = ranges;
  }

  /** The environments that are dealt to a worker, by group. @param {number} worker */
  rangesOf(worker) {
    return this.#ranges[worker];
  }

  /** Takes what a worker has made. @param {number} worker @param {import('../shared/protocol.js').ShardDescription[]} descriptions */
  take(worker, descriptions) {
    const [before] = this.#of[worker];
    this.#of[worker] = descriptions.map(({ group, about, layout, buffer }) => {
      const { first, count } = this.#ranges[worker][group];
      // After an overture the same memory is read on from.
      const goesOn = before?.group === group && before.first === first && before.count === count;
      const poses = goesOn ? before.poses : new PoseReader(first, count, about.sizes.nbody);
      const { rewardTerms } = about;
      return { group, first, count, layout, buffer, views: viewsOf(layout, buffer), poses, rewardTerms };
    });
  }

  /** Takes the memory in which a worker shows environments from now on. @param {number} worker @param {import('../shared/protocol.js').ShardDescription} description */
  renew(worker, { group, about: { rewardTerms }, layout, buffer }) {
    const shard = this.#of[worker].find((candidate) => candidate.group === group);
    if (shard) Object.assign(shard, { layout, buffer, views: viewsOf(layout, buffer), rewardTerms });
  }

  /**
   * What environments of a group were paid in their last step, by term in the order of the group's.
   *
   * @param {number} group
   * @returns {Record<string, {mean: number, magnitude: number}>}  means over all, of the values and of their sizes
   */
  terms(group) {
    const { rewardTerms: names } = this.groups[group];
    const totals = names.map(() => ({ mean: 0, magnitude: 0 }));
    // While the reward changes, some workers show the terms of the former one.
    const shards = this.all().filter((shard) => shard.group === group && shard.rewardTerms.join() === names.join());
    const count = shards.reduce((sum, shard) => sum + shard.count, 0);
    for (const { views } of shards) {
      readWhole(views, () => views.rewardTerms.slice()).forEach((value, i) => {
        const total = totals[i % totals.length];
        total.mean += value / count;
        total.magnitude += Math.abs(value) / count;
      });
    }
    return Object.fromEntries(names.map((name, i) => [name, totals[i]]));
  }

  /**
   * What the world has drawn for the environments of a group, by name.
   *
   * @param {number} group
   * @returns {Record<string, Float64Array>}  [numEnvs] each; NaN where nothing has been drawn yet, or a worker is being replaced
   */
  drawn(group) {
    const { worldValues: names, numEnvs } = this.groups[group];
    const all = names.map(() => new Float64Array(numEnvs).fill(NaN));
    for (const { group: of, first, count, views } of this.all()) {
      if (of !== group) continue;
      const values = readWhole(views, () => views.worldValues.slice());
      for (let i = 0; i < count; i++) all.forEach((column, k) => (column[first + i] = values[i * names.length + k]));
    }
    return Object.fromEntries(names.map((name, k) => [name, all[k]]));
  }

  /** A worker is gone, and its environments with it; what it has done counts. @param {number} worker */
  lose(worker) {
    const counters = this.counters(worker);
    for (const name of COUNTERS) {
      if (name !== 'memoryBytes') this.#past[name] += counters[name];
    }
    this.#of[worker] = [];
  }

  clear() {
    this.#of = this.#of.map(() => []);
  }

  /** Those of a worker; none while it starts. @param {number} worker */
  of(worker) {
    return this.#of[worker];
  }

  all() {
    return this.#of.flat();
  }

  /** Whether each worker has some. */
  get complete() {
    return this.#of.every(({ length }) => length);
  }

  /**
   * Where an environment is.
   *
   * @param {number} index
   * @returns {{worker: number, group: number, within: number, shard: Shard | undefined}}
   *   `within` counts from the group's first one; no shard: its worker starts
   */
  locate(index) {
    const last = /** @type {Group} */ (this.groups.at(-1));
    checkInteger('the index of an environment', index, 0, last.offset + last.numEnvs - 1);
    const group = this.groups.findLastIndex(({ offset }) => offset <= index);
    const within = index - this.groups[group].offset;
    const has = (/** @type {Range} */ { first, count }) => within >= first && within < first + count;
    const worker = this.#ranges.findIndex((ranges) => has(ranges[group]));
    return { worker, group, within, shard: this.#of[worker].find((shard) => shard.group === group && has(shard)) };
  }

  /**
   * Takes samples of memory that is not shared; gives the buffers that they replace.
   *
   * @param {number} worker @param {import('../shared/protocol.js').Sample[]} samples
   */
  update(worker, samples) {
    /** @type {import('../shared/protocol.js').Sample[]} */
    const replaced = [];
    for (const { group, buffer } of samples) {
      const shard = this.#of[worker].find((candidate) => candidate.group === group);
      if (!shard) continue;
      replaced.push({ group, buffer: /** @type {ArrayBuffer} */ (shard.buffer) });
      shard.buffer = buffer;
      shard.views = viewsOf(shard.layout, buffer);
    }
    return replaced;
  }

  /** Copies what is seen of an environment's row in one sample. @param {Shard} shard @param {number} row */
  static row({ views, count }, row) {
    /** @template {Float32Array | Float64Array} T @param {T} array @returns {T} */
    const of = (array) => {
      const size = array.length / count;
      return /** @type {T} */ (array.slice(row * size, (row + 1) * size));
    };
    return readWhole(views, () => ({
      observation: of(views.observations),
      action: of(views.actions),
      reward: views.rewards[row],
      rewardTerms: of(views.rewardTerms),
      worldValues: of(views.worldValues),
      episodeReturn: views.episodeReturns[row],
      episodeLength: views.episodeLengths[row],
      unrewardedSteps: views.unrewardedSteps[row],
      terminated: Boolean(views.terminations[row]),
      truncated: Boolean(views.truncations[row]),
      qpos: of(views.qpos),
      qvel: of(views.qvel),
      time: views.time[row],
    }));
  }

  /**
   * The newest poses of a group, in one part for each worker. The arrays are written over by the
   * next call.
   *
   * @param {number} group
   */
  poses(group) {
    const parts = [];
    for (const shards of this.#of) {
      for (const shard of shards) if (shard.group === group) parts.push(shard.poses.read(shard.views));
    }
    return parts;
  }

  /** What a worker has counted. @param {number} worker */
  counters(worker) {
    const read = this.#of[worker].map(({ views }) => readWhole(views, () => views.counters.slice()));
    return /** @type {Record<Counter, number>} */ (Object.fromEntries(
      COUNTERS.map((name, at) => [name, read.reduce((sum, counters) => sum + counters[at], 0)]),
    ));
  }

  /** Counts of all workers, of those that are gone too. */
  totals() {
    const totals = { ...this.#past };
    for (const worker of this.#of.keys()) {
      const counters = this.counters(worker);
      for (const name of COUNTERS) totals[name] += counters[name];
    }
    return totals;
  }
}
