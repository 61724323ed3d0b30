/** Changes what environments are paid and judged by while they run: in all workers, or in none. */

import { InvalidArgument, WorkerError } from '../shared/errors.js';

/**
 * @typedef {import('../shared/protocol.js').Code} Code
 * @typedef {import('../shared/protocol.js').Experiment} Experiment
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 */

/** Code that may do anything and in which workers hang is given up then: once they may have been busy. */
const MOST_HUNG = 2;

/**
 * The same with other code, or with anything else of it changed. Trust is in the code that there was, not in what takes
 * its place, unless the change says so.
 *
 * @template {Experiment} E
 * @param {E} experiment
 * @param {{[K in keyof Experiment]?: Experiment[K] | null}} change  null takes something away
 * @returns {E}
 */
export function recoded(experiment, change) {
  const stays = (/** @type {string} */ part) => {
    const name = /** @type {keyof Experiment} */ (part);
    return !(name in change) || change[name] === experiment[name];
  };
  const trusted = [...new Set([...(experiment.trusted ?? []).filter(stays), ...(change.trusted ?? [])])];
  const all = { ...experiment, ...change, trusted: trusted.length ? trusted : undefined };
  return /** @type {E} */ (Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== undefined)));
}

/**
 * Whether two models look the same, as far as acts change them.
 *
 * @param {import('../worker/scene.js').Scene} one @param {import('../worker/scene.js').Scene} other
 */
function looksLike(one, other) {
  if (JSON.stringify(one.geoms) !== JSON.stringify(other.geoms)) return false;
  return one.hfields.every(({ size, data }, i) => {
    const { size: otherSize, data: otherData } = other.hfields[i];
    return `${size}` === `${otherSize}` && data.every((height, at) => height === otherData[at]);
  });
}

export class Recoding {
  /** Changes come one after the other. @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** By group, what is put back where the present code fails. @type {Map<number, Experiment>} */
  #former = new Map();
  /** How often a worker hung, by code that may do anything. @type {Map<string, number>} */
  #hung = new Map();

  /**
   * @param {import('./dealing.js').Dealing} dealing
   * @param {import('./shards.js').Shards} shards
   * @param {() => KeptWorker[]} workers
   * @param {import('./events.js').Events} events
   */
  constructor(dealing, shards, workers, events) {
    this.dealing = dealing;
    this.shards = shards;
    this.workers = workers;
    this.events = events;
  }

  /**
   * Pays or judges a group that does not learn by other code, once no worker has refused it.
   *
   * @param {number} group
   * @param {Code} code
   */
  change(group, code) {
    const change = this.#last.then(() => this.#change(group, code));
    this.#last = change.catch(() => {});
    return change;
  }

  /** @param {number} group @param {Code} code */
  async #change(group, code) {
    const request = this.#request(group);
    const owners = this.workers().filter(({ index }) => this.shards.of(index).some((shard) => shard.group === group));
    /** @type {KeptWorker[]} */
    const lost = [];
    const survives = (/** @type {KeptWorker} */ worker) => (/** @type {unknown} */ error) => {
      if (!(error instanceof WorkerError)) throw error;
      lost.push(worker); // it was told of what is in force when it was equipped anew
    };
    const apply = (/** @type {KeptWorker} */ worker) => worker.request('useCode', { group });
    await Promise.all(owners.map((worker) => worker.request('tryCode', { group, code }).catch(survives(worker))));
    this.#former.set(group, request.experiment);
    request.experiment = recoded(request.experiment, code);
    const able = owners.filter((worker) => !lost.includes(worker));
    await Promise.all(able.map((worker) => apply(worker).catch(survives(worker))));
    for (const worker of lost) {
      await worker.ready;
      await worker.request('tryCode', { group, code });
      await apply(worker);
    }
    this.#tell(group, request.experiment, '');
  }

  /**
   * A worker shows other terms; perhaps since code has failed there.
   *
   * @param {KeptWorker} worker
   * @param {Pick<import('../shared/protocol.js').EventMessage & {event: 'recoded'}, 'description' | 'failure' | 'others'>} told
   */
  onRecoded(worker, { description, failure, others }) {
    const { group, about, scene } = description;
    this.shards.renew(worker.index, description);
    this.dealing.groups[group].rewardTerms = about.rewardTerms;
    if (others && !looksLike(scene, this.dealing.groups[group].scene)) {
      this.dealing.groups[group].scene = scene;
      this.events.emit('scene', { group });
    }
    if (!failure) return;
    this.#giveUp(group, failure, worker);
  }

  /**
   * A worker was silent for too long, perhaps in code that never returns: where it runs on somebody's word alone nothing
   * bounds it, and the worker that is made in its place would have it again.
   *
   * @param {KeptWorker} worker
   */
  onHung(worker) {
    for (const { group } of this.shards.of(worker.index)) {
      if (this.dealing.groups[group].learns) continue; // a run ends by itself where nothing but losses comes of it
      const { experiment } = this.#request(group);
      for (const part of /** @type {const} */ (['reward', 'measure'])) {
        const source = experiment[part];
        if (!source || !experiment.trusted?.includes(part)) continue;
        const times = (this.#hung.get(source) ?? 0) + 1;
        this.#hung.set(source, times);
        if (times < MOST_HUNG) continue;
        this.#hung.delete(source);
        const message = `Workers hung ${times} times while this ${part} was in force, which may do anything and has no limit of time.`;
        this.#giveUp(group, { message, part, source }, worker);
      }
    }
  }

  /**
   * What was in force before is again.
   *
   * @param {number} group
   * @param {{message: string, part: 'reward'|'measure', source: string}} failure
   * @param {KeptWorker} worker  that knows
   */
  #giveUp(group, { message, part, source }, worker) {
    const request = this.#request(group);
    if (request.experiment[part] !== source) return; // another worker has told of it
    const before = this.#former.get(group);
    const former = before && before[part] !== source ? before : recoded(request.experiment, { [part]: null });
    this.#former.delete(group);
    request.experiment = former;
    for (const other of this.workers()) if (other.equipped && other !== worker) other.tell('giveUpCode', { group, part, source });
    this.#tell(group, former, message);
  }

  /** @param {number} group */
  #request(group) {
    const at = this.dealing.learners ? group - 1 : group;
    const request = this.dealing.requests[at];
    if (!request) throw new InvalidArgument('these environments learn: change it by sim.training');
    return request;
  }

  /** @param {number} group @param {Experiment} experiment @param {string} failure */
  #tell(group, { reward = null, measure = null }, failure) {
    this.events.emit('code', { group, reward, measure, failure });
  }
}
