/**
 * Links that carry runs: a worker of their own reads and makes them and measures what they claim, with the kernels that give the
 * same bits on every machine; it is thrown away afterwards.
 */

import { Aside } from './aside.js';

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

export class Links {
  #aside;

  /** Boots the worker. */
  static async start() {
    return new Links(await Aside.start({ reproducible: true }));
  }

  /** Use `Links.start`. @param {Aside} aside */
  constructor(aside) {
    this.#aside = aside;
  }

  /**
   * What a link carries, for who has a simulation already; nothing of it runs. `WebSim.readLink` is for who has none.
   *
   * @param {string} link  its fragment, or a whole address with one
   * @throws CutLink, DamagedCheckpoint, FutureCheckpoint, ForeignCheckpoint
   */
  async read(link) {
    const { archive, ...about } = await this.#aside.within(this.#aside.request('readLink', { link }));
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
    const { proof } = await this.#aside.work('beginMeasuring', { data: run, trusted, share: null }, onProgress);
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
    return this.#aside.work('beginMeasuring', { data: run, trusted, share: { title, author, episodes, link: link ?? null, picture } }, onProgress, signal);
  }

  /** Ends the worker, whatever it does. */
  close() {
    this.#aside.close();
  }
}
