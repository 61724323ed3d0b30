/**
 * Workers that boot for what a link carries, which the first of them that is up reads: so nobody waits for a worker
 * that only reads. Whoever simulates it takes them over.
 */

import { choose, thisMachine } from './choice.js';
import { Fleet } from './fleet.js';
import { fetchManifest } from './manifest.js';
import { WorkerError } from '../shared/errors.js';
import { SHARES_MEMORY } from '../shared/memory.js';

/**
 * @typedef {object} Wanted  as of `WebSim.create`
 * @property {number | 'auto'} [numEnvs]
 * @property {number | 'auto'} [numWorkers]
 * @property {(progress: import('./fleet.js').Progress) => void} [onProgress]
 */

export class Arrival {
  closed = false;
  #employed;

  /** Boots the workers. @param {Wanted} wanted */
  static async begin({ numEnvs = 'auto', numWorkers = 'auto', onProgress = () => {} }) {
    const manifest = await fetchManifest();
    const machine = thisMachine();
    const { workers } = numEnvs === 'auto' ? choose(numWorkers, 0, 1, machine) : choose(numWorkers, numEnvs, 0, machine);
    const fleet = new Fleet({ manifest, isolated: SHARES_MEMORY, reproducible: false });
    // Those that boot later than others are started by whoever takes them over.
    return new Arrival(fleet, Math.min(workers, machine.cores), onProgress);
  }

  /** Use `Arrival.begin`. @param {Fleet} fleet @param {number} workers @param {(progress: import('./fleet.js').Progress) => void} onProgress */
  constructor(fleet, workers, onProgress) {
    this.fleet = fleet;
    this.#employed = fleet.employ({ ...NOBODY, onProgress }, workers);
    this.#employed.catch(() => {}); // whoever needs a worker is told
  }

  /**
   * What a link carries; nothing of it runs.
   *
   * @param {string} link  its fragment, or a whole address with one
   * @throws CutLink, DamagedCheckpoint, FutureCheckpoint, ForeignCheckpoint; WorkerError
   */
  async read(link) {
    const workers = this.fleet.workers.map((worker) => worker.booted.then(() => worker));
    const first = await Promise.any(workers).catch(async () => {
      await this.#employed; // which says what is wrong
      throw new WorkerError('no worker could start');
    });
    const { archive, ...about } = await first.request('readLink', { link });
    return { ...about, archive: archive.slice().buffer };
  }

  /** Leaves the workers to whoever takes them. */
  letGo() {
    this.closed = true;
    return this.fleet;
  }

  async close() {
    if (this.closed) return;
    await this.letGo().close();
  }
}

/** Whom they work for until then; there are no robots yet. */
const NOBODY = {
  equip: async () => {},
  onEvent: () => {},
  onLost: () => {},
  onGivenUp: () => {},
  onError: () => {},
  onStarted: () => {},
  onTick: () => {},
};
