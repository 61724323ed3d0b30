/** A worker beside the simulation, for what somebody waits for: it is thrown away afterwards, whatever it does then. */

import { ClosedError, WorkerError } from '../shared/errors.js';
import { SHARES_MEMORY } from '../shared/memory.js';
import { KeptWorker } from './keptworker.js';
import { fetchManifest } from './manifest.js';

/**
 * @typedef {import('../shared/protocol.js').RequestType} RequestType
 * @typedef {keyof import('../shared/protocol.js').WorkProgress} Work  what begins work that goes on for longer
 */
/** @template {Work} T @typedef {import('../shared/protocol.js').Progress<T>} Progress */

/** Work goes on for so long at a time, in seconds: the worker can be ended in between. */
const TURN = 0.4;

/** Nobody waits longer than so many milliseconds for it to boot. */
const PATIENCE_MS = 60_000;

export class Aside {
  #worker;
  /** Who hears how much is there of a library that something needs. @type {(told: import('../shared/protocol.js').Events['library']) => void} */
  onLibrary = () => {};

  /** Boots the worker. @param {{reproducible?: boolean}} [how]  reproducible: the same bits on every machine, for some speed */
  static async start({ reproducible = false } = {}) {
    const manifest = await fetchManifest();
    const aside = new Aside({ manifest, isolated: SHARES_MEMORY, reproducible, taskFiles: [...manifest.taskFiles] });
    await aside.within(aside.#worker.booted);
    return aside;
  }

  /** Use `Aside.start`. @param {import('../shared/protocol.js').Payload<'boot'>} boot */
  constructor(boot) {
    this.#worker = new KeptWorker(0, boot, {
      ...TENANT,
      onEvent: (_, message) => {
        if (message.event === 'library') this.onLibrary(message);
      },
    }, () => {});
    this.#worker.start();
  }

  /**
   * @template {RequestType} T
   * @param {T} type @param {import('../shared/protocol.js').Payload<T>} payload
   */
  request(type, payload) {
    return this.#worker.request(type, payload);
  }

  /**
   * Does what takes long, a little at a time.
   *
   * @template {Work} T
   * @param {T} type  what begins it
   * @param {import('../shared/protocol.js').Payload<T>} payload
   * @param {(told: Progress<T>) => void} onProgress
   * @param {AbortSignal} [signal]  gives it up
   * @returns {Promise<Progress<T>>}  what came of it
   */
  async work(type, payload, onProgress, signal) {
    await givenUp(this.#worker.request(type, payload), signal);
    for (;;) {
      signal?.throwIfAborted();
      const told = /** @type {Progress<T>} */ (await this.#worker.request('goOn', { seconds: TURN }));
      if (told.over) return told;
      onProgress(told);
    }
  }

  /** @template T @param {Promise<T>} promise  of what should not take long @returns {Promise<T>} */
  async within(promise) {
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

  /** Ends the worker, whatever it does. */
  close() {
    this.#worker.terminate(new ClosedError('nobody waits for it any longer'));
  }
}

/** @template T @param {Promise<T>} promise @param {AbortSignal} [signal]  nobody waits for it any longer @returns {Promise<T>} */
function givenUp(promise, signal) {
  return new Promise((resolve, reject) => {
    const given = () => reject(signal?.reason);
    if (signal?.aborted) given();
    signal?.addEventListener('abort', given, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', given));
  });
}

/** It has no robots that anybody sees. */
const TENANT = {
  equip: async () => {},
  onLost: () => {},
  onGivenUp: () => {},
  onError: () => {},
};
