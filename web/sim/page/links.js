/**
 * Links that carry runs: a worker of their own reads them, makes them and measures what they claim, with the kernels
 * that give the same bits on every machine; it is thrown away afterwards.
 */

import { ClosedError, WorkerError } from '../shared/errors.js';
import { SHARES_MEMORY } from '../shared/memory.js';
import { KeptWorker } from './keptworker.js';
import { fetchManifest } from './manifest.js';

/**
 * @typedef {import('../shared/messages.js').Proof} Proof
 * @typedef {import('../shared/messages.js').SharedLink} SharedLink
 *
 * @typedef {object} How  a link is made
 * @property {string} [title]    empty: the run's
 * @property {string} [author]   empty: nobody says
 * @property {'int8' | 'fp16' | null} [precision]  of weights; null: fp16 where it fits, else int8
 * @property {number} [maxCharacters]  for that
 * @property {number} [episodes]  that the claim is made of
 * @property {boolean} [trusted]  its code may do anything
 *
 * @typedef {(episodes: number, of: number) => void} OnEpisodes  told how many of them are over
 */

/** What a link says first. */
export const MARK = '#r=';

/** Episodes are played for so long at a time, in seconds: the worker can be ended in between. */
const TURN = 0.4;

/** Whoever opens a link waits no longer than so many milliseconds for its worker. */
const PATIENCE_MS = 60_000;

export class Links {
  #worker;

  /** Boots the worker. */
  static async start() {
    const manifest = await fetchManifest();
    const links = new Links(new KeptWorker(0, { manifest, isolated: SHARES_MEMORY, reproducible: true, taskFiles: [...manifest.taskFiles] }, TENANT, () => {}));
    await links.#within(links.#worker.booted);
    return links;
  }

  /** Use `Links.start`. @param {KeptWorker} worker */
  constructor(worker) {
    this.#worker = worker;
    worker.start();
  }

  /**
   * What a link carries; nothing of it runs.
   *
   * @param {string} link  its fragment, or a whole address with one
   * @throws CutLink, DamagedCheckpoint, FutureCheckpoint, ForeignCheckpoint
   */
  async read(link) {
    const { archive, ...about } = await this.#within(this.#worker.request('readLink', { link }));
    return { ...about, archive: archive.slice().buffer };
  }

  /**
   * Plays the episodes that a run makes claims of.
   *
   * @param {ArrayBuffer} run
   * @param {{trusted?: boolean}} how
   * @param {OnEpisodes} onEpisodes
   * @returns {Promise<Proof>}
   * @throws UnsafeCode; InvalidArgument where nothing is claimed
   */
  async prove(run, { trusted = false }, onEpisodes) {
    const { proof } = await this.#measure({ data: run, trusted, share: null }, onEpisodes);
    return /** @type {Proof} */ (proof);
  }

  /**
   * Makes a link of a run, with a claim that is measured here.
   *
   * @param {ArrayBuffer} run
   * @param {How} how
   * @param {OnEpisodes} onEpisodes
   * @returns {Promise<SharedLink>}
   * @throws UnsafeCode; InvalidArgument where a link cannot carry it
   */
  async share(run, { title = '', author = '', precision = null, maxCharacters = 2000, episodes = 20, trusted = false }, onEpisodes) {
    const share = { title, author, precision, maxCharacters, episodes };
    const { link } = await this.#measure({ data: run, trusted, share }, onEpisodes);
    return /** @type {SharedLink} */ (link);
  }

  /** @param {import('../shared/protocol.js').Payload<'beginMeasuring'>} what @param {OnEpisodes} onEpisodes */
  async #measure(what, onEpisodes) {
    await this.#worker.request('beginMeasuring', what);
    for (;;) {
      const told = await this.#worker.request('goOnMeasuring', { seconds: TURN });
      onEpisodes(told.episodes, told.of);
      if (told.proof || told.link) return told;
    }
  }

  /** Ends the worker, whatever it does. */
  close() {
    this.#worker.terminate(new ClosedError('nobody waits for it any longer'));
  }

  /** @template T @param {Promise<T>} promise @returns {Promise<T>} */
  async #within(promise) {
    let patience = 0;
    const late = new Promise((_, reject) => {
      patience = setTimeout(() => reject(new WorkerError(`it takes longer than ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    });
    try {
      return await /** @type {Promise<T>} */ (Promise.race([promise, late]));
    } catch (error) {
      if (error instanceof WorkerError) this.close();
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }
}

/** It has no robots that anybody sees. @type {import('./keptworker.js').Tenant} */
const TENANT = {
  equip: async () => {},
  onEvent: () => {},
  onLost: () => {},
  onGivenUp: () => {},
  onError: () => {},
};
