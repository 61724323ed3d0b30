/** Rates and means over what the workers count. */

import { RECENT_EPISODES } from '../shared/constants.js';

/** Rates are means over so many milliseconds: several batches of the slowest robots. */
const WINDOW_MS = 4000;

/** The mean rate of growing totals over a sliding window. */
export class RateMeter {
  /** @type {{time: number, totals: Record<string, number>}[]} */
  #samples = [];

  /** @param {number} time ms @param {Record<string, number>} totals */
  add(time, totals) {
    this.#samples.push({ time, totals });
    while (this.#samples.length > 2 && time - this.#samples[1].time >= WINDOW_MS) this.#samples.shift();
  }

  /**
   * Growth a second of one total; 0 while there are not two samples, or after it began anew.
   *
   * @param {string} name
   */
  rate(name) {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!last || last.time === first.time) return 0;
    return Math.max(0, ((last.totals[name] - first.totals[name]) * 1000) / (last.time - first.time));
  }

  clear() {
    this.#samples = [];
  }
}

/** Number, and mean return and length of the last episodes. */
export class EpisodeMeter {
  /** @type {{return: number, length: number}[]} the newest, in a ring */
  #last = [];
  #capacity;
  #sumReturn = 0;
  #sumLength = 0;
  count = 0;

  /** @param {number} numEnvs */
  constructor(numEnvs) {
    this.#capacity = Math.max(RECENT_EPISODES, numEnvs);
  }

  /** @param {number} episodeReturn @param {number} length */
  add(episodeReturn, length) {
    const at = this.count % this.#capacity;
    const old = this.#last[at];
    if (old) {
      this.#sumReturn -= old.return;
      this.#sumLength -= old.length;
    }
    this.#last[at] = { return: episodeReturn, length };
    this.#sumReturn += episodeReturn;
    this.#sumLength += length;
    this.count += 1;
  }

  /** NaN before the first episode has ended. */
  get meanReturn() {
    return this.#sumReturn / this.#last.length;
  }

  get meanLength() {
    return this.#sumLength / this.#last.length;
  }
}

/** All that `WebSim.stats` tells of a simulation. */
export class Statistics {
  #rates = new RateMeter();
  #badStates = 0;
  frames = 0;
  restarts = 0;

  /** @param {import('./shards.js').Shards} shards @param {number} numEnvs */
  constructor(shards, numEnvs) {
    this.shards = shards;
    this.episodes = new EpisodeMeter(numEnvs);
  }

  /** Counts episodes anew. @param {number} numEnvs */
  begin(numEnvs) {
    this.episodes = new EpisodeMeter(numEnvs);
  }

  /**
   * Looks at the counts, now and then.
   *
   * @param {number} now  ms
   * @param {number} workers
   * @returns {number} bad states since the last time
   */
  tick(now, workers) {
    const totals = this.shards.totals();
    const badStates = totals.badStates - this.#badStates;
    this.#badStates = totals.badStates;
    /** @type {Record<string, number>} */
    const perWorker = {};
    for (let i = 0; i < workers; i++) {
      const { busyMs, physicsSteps } = this.shards.counters(i);
      perWorker[`busyMs ${i}`] = busyMs;
      perWorker[`physicsSteps ${i}`] = physicsSteps;
    }
    this.#rates.add(now, { ...totals, ...perWorker, frames: this.frames });
    return badStates;
  }

  /** @param {{index: number, state: import('./keptworker.js').WorkerState}[]} workers */
  read(workers) {
    const { episodes, shards } = this;
    const totals = shards.totals();
    const rates = this.#rates;
    return {
      physicsSteps: totals.physicsSteps,
      physicsStepsPerSecond: rates.rate('physicsSteps'),
      environmentSteps: totals.environmentSteps,
      environmentStepsPerSecond: rates.rate('environmentSteps'),
      frames: this.frames,
      framesPerSecond: rates.rate('frames'),
      episodes: episodes.count,
      meanReturn: episodes.meanReturn,
      meanLength: episodes.meanLength,
      workerRestarts: this.restarts,
      badStates: totals.badStates,
      memoryBytes: totals.memoryBytes,
      workerLoads: workers.map(({ index, state }) => {
        const { physicsSteps, physicsMs, busyMs, memoryBytes } = shards.counters(index);
        return {
          worker: index,
          state,
          environments: shards.of(index).reduce((sum, { count }) => sum + count, 0),
          busy: Math.min(1, rates.rate(`busyMs ${index}`) / 1000),
          physicsSteps,
          physicsStepsPerSecond: rates.rate(`physicsSteps ${index}`),
          physicsSeconds: physicsMs / 1000, // spent in the physics loop
          busySeconds: busyMs / 1000, // spent in whole batches
          memoryBytes,
        };
      }),
    };
  }
}
