/** Policies and episodes to and from other programs, in a worker of their own. */

import { hasDisk, nameOfNow, readFile, removeFiles } from '../shared/disk.js';
import { Aside } from './aside.js';

/**
 * @typedef {import('../shared/protocol.js').Experiment} Experiment
 * @typedef {import('../shared/messages.js').Importing} Importing
 * @typedef {import('../shared/messages.js').Recording} Recording
 * @typedef {import('../shared/messages.js').Cloned} Cloned
 * @typedef {import('../shared/protocol.js').Events['library']} Library
 *
 * @typedef {object} Wanted  which episodes are recorded
 * @property {ArrayBuffer | null} run  whose policy plays; null: chance alone does
 * @property {Experiment | null} experiment  what is played where there is no run
 * @property {boolean} [trusted]  the run's code may do anything
 * @property {import('../shared/messages.js').RecordingOrder} order
 */

export class Exchange {
  #aside;

  /** Boots the worker. */
  static async start() {
    return new Exchange(await Aside.start());
  }

  /** Use `Exchange.start`. @param {Aside} aside */
  constructor(aside) {
    this.#aside = aside;
  }

  /**
   * Takes another program's policy in each way that is possible, and plays an episode of each.
   *
   * @param {ArrayBuffer} policy  an .onnx with a perceptron, a model of Stable-Baselines3, or an agent of CleanRL's
   * @param {Experiment} experiment  with the robot that it is for
   * @param {{statistics?: ArrayBuffer | null, title?: string}} how  statistics: a file of those that observations are normalised by
   * @param {(told: Importing) => void} [onProgress]
   * @param {AbortSignal} [signal]  gives it up
   * @returns {Promise<import('../shared/messages.js').Taking[]>}  the likeliest first
   * @throws ForeignPolicy where it cannot be taken; AbortError
   */
  async take(policy, experiment, { statistics = null, title = '' }, onProgress = () => {}, signal) {
    const { takings } = await this.#aside.work('beginTrial', { policy, experiment, statistics, title }, onProgress, signal);
    return takings;
  }

  /**
   * A run's policy for other programs; tfjs: a .zip.
   *
   * @param {ArrayBuffer} run
   * @param {import('../shared/protocol.js').PolicyFormat} format
   * @param {{trusted?: boolean}} how  its code may do anything
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   * @throws UnsafeCode, ForeignPolicy where the format has none like it
   */
  async toPolicy(run, format, { trusted = false } = {}) {
    return this.#aside.request('exportPolicy', { data: run, trusted, format });
  }

  /**
   * Plays episodes, and writes all of them down (`docs/exchange.md`).
   *
   * @param {Wanted} wanted
   * @param {(told: Recording) => void} [onProgress]
   * @param {AbortSignal} [signal]  gives it up
   * @returns {Promise<Blob>}  on the browser's disk where it has one, for a day: it may be larger than memory
   * @throws InvalidArgument, UnsafeCode; AbortError
   */
  async record({ run, experiment, trusted = false, order }, onProgress = () => {}, signal) {
    await removeFiles();
    const name = nameOfNow();
    const files = hasDisk() ? [`${name}.scratch`, `${name}.out`] : null;
    try {
      const payload = { data: run, experiment, trusted, order, files };
      const { file } = await this.#aside.work('beginRecording', payload, onProgress, signal);
      return files ? await readFile(files[1]) : new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (file)]);
    } finally {
      if (files) await removeFiles(files[0]);
    }
  }

  /**
   * What is in a recording (.npz, HDF5 of Minari's or D4RL's, or a .zip with a dataset of Minari's); `posesOf` are its episodes' then.
   *
   * @param {ArrayBuffer} data @param {Experiment} experiment  with the robot that it is of
   * @throws InvalidRecording
   */
  async read(data, experiment) {
    return this.#aside.request('readRecording', { data, experiment });
  }

  /**
   * Teaches a policy what a recording shows, without a step of its own, and has it play some episodes then.
   *
   * @param {ArrayBuffer} data  as of `read` @param {Experiment} experiment  with the robot that it is of
   * @param {{title?: string, seed?: number, episodes?: number}} how  seed: of the first weights, and of the batches
   * @param {(told: Cloned) => void} [onProgress]
   * @param {AbortSignal} [signal]  gives it up
   * @returns {Promise<Cloned>}  with a run of the policy, and with what it returned
   * @throws InvalidRecording, ForeignPolicy; AbortError
   */
  async clone(data, experiment, { title = '', seed = 0, episodes = 20 } = {}, onProgress = () => {}, signal) {
    return this.#aside.work('beginCloning', { data, experiment, title, seed, episodes }, onProgress, signal);
  }

  /** What an episode of what was read last looks like. @param {number} episode */
  async posesOf(episode) {
    return this.#aside.request('recordedPoses', { episode });
  }

  /** Who hears how much is there of a library that has to be loaded first. @param {(told: Library) => void} listener */
  set onLibrary(listener) {
    this.#aside.onLibrary = listener;
  }

  /** Ends the worker, whatever it does. */
  close() {
    this.#aside.close();
  }
}
