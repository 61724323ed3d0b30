/**
 * The workers of a page: boots them, looks after them, and replaces those that are lost. What they
 * do is their tenant's business, and they outlive it: booting takes seconds, another set of robots
 * does not.
 */

import { ClosedError, WorkerError, toPlain } from '../shared/errors.js';
import { bytesToLoad, partsFor } from './parts.js';
import { KeptWorker } from './keptworker.js';
import { measure, onThisClock } from '../shared/stages.js';

/** Workers are looked after so often, in milliseconds. */
const TICK_MS = 500;

/** Ticks this late mean that the page was suspended, and its workers with it. */
const SUSPENDED_MS = 5000;

/** While workers boot, progress is told so often, in milliseconds. */
const PROGRESS_MS = 100;

/** What workers get to free their memory before they are ended. */
const CLOSE_MS = 2000;

const STAGES = /** @type {const} */ (['mujoco', 'pyodide', 'packages', 'environments']);

const MESSAGES = {
  mujoco: 'Loading MuJoCo',
  pyodide: 'Starting Python',
  packages: 'Loading Python packages',
  environments: 'Making environments',
};

/**
 * @typedef {object} Progress
 * @property {'manifest' | import('../worker/boot.js').Stage} stage  the stage of the worker that is furthest behind
 * @property {number} loaded   bytes that the page has fetched for its workers
 * @property {number} total    0 while unknown
 * @property {string} message
 *
 * @typedef {object} Started  what is asked for besides of whom all workers work for
 * @property {(worker: KeptWorker) => void} onStarted  a new worker has been started, and is about to boot
 * @property {(progress: Progress) => void} onProgress
 * @property {(now: number, compiling: number) => void} onTick  compiling: for how long in a worker; see Silence
 *
 * @typedef {import('./keptworker.js').Tenant & Started} Tenant
 *
 * @typedef {Omit<import('../shared/protocol.js').Payload<'boot'>, 'taskFiles'>} Workers  what kind of workers
 */

export class Fleet {
  /** @type {KeptWorker[]} */
  workers = [];
  /** The stage of each worker and when it began, 0 when it is over. @type {{stage: import('../worker/boot.js').Stage, began: number}[]} */
  #progress = [];
  /** @type {import('./parts.js').PartLoader | undefined} */
  #parts;
  /** More the browser had no memory for. */
  #limit = Infinity;
  /** @type {Tenant | undefined} */
  #tenant;
  #lastTick = performance.now();
  #ticker = setInterval(() => this.#tick(), TICK_MS);

  /** Of all workers, also of those that come: what is defined is added. @type {import('../shared/protocol.js').Payload<'boot'>} */
  bootPayload;
  /** Ids of tasks that were defined here. @type {string[]} */
  tasks = [];

  /**
   * @param {Workers} kind
   * @param {Fleet} [former]  what was defined there is defined here as well
   */
  constructor(kind, former) {
    this.kind = kind;
    this.tasks = former?.tasks ?? [];
    this.bootPayload = { ...kind, taskFiles: former?.bootPayload.taskFiles ?? [...kind.manifest.taskFiles] };
  }

  /** Whether workers booted like this are what these are. @param {Workers} kind */
  fits(kind) {
    return JSON.stringify(kind) === JSON.stringify(this.kind);
  }

  /**
   * Has all workers know tasks, also those that come.
   *
   * @param {import('../shared/protocol.js').TaskFile} file
   * @returns {Promise<string[]>}  their ids
   */
  async defineTasks(file) {
    const [first, ...others] = this.workers.filter(({ equipped }) => equipped);
    if (!first) throw new WorkerError('all workers are being replaced; try again in a few seconds');
    const ids = await first.request('defineTasks', file);
    this.bootPayload.taskFiles.push(file);
    this.tasks = [...new Set([...this.tasks, ...ids])];
    await Promise.all(others.map((worker) => worker.request('defineTasks', file).catch((error) => {
      if (!(error instanceof WorkerError)) throw error; // one that is lost boots with it
    })));
    return ids;
  }

