/** Steps all environments that do not learn at once, and gathers what comes of it. */

import { InvalidArgument, WorkerError } from '../shared/errors.js';
import { readWhole } from '../shared/memory.js';
import { checkActions } from './arguments.js';

/**
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 * @typedef {import('../shared/protocol.js').Sample} Sample
 *
 * @typedef {object} StepResult  arrays [environments, ...] of one group, valid until the next step
 * @property {Float64Array} observations
 * @property {Float64Array} rewards
 * @property {Uint8Array} terminations
 * @property {Uint8Array} truncations
 * @property {Float64Array} finalObservations  rows of the environments whose episode ended
 */

export class LockStep {
  /** Of the groups that do not learn. @type {StepResult[]} */
  #results;

  /**
   * @param {import('./dealing.js').Group[]} driven  the groups that do not learn
   * @param {import('./shards.js').Shards} shards
   * @param {boolean} isolated
   * @param {() => KeptWorker[]} workers
   * @param {object} host
   * @param {() => void} host.checkOpen  raises an error when the simulation is closed
   * @param {(worker: KeptWorker, samples: Sample[]) => void} host.onSamples
   */
  constructor(driven, shards, isolated, workers, host) {
    this.driven = driven;
    this.shards = shards;
    this.isolated = isolated;
    this.workers = workers;
    this.host = host;
    this.#results = driven.map(({ numEnvs, observationSize }) => ({
      observations: new Float64Array(numEnvs * observationSize),
      rewards: new Float64Array(numEnvs),
      terminations: new Uint8Array(numEnvs),
      truncations: new Uint8Array(numEnvs),
      finalObservations: new Float64Array(numEnvs * observationSize),
    }));
  }

  /** @param {number | null} seed @returns {Promise<Float64Array | Float64Array[]>} */
  async reset(seed) {
    await this.#everywhere((worker) => worker.request('reset', { seed }));
    this.#collect();
    return this.#perGroup(this.#results.map(({ observations }) => observations));
  }

  /**
   * @param {unknown} actions  as `WebSim.step` takes them
   * @returns {(() => Promise<StepResult | StepResult[]>)}  does the step
   * @throws InvalidArgument
   */
  prepare(actions) {
    const { driven } = this;
    const given = driven.length === 1 ? [actions] : Array.isArray(actions) ? actions : [];
    if (given.length !== driven.length) {
      throw new InvalidArgument(`actions must be a list of ${driven.length} arrays, one for each task`);
    }
    const rows = driven.map(({ numEnvs, actionSize }, i) => checkActions(given[i], numEnvs * actionSize));
    return async () => {
      await this.#everywhere((worker) => worker.request('step', { actions: this.#handOver(worker, rows) }));
      this.#collect();
      return this.#perGroup(this.#results);
    };
  }

  /** One step under the controllers. */
  async stepOnce() {
    await this.#everywhere((worker) => worker.request('stepOnce', {}));
  }

  /**
   * Puts a worker's actions where it finds them.
   *
   * @param {KeptWorker} worker @param {Float32Array[]} rows  of the driven groups
   * @returns {Map<number, Float32Array> | null}  by group; null: they lie in shared memory
   */
  #handOver({ index }, rows) {
    /** @type {Map<number, Float32Array>} */
    const messages = new Map();
    for (const { group, first, count, views } of this.shards.of(index)) {
      const about = this.shards.groups[group];
      if (about.learns) continue;
      const size = about.actionSize;
      const own = rows[this.driven.indexOf(about)].subarray(first * size, (first + count) * size);
      if (this.isolated) views.inputActions.set(own);
      else messages.set(group, own.slice());
    }
    return this.isolated ? null : messages;
  }

  /**
   * Sends a request to every worker. One that is lost over it comes back with its environments
   * restarted, which is as good as an answer.
   *
   * @param {(worker: KeptWorker) => Promise<Sample[]>} send
   */
  async #everywhere(send) {
    await Promise.all(this.workers().map(async (worker) => {
      try {
        await worker.ready;
        const samples = await send(worker);
        if (!this.isolated) this.host.onSamples(worker, samples);
      } catch (error) {
        this.host.checkOpen();
        if (!(error instanceof WorkerError)) throw error;
        await worker.ready;
        for (const { views } of this.shards.of(worker.index)) views.truncations.fill(1);
      }
    }));
  }

  /** Gathers what the shards show into arrays of whole groups. */
  #collect() {
    for (const { group, first, views } of this.shards.all()) {
      const about = this.shards.groups[group];
      const result = this.#results[this.driven.indexOf(about)];
      if (!result) continue; // it learns
      readWhole(views, () => {
        result.observations.set(views.observations, first * about.observationSize);
        result.finalObservations.set(views.finalObservations, first * about.observationSize);
        result.rewards.set(views.rewards, first);
        result.terminations.set(views.terminations, first);
        result.truncations.set(views.truncations, first);
      });
    }
  }

  /** Where there is one group, what it has; else a list. @template T @param {T[]} all @returns {T | T[]} */
  #perGroup(all) {
    return this.driven.length === 1 ? all[0] : all;
  }
}
