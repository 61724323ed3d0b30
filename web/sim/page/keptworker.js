/**
 * One worker as the page sees it, kept alive: when its thread dies, hangs or fails, a new one takes
 * its place and is equipped as it was.
 */

import { ClosedError, WorkerError, fromPlain } from '../shared/errors.js';
import { Mailbox } from '../shared/mailbox.js';
import { partsFor } from './parts.js';
import { Silence } from './silence.js';

/** Starts in a row that may fail before the worker is given up. */
const MAX_FAILED_STARTS = 3;

const WORKER_URL = new URL('../worker/worker.js', import.meta.url);

/**
 * @typedef {'booting'|'running'|'paused'|'restarting'|'failed'} WorkerState
 *
 * @typedef {import('../shared/protocol.js').EventMessage} EventMessage
 *
 * @typedef {object} Tenant  whom a worker works for
 * @property {(worker: KeptWorker) => Promise<void>} equip
 *   has the worker make what it is to own: once it can answer requests, and again when it was replaced
 * @property {(worker: KeptWorker, message: EventMessage) => void} onEvent
 * @property {(worker: KeptWorker, reason: string, hung: boolean) => void} onLost  the worker is gone and is being
 *   replaced; hung: because it was silent
 * @property {(worker: KeptWorker, error: Error) => void} onGivenUp
 * @property {(error: unknown) => void} onError  of a request whose answer nobody waits for
 *
 * @typedef {object} Pending
 * @property {import('../shared/protocol.js').RequestType} type
 * @property {(reply: any) => void} resolve
 * @property {(error: Error) => void} reject
 */

export class KeptWorker {
  /** @type {Worker | undefined} */
  #thread;
  /** There where memory is shared. @type {Mailbox | undefined} */
  #mailbox;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 0;
  #silence = new Silence(performance.now());
  #booted = false;
  #closed = false;
  #equipped = false;
  #failedStarts = 0;
  /** How often it was begun to equip the worker; only the last time counts. */
  #turn = 0;
  /** Whether what the worker tells is still of what the former tenant had it do. */
  #stale = false;

  /**
   * @param {number} index
   * @param {import('../shared/protocol.js').Payload<'boot'>} bootPayload
   * @param {Tenant} tenant
   * @param {(worker: KeptWorker, progress: EventMessage & {event: 'progress'}) => void} onProgress  of its start
   */
  constructor(index, bootPayload, tenant, onProgress) {
    this.index = index;
    this.bootPayload = bootPayload;
    this.tenant = tenant;
    this.onProgress = onProgress;
    /** @type {WorkerState} */
    this.state = 'booting';
    /** Resolves when the worker has all that it is to own. @type {Promise<void>} */
    this.ready = Promise.resolve();
    /** Resolves when the worker can answer requests. @type {Promise<void>} */
    this.booted = Promise.resolve();
  }

  /** The thread itself, for tests that kill it. */
  get thread() {
    return this.#thread;
  }

  /** Whether the worker has all that it is to own, and is told of changes. */
  get equipped() {
    return this.#equipped;
  }

  /** Starts the worker; `booted` and `ready` tell when it is, if need be one that replaced it. */
  start() {
    this.#spawn();
    this.booted = this.request('boot', this.bootPayload).then(() => {
      this.#booted = true;
    });
    this.#bringUp();
  }

  /**
   * Equips the worker anew, for another tenant.
   *
   * @param {Tenant} tenant
   * @param {Error} error for what the former one has asked
   */
  reequip(tenant, error) {
    this.tenant = tenant;
    this.#equipped = false;
    this.#stale = true;
    const former = [...this.#pending].filter(([, { type }]) => type !== 'boot');
    this.#bringUp();
    for (const [id, { reject }] of former) {
      this.#pending.delete(id);
      reject(error);
    }
  }

  #spawn() {
    const thread = new Worker(WORKER_URL, { type: 'module', name: `websim-${this.index}` });
    this.#thread = thread;
    const { manifest, reproducible, isolated } = this.bootPayload;
    partsFor(manifest, reproducible, isolated).sendTo(thread);
    this.#mailbox = isolated ? new Mailbox() : undefined;
    if (this.#mailbox) thread.postMessage({ mailbox: this.#mailbox.buffer });
    this.#silence = new Silence(performance.now());
    thread.onmessage = ({ data }) => this.#receive(data);
    thread.onerror = (event) => {
      event.preventDefault();
      this.lose(event.message || 'its script could not be loaded');
    };
  }

  #bringUp() {
    this.ready = this.#equip(++this.#turn);
    this.ready.catch(() => {}); // whoever needs the worker awaits `ready`
  }

