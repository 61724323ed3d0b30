/**
 * What drives the environments that do not learn: whether and how fast they run, which controller
 * has which, the policies that were added, actions that are held. Workers are told of changes, and
 * one that is new of all of it.
 */

import { InvalidArgument } from '../shared/errors.js';
import { Assignments } from './assignments.js';
import { CONTROLLERS, checkActions } from './arguments.js';

/**
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 * @typedef {import('../shared/protocol.js').Drive} Drive
 */

export class Driving {
  /** @type {Drive} */
  #drive;
  /** There once the groups are. @type {Assignments | undefined} */
  #assignments;
  /** By environment. @type {Map<number, Float32Array>} */
  #held = new Map();
  /** Checkpoints of those added. @type {Map<string, ArrayBuffer>} */
  #policies = new Map();

  /**
   * @param {import('./shards.js').Shards} shards
   * @param {() => KeptWorker[]} workers  those that there are
   * @param {number} speed
   */
  constructor(shards, workers, speed) {
    this.shards = shards;
    this.workers = workers;
    this.#drive = { speed, sampleRate: 30, running: false };
  }

  /** As it is now; another object after a change. */
  get drive() {
    return this.#drive;
  }

  /** @param {Partial<Drive>} change @returns {boolean} whether they run now and did not, or the other way round */
  set(change) {
    const { running } = this.#drive;
    this.#drive = { ...this.#drive, ...change };
    for (const worker of this.workers()) {
      if (!worker.equipped) continue; // one that starts is told all of it
      worker.setRunning(this.#drive.running);
      worker.tell('drive', change);
    }
    return this.#drive.running !== running;
  }

  /** The groups are there: all begin with one controller. @param {string} controller */
  begin(controller) {
    this.#assignments = new Assignments(this.shards.groups, controller);
    for (const worker of this.workers()) this.#tellControllers(worker);
  }

  /** That of all environments that do not learn; null where they differ. */
  get common() {
    return this.#assignments?.common ?? null;
  }

  /** Names of controllers that can be set now. */
  get names() {
    return this.#assignments?.names ?? CONTROLLERS;
  }

  /** @param {number} index of an environment @returns {string | null}  null where it learns */
  of(index) {
    return this.#assignments?.of(index) ?? null;
  }

  /** Whether actions are held. */
  get holds() {
    return this.#held.size > 0;
  }

  /** @param {string} name @param {{first: number, count: number}} [range]  see `Assignments.set` */
  setController(name, range) {
    for (const changed of this.#known.set(name, range)) {
      for (const worker of this.workers()) {
        const shard = this.shards.of(worker.index).find(({ group }) => group === changed.group);
        if (!shard) continue;
        const first = Math.max(shard.first, changed.first);
        const count = Math.min(shard.first + shard.count, changed.first + changed.count) - first;
        if (count > 0) worker.tell('setController', { ...changed, first, count });
      }
    }
  }

  /** @param {string} name  that a policy is to have */
  checkNewName(name) {
    this.#known.checkNewName(name);
  }

  /** @param {string} name @param {ArrayBuffer} data @param {import('./assignments.js').PolicySizes} sizes */
  addPolicy(name, data, sizes) {
    this.#known.addPolicy(name, sizes);
    this.#policies.set(name, data);
    for (const worker of this.workers()) if (worker.equipped) worker.tell('addPolicy', { name, data });
  }

  /** @param {number} index of an environment @param {ArrayLike<number> | null} action  null lets go */
  hold(index, action) {
    const { worker, shard, group, within } = this.shards.locate(index);
    const { learns, actionSize } = this.shards.groups[group];
    if (learns) throw new InvalidArgument(`environment ${index} learns: its actions are the learner's`);
    const row = action === null ? null : checkActions(action, actionSize);
    if (row) this.#held.set(index, row);
    else this.#held.delete(index);
    if (shard) this.workers()[worker].tell('setAction', { group, index: within, action: row });
  }

  /**
   * Tells a worker, whose environments have just been made, what drives them.
   *
   * @param {KeptWorker} worker
   * @param {Drive} made  what they were made with
   */
  brief(worker, made) {
    worker.setRunning(this.#drive.running);
    if (this.#drive !== made) worker.tell('drive', this.#drive);
    for (const [name, data] of this.#policies) worker.tell('addPolicy', { name, data });
    this.#tellControllers(worker);
    for (const [index, action] of this.#held) {
      const at = this.shards.locate(index);
      if (at.worker === worker.index) worker.tell('setAction', { group: at.group, index: at.within, action });
    }
  }

  /** @param {KeptWorker} worker */
  #tellControllers(worker) {
    for (const { group, first, count } of this.shards.of(worker.index)) {
      if (this.shards.groups[group].learns) continue;
      for (const run of this.#assignments?.runs(group, first, count) ?? []) worker.tell('setController', run);
    }
  }

  get #known() {
    return /** @type {Assignments} */ (this.#assignments);
  }
}
