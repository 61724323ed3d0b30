/** Which controller drives which environment, and which controllers there are. */

import { CONTROLLERS, LEARNT, checkInteger, checkName, shown } from './arguments.js';
import { InvalidArgument } from '../shared/errors.js';

/**
 * @typedef {import('../shared/protocol.js').PolicySizes} PolicySizes
 *
 * @typedef {object} Run  environments of one group that follow each other and have one controller
 * @property {number} group
 * @property {number} first   within the group
 * @property {number} count
 * @property {string} name
 */

export class Assignments {
  /** By environment, over all groups; '' for those that learn. @type {string[]} */
  #names;
  #groups;
  /** What policies are of. @type {Map<string, PolicySizes>} */
  #policies = new Map();

  /**
   * @param {import('./dealing.js').Group[]} groups
   * @param {string} name  what all begin with
   */
  constructor(groups, name) {
    this.#groups = groups;
    this.#names = groups.flatMap(({ learns, numEnvs }) => new Array(numEnvs).fill(learns ? '' : 'zero'));
    const [learning] = groups.filter(({ learns }) => learns);
    if (learning) for (const learnt of LEARNT) this.#policies.set(learnt, learning);
    if (this.#names.some(Boolean)) this.set(name);
  }

  /** Those that can be set. */
  get names() {
    return [...CONTROLLERS, ...this.#policies.keys()];
  }

  /** That of all environments that do not learn; null where they differ, or there are none. */
  get common() {
    const [first, ...others] = new Set(this.#names.filter(Boolean));
    return others.length ? null : first ?? null;
  }

  /** @param {number} index of an environment @returns {string | null} null where it learns */
  of(index) {
    return this.#names[index] || null;
  }

  /** @param {string} name */
  checkNewName(name) {
    if (typeof name !== 'string' || !name || CONTROLLERS.includes(name) || LEARNT.includes(name)) {
      throw new InvalidArgument(
        `a policy's name must be a text other than ${[...CONTROLLERS, ...LEARNT].join(', ')}, not ${shown(name)}`,
      );
    }
  }

  /**
   * @param {string} name
   * @param {PolicySizes} sizes
   */
  addPolicy(name, sizes) {
    if (!this.#groups.some((group) => !group.learns && fits(group, sizes))) {
      throw new InvalidArgument(
        `the policy is of ${sizes.task} with ${sizes.observationSize} observations and ${sizes.actionSize} ` +
          `actions; there are no such environments beside the learners`,
      );
    }
    this.#policies.set(name, sizes);
  }

  /**
   * @param {string} name
   * @param {{first: number, count: number}} [range]  environments over all groups; without it, all
   *   that the controller fits
   * @returns {Run[]} what has changed
   * @throws InvalidArgument where the name or the range is wrong; nothing is changed
   */
  set(name, range) {
    checkName('controller', name, this.names);
    const total = this.#names.length;
    const from = range ? checkInteger('first', range.first, 0, total - 1) : 0;
    const end = range ? from + checkInteger('count', range.count, 1, total - from) : total;
    const sizes = this.#policies.get(name);
    /** @type {Run[]} */
    const runs = [];
    for (const [group, about] of this.#groups.entries()) {
      const first = Math.max(0, from - about.offset);
      const count = Math.min(about.numEnvs, end - about.offset) - first;
      if (count <= 0) continue;
      if (!about.learns && (!sizes || fits(about, sizes))) runs.push({ group, first, count, name });
      else if (range) {
        throw new InvalidArgument(
          about.learns
            ? `environments ${about.offset} to ${about.offset + about.numEnvs - 1} learn: they have no other controller`
            : `the policy ${name} is of ${sizes?.task}, and there are environments of ${about.task} in that range`,
        );
      }
    }
    if (!runs.length) throw new InvalidArgument(`there are no environments that ${name} could control`);
    for (const { group, first, count } of runs) {
      const start = this.#groups[group].offset + first;
      this.#names.fill(name, start, start + count);
    }
    return runs;
  }

  /**
   * The controllers of some environments of a group, as few runs as there can be.
   *
   * @param {number} group
   * @param {number} first  within the group
   * @param {number} count
   * @returns {Run[]}
   */
  runs(group, first, count) {
    const { offset } = this.#groups[group];
    /** @type {Run[]} */
    const runs = [];
    for (let i = first; i < first + count; i++) {
      const name = this.#names[offset + i];
      const last = runs.at(-1);
      if (last?.name === name) last.count += 1;
      else runs.push({ group, first: i, count: 1, name });
    }
    return runs;
  }
}

/** @param {PolicySizes} group @param {PolicySizes} sizes */
function fits(group, sizes) {
  return group.task === sizes.task
    && group.observationSize === sizes.observationSize
    && group.actionSize === sizes.actionSize;
}