  /** @param {number} turn */
  async #equip(turn) {
    const superseded = () => turn !== this.#turn && !this.#closed && this.state !== 'failed';
    try {
      await this.booted;
      await this.tenant.equip(this);
    } catch (error) {
      if (!superseded()) throw error;
    }
    if (superseded()) {
      await this.ready;
      return;
    }
    this.#equipped = true;
    this.#failedStarts = 0;
  }

  /** @param {boolean} running */
  setRunning(running) {
    this.state = running ? 'running' : 'paused';
  }

  /**
   * @template {import('../shared/protocol.js').RequestType} T
   * @param {T} type
   * @param {import('../shared/protocol.js').Payload<T>} payload
   * @param {Transferable[]} [transfer]
   * @returns {Promise<import('../shared/protocol.js').Reply<T>>}
   */
  request(type, payload, transfer = []) {
    return this.#ask(type, (thread, id) => thread.postMessage({ id, type, payload }, transfer));
  }

  /**
   * Has hands at work, in the middle of a learner's iteration too where memory is shared; otherwise, and where
   * there is no room for it, after it.
   *
   * @param {import('../shared/messages.js').Deed} payload
   * @returns {Promise<import('../shared/protocol.js').HandEvent>}
   */
  handle(payload) {
    const type = 'handle';
    return this.#ask(type, (thread, id) => {
      const put = this.#mailbox?.put({ id, type, payload });
      thread.postMessage(put ? { letters: true } : { id, type, payload });
    });
  }

  /** @param {import('../shared/protocol.js').RequestType} type @param {(thread: Worker, id: number) => void} send @returns {Promise<any>} */
  #ask(type, send) {
    return new Promise((resolve, reject) => {
      if (!this.#thread) throw new WorkerError(`worker ${this.index} is not there`);
      const id = this.#nextId++;
      this.#pending.set(id, { type, resolve, reject });
      send(this.#thread, id);
    });
  }

  /**
   * Sends a request whose answer nobody waits for. That the worker did not live to answer is no
   * error: the loss has been told.
   *
   * @template {import('../shared/protocol.js').RequestType} T
   * @param {T} type
   * @param {import('../shared/protocol.js').Payload<T>} payload
   */
  tell(type, payload) {
    this.request(type, payload).catch((error) => {
      if (!(error instanceof WorkerError || error instanceof ClosedError)) this.tenant.onError(error);
    });
  }

  /** @param {import('../shared/protocol.js').Sample[]} samples buffers for the worker to fill again */
  recycle(samples) {
    this.#thread?.postMessage({ recycle: samples }, samples.map(({ buffer }) => buffer));
  }

  /** Replaces the worker if it has been silent for too long. @param {number} now */
  check(now) {
    if (!this.#thread || this.state === 'failed') return;
    const hung = this.#silence.hung(now, this.#booted);
    if (hung) this.lose(`it did not answer for ${Math.round(hung / 1000)} s`, true);
  }

  /** See Silence. @param {number} now */
  compiling(now) {
    return this.#thread ? this.#silence.compiling(now) : 0;
  }

  /** Forgets past silence: the page itself was suspended. @param {number} now */
  forgive(now) {
    this.#silence.forgive(now);
  }

  /**
   * Gives the worker up and starts another in its place.
   *
   * @param {string} reason what happened to it, as the end of a sentence
   * @param {boolean} [hung]  it was silent
   */
  lose(reason, hung = false) {
    if (this.#closed || !this.#thread) return;
    this.#failedStarts = this.#equipped ? 0 : this.#failedStarts + 1;
    this.terminate(new WorkerError(`worker ${this.index} was lost: ${reason}`));
    if (this.#failedStarts >= MAX_FAILED_STARTS) {
      this.state = 'failed';
      this.tenant.onGivenUp(
        this,
        new WorkerError(`worker ${this.index} did not start in ${MAX_FAILED_STARTS} attempts: ${reason}`),
      );
      return;
    }
    this.state = 'restarting';
    this.tenant.onLost(this, reason, hung);
    this.start();
    this.ready.catch((error) => this.lose(error.message));
  }

  /** Ends the worker; what it was asked is answered with this error. @param {Error} error */
  terminate(error) {
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#booted = this.#equipped = this.#stale = false;
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

  /** @param {import('../shared/protocol.js').AnswerMessage | import('../shared/protocol.js').EventMessage} message */
  #receive(message) {
    if (this.#closed && 'event' in message) return; // nobody is interested any longer
    this.#silence.heard(/** @type {{event?: string}} */ (message), performance.now());
    if ('event' in message) {
      if (message.event === 'failed') this.lose(`${message.error.name}: ${message.error.message}`);
      else if (message.event === 'progress') this.onProgress(this, message);
      else if (message.event !== 'heartbeat' && !this.#stale) this.tenant.onEvent(this, message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (!pending) return;
    if (pending.type === 'create') this.#stale = false;
    if ('error' in message) pending.reject(fromPlain(message.error));
    else pending.resolve(message.reply);
  }
}
