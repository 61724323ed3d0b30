/**
 * Links that carry runs: a worker of their own reads and makes them and measures what they claim, with the kernels that give the
 * same bits on every machine; it is thrown away afterwards.
 */

import { ClosedError, WorkerError } from '../shared/errors.js';
import { SHARES_MEMORY } from '../shared/memory.js';
import { KeptWorker } from './keptworker.js';
import { fetchManifest } from './manifest.js';

/**
 * @typedef {import('../shared/messages.js').Proof} Proof
 * @typedef {import('../shared/messages.js').SharedLink} SharedLink
 * @typedef {import('../shared/messages.js').SharedFile} SharedFile
 *
 * @typedef {object} Said  of a run that is shared
 * @property {string} [title]    empty: the run's
 * @property {string} [author]   empty: nobody says
 * @property {number} [episodes]  that the claim is made of
 * @property {boolean} [trusted]  its code may do anything
 *
 * @typedef {object} LinkOptions  how a link is made
 * @property {'int8' | 'fp16' | null} [precision]  of a link's weights; null: fp16 where it fits, else int8
 * @property {number} [maxCharacters]  for that
 * @property {'32x32' | 'linear' | null} [size]  of a smaller policy, which is taught what this one does, and shared in its place
 *
 * @typedef {(told: import('../shared/messages.js').Measuring) => void} OnProgress
 */

/** What a link says first. */
export const MARK = '#r=';

/** Episodes are played for so long at a time, in seconds: the worker can be ended in between. */
const TURN = 0.4;

/** Nobody waits longer than so many milliseconds for it to boot. */
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
   * What a link carries, for who has a simulation already; nothing of it runs. `WebSim.readLink` is for who has none.
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
   * @param {OnProgress} onProgress
   * @returns {Promise<Proof>}
   * @throws UnsafeCode; InvalidArgument where nothing is claimed
   */
  async prove(run, { trusted = false }, onProgress) {
    const { proof } = await this.#measure({ data: run, trusted, share: null }, onProgress);
    return /** @type {Proof} */ (proof);
  }

  /**
   * Makes a link of a run, with a claim that is measured here.
   *
   * @param {ArrayBuffer} run
   * @param {Said & LinkOptions} how
   * @param {OnProgress} onProgress
   * @param {AbortSignal} [signal]  gives it up
   * @returns {Promise<SharedLink>}
   * @throws UnsafeCode; InvalidArgument where a link cannot carry it; AbortError
   */
  async share(run, { precision = null, maxCharacters = 2000, size = null, ...said }, onProgress, signal) {
    const { link } = await this.#share(run, said, { link: { precision, maxCharacters, size } }, onProgress, signal);
    return /** @type {SharedLink} */ (link);
  }

  /**
   * Makes a file for others of a run, with a claim that is measured here.
   *
   * @param {ArrayBuffer} run
   * @param {Said & {picture?: ArrayBuffer | null}} how  picture: a JPEG of its robots
   * @param {OnProgress} onProgress
   * @param {AbortSignal} [signal]  gives it up
   * @returns {Promise<SharedFile>}
   * @throws UnsafeCode; AbortError
   */
  async pack(run, { picture = null, ...said }, onProgress, signal) {
    const { file } = await this.#share(run, said, { picture }, onProgress, signal);
    return /** @type {SharedFile} */ (file);
  }

  /**
   * @param {ArrayBuffer} run @param {Said} said @param {{link?: Required<LinkOptions>, picture?: ArrayBuffer | null}} as
   * @param {OnProgress} onProgress @param {AbortSignal} [signal]
   */
  #share(run, { title = '', author = '', episodes = 20, trusted = false }, { link, picture = null }, onProgress, signal) {
    return this.#measure({ data: run, trusted, share: { title, author, episodes, link: link ?? null, picture } }, onProgress, signal);
  }

  /** @param {import('../shared/protocol.js').Payload<'beginMeasuring'>} what @param {OnProgress} onProgress @param {AbortSignal} [signal] */
  async #measure(what, onProgress, signal) {
    await this.#worker.request('beginMeasuring', what);
    for (;;) {
      signal?.throwIfAborted();
      const told = await this.#worker.request('goOnMeasuring', { seconds: TURN });
      if (told.proof || told.link || told.file) return told;
      onProgress(told);
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
