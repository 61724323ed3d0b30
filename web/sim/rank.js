/**
 * One worker as the page sees it, kept alive: when it dies, hangs or fails, a new one takes its
 * place with the same environments, started anew.
 */

import { WorkerError, fromPlain } from './errors.js';
import { BOOT_HUNG_MS, HUNG_MS } from './protocol.js';

/** Starts in a row that may fail before the rank is given up. */
const MAX_FAILED_STARTS = 3;

const WORKER_URL = new URL('./worker.js', import.meta.url);

/**
 * @typedef {'booting'|'running'|'paused'|'restarting'|'failed'} RankState
 *
 * @typedef {object} RankEvents
 * @property {(rank: Rank) => Promise<import('./protocol.js').ShardSpec[]>} assign
 *   asked once the worker can answer requests: which environments it is to own
 * @property {() => import('./protocol.js').Drive} drive  what the worker is to do with them
 * @property {(rank: Rank, message: import('./protocol.js').EventMessage) => void} onEvent
 * @property {(rank: Rank, descriptions: import('./protocol.js').ShardDescription[]) => void} onCreated
 *   its environments are there, for the first time or again
 * @property {(rank: Rank, reason: string) => void} onLost  the worker is gone and is being replaced
 * @property {(rank: Rank, error: Error) => void} onGivenUp
 *
 * @typedef {object} Pending
 * @property {(reply: any) => void} resolve
 * @property {(error: Error) => void} reject
 */

export class Rank {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 0;
  #lastMessage = 0;
  #booted = false;
  #closed = false;
  #created = false;
  #failedStarts = 0;

  /**
   * @param {number} index
   * @param {import('./protocol.js').Payload<'boot'>} bootPayload
   * @param {RankEvents} events
   */
  constructor(index, bootPayload, events) {
    this.index = index;
    this.bootPayload = bootPayload;
    this.events = events;
    /** What the worker owns. @type {import('./protocol.js').ShardSpec[]} */
    this.specs = [];
    /** @type {RankState} */
    this.state = 'booting';
    /** Resolves when the worker and its environments are there. @type {Promise<void>} */
    this.ready = Promise.resolve();
    /** Resolves when the worker can answer requests. @type {Promise<void>} */
    this.booted = Promise.resolve();
  }

  /** The worker itself, for tests that kill it. */
  get worker() {
    return this.#worker;
  }

  /**
   * Starts the worker and makes its environments.
   *
   * @returns {Promise<void>} resolves when they are there, if need be in a worker that replaced it
   */
  start() {
    const worker = this.#spawn();
    this.booted = this.request('boot', this.bootPayload).then(() => {
      this.#booted = true;
    });
    this.ready = this.#bringUp(worker);
    this.ready.catch(() => {}); // whoever needs the worker awaits `ready`
    return this.ready;
  }

  #spawn() {
    const worker = new Worker(WORKER_URL, { type: 'module', name: `websim-${this.index}` });
    this.#worker = worker;
    this.#lastMessage = performance.now();
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.lose(event.message || 'its script could not be loaded');
    };
    return worker;
  }

  /** @param {Worker} worker */
  async #bringUp(worker) {
    try {
      await this.booted;
      this.specs = await this.events.assign(this);
      const drive = this.events.drive();
      const descriptions = await this.request('create', { specs: this.specs, drive });
      this.#created = true;
      this.#failedStarts = 0;
      this.setRunning(drive.running);
      this.events.onCreated(this, descriptions);
    } catch (error) {
      const replaced = this.#worker !== worker && !this.#closed && this.state !== 'failed';
      if (!replaced) throw error;
      await this.ready;
    }
  }

  /** @param {boolean} running */
  setRunning(running) {
    this.state = running ? 'running' : 'paused';
  }

  /**
   * @template {import('./protocol.js').RequestType} T
   * @param {T} type
   * @param {import('./protocol.js').Payload<T>} payload
   * @param {Transferable[]} [transfer]
   * @returns {Promise<import('./protocol.js').Reply<T>>}
   */
  request(type, payload, transfer = []) {
    return new Promise((resolve, reject) => {
      if (!this.#worker) throw new WorkerError(`worker ${this.index} is not there`);
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, type, payload }, transfer);
    });
  }

  /** @param {import('./protocol.js').Sample[]} samples buffers for the worker to fill again */
  recycle(samples) {
    this.#worker?.postMessage({ recycle: samples }, samples.map(({ buffer }) => buffer));
  }

  /** Replaces the worker if it has been silent for too long. @param {number} now */
  check(now) {
    if (!this.#worker || this.state === 'failed') return;
    const silence = now - this.#lastMessage;
    if (silence > (this.#booted ? HUNG_MS : BOOT_HUNG_MS)) {
      this.lose(`it did not answer for ${Math.round(silence / 1000)} s`);
    }
  }

  /** Forgets past silence: the page itself was suspended. @param {number} now */
  forgive(now) {
    this.#lastMessage = now;
  }

  /**
   * Gives the worker up and starts another with the same environments.
   *
   * @param {string} reason what happened to it, as the end of a sentence
   */
  lose(reason) {
    if (this.#closed || !this.#worker) return;
    this.#failedStarts = this.#created ? 0 : this.#failedStarts + 1;
    this.terminate(new WorkerError(`worker ${this.index} was lost: ${reason}`));
    if (this.#failedStarts >= MAX_FAILED_STARTS) {
      this.state = 'failed';
      this.events.onGivenUp(
        this,
        new WorkerError(`worker ${this.index} did not start in ${MAX_FAILED_STARTS} attempts: ${reason}`),
      );
      return;
    }
    this.state = 'restarting';
    this.events.onLost(this, reason);
    this.start().catch((error) => this.lose(error.message));
  }

  /** Ends the worker; what it was asked is answered with this error. @param {Error} error */
  terminate(error) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#booted = this.#created = false;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  /**
   * Frees all that the worker holds, and ends it.
   *
   * @param {number} timeoutMs how long to wait for it before it is ended anyway
   * @param {Error} error for requests under way
   * @returns {Promise<number>} embind objects that were left in it
   */
  async close(timeoutMs, error) {
    this.#closed = true;
    const unknown = new Promise((resolve) => setTimeout(resolve, timeoutMs, { embindObjects: 0 }));
    const reply = this.#booted ? this.request('close', {}) : unknown;
    const { embindObjects } = await Promise.race([reply, unknown]).catch(() => ({ embindObjects: 0 }));
    this.terminate(error);
    return embindObjects;
  }

  /** @param {import('./protocol.js').AnswerMessage | import('./protocol.js').EventMessage} message */
  #receive(message) {
    this.#lastMessage = performance.now();
    if ('event' in message) {
      if (message.event === 'failed') this.lose(`${message.error.name}: ${message.error.message}`);
      else if (message.event !== 'heartbeat') this.events.onEvent(this, message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (!pending) return;
    if ('error' in message) pending.reject(fromPlain(message.error));
    else pending.resolve(message.reply);
  }
}