  /**
   * Has the workers work for a tenant from now on; resolves when `size` of them are booted, or as
   * many as there is memory for. `KeptWorker.ready` tells when each is equipped.
   *
   * @param {Tenant} tenant
   * @param {number} size
   */
  async employ(tenant, size) {
    this.#tenant = tenant;
    const wanted = Math.min(size, this.#limit);
    const alive = this.workers.filter(({ state }) => state !== 'failed');
    const surplus = alive.splice(wanted);
    this.workers = alive;
    const closed = new ClosedError('the simulation was closed');
    this.workers.forEach((worker, i) => {
      worker.index = i;
      worker.reequip(tenant, closed);
    });
    this.#progress = Array.from({ length: wanted }, (_, i) => (
      { stage: i < alive.length ? STAGES[3] : STAGES[0], began: 0 }
    ));
    await Promise.all([this.#boot(wanted), ...surplus.map((worker) => worker.close(CLOSE_MS, closed))]);
  }

  /** Boots what is missing. @param {number} size */
  async #boot(size) {
    const missing = this.#progress.map((_, i) => i).slice(this.workers.length);
    const waiting = missing.map((i) => new KeptWorker(i, this.bootPayload, this.#the, this.#onProgress));
    /** @type {unknown} */
    let failure;
    const bootInTurn = async () => {
      for (let worker = waiting.shift(); worker && !failure; worker = waiting.shift()) {
        this.workers.push(worker);
        worker.tenant = this.#the; // another one by now perhaps
        worker.start();
        this.#the.onStarted(worker);
        await worker.booted.catch(async (error) => {
          // Lost while it booted: `booted` stands for the worker that replaces it.
          if (error instanceof WorkerError) return worker.booted;
          throw error;
        }).catch((error) => {
          failure = error;
          this.workers.splice(this.workers.indexOf(worker), 1);
          worker.terminate(error);
        });
      }
    };
    const { manifest, reproducible, isolated } = this.bootPayload;
    this.#parts = partsFor(manifest, reproducible, isolated);
    const progressing = setInterval(() => this.#the.onProgress(this.progress), PROGRESS_MS);
    // More boots at once than cores would only slow each other down.
    await Promise.all(Array.from({ length: navigator.hardwareConcurrency || 2 }, bootInTurn))
      .finally(() => clearInterval(progressing));
    if (this.workers.length === size) return;
    // One can do with fewer workers when memory ended before all of them had started. A browser
    // sets aside far more address space for a worker than it uses, so there is an end to it.
    if (!this.workers.length || !/memory/i.test(toPlain(failure).message)) throw failure;
    this.workers.forEach((worker, i) => (worker.index = i));
    this.#limit = this.#progress.length = this.workers.length;
  }

  /** Ends the workers beyond a number. @param {number} size */
  async shrink(size) {
    const surplus = this.workers.splice(size);
    this.#progress.length = this.workers.length;
    await Promise.all(surplus.map((worker) => worker.close(CLOSE_MS, new ClosedError('there is nothing for it to do'))));
  }

  /**
   * Ends the workers and frees all they hold.
   *
   * @returns {Promise<number>} embind objects that the workers failed to free
   */
  async close() {
    clearInterval(this.#ticker);
    const error = new ClosedError('the simulation was closed');
    const left = await Promise.all(this.workers.map((worker) => worker.close(CLOSE_MS, error)));
    return left.reduce((sum, n) => sum + n, 0);
  }

  /** @returns {Progress} */
  get progress() {
    const loaded = this.#parts?.loaded ?? 0;
    const stage = STAGES[Math.min(...this.#progress.map((progress) => STAGES.indexOf(/** @type {any} */ (progress.stage))))];
    return { stage, loaded, total: bytesToLoad(this.bootPayload.manifest), message: MESSAGES[stage] };
  }

  get #the() {
    return /** @type {Tenant} */ (this.#tenant);
  }

  /** @type {KeptWorker['onProgress']} */
  #onProgress = (worker, { stage, at }) => {
    const began = onThisClock(at);
    if (stage === 'moving') {
      measure(`worker ${worker.index}: first motion`, 0, began);
      return;
    }
    const own = this.#progress[worker.index];
    if (own.stage !== stage && own.began) measure(`worker ${worker.index}: ${own.stage}`, own.began, began);
    if (stage === 'ready') {
      own.began = 0; // nothing goes on until the worker is replaced
      return;
    }
    Object.assign(own, { stage, began });
    this.#the.onProgress(this.progress);
  };

  #tick() {
    const now = performance.now();
    const suspended = now - this.#lastTick > SUSPENDED_MS;
    this.#lastTick = now;
    for (const worker of this.workers) {
      if (suspended) worker.forgive(now);
      else worker.check(now);
    }
    this.#tenant?.onTick(now, Math.max(0, ...this.workers.map((worker) => worker.compiling(now))));
  }
}
