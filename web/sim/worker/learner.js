/**
 * A worker's end of a training run: one rank. Python does the learning (`websim/browser/learner.py`); here
 * is what happens around it. An iteration runs without a pause, so in the middle of it, at every
 * pulse, whatever else the worker has to do gets its turn.
 */

import { toPlain } from '../shared/errors.js';
import { pythonBytes, pythonExperiment, toJs } from './python.js';
import { WorkerShard } from './shard.js';

/** The learners' environments are shown at most so often, in milliseconds... */
const SHOW_MS = 16;

/** ...and so that it takes no more than this share of the time. */
const SHOW_SHARE = 0.02;

/** How soon the next pulse may come, in milliseconds. */
const SHORTEST_PULSE_MS = 2;

/** Checkpoints come as often as this share of the time allows... */
const SAVE_SHARE = 0.02;

/** ...within these bounds, in milliseconds after each other. */
const SAVE_MS = { soonest: 1000, latest: 10_000 };

/** What ends an iteration without being a failure: somebody else has seen to it. */
const GIVEN_UP = ['TrainingAbandoned', 'RankLost'];

/**
 * @typedef {object} Host  what the worker lends to its learner
 * @property {(now: number, stepped: boolean) => number} pulse  does what else there is to do; returns when it is to be
 *   called again. stepped: the environments have just been stepped, and nobody has looked at them yet
 * @property {() => boolean} expelled  whether the others go on without this rank
 * @property {() => void} recoded  tells that something else is paid or judged by
 * @property {(message: import('../shared/protocol.js').EventMessage, transfer?: Transferable[]) => void} tell
 */

export class Learner {
  /** Whether it goes on to the next iteration. */
  running = false;
  #stop = false;
  #save = false;
  /** Other code that is wished, as JSON. @type {string | undefined} */
  #code;
  /** What somebody wants of a run that adapts, as JSON. @type {string | undefined} */
  #wish;
  #lastSave = -Infinity;
  /** When the next checkpoint is due after the last one, in milliseconds. */
  #saveAfter = 0;
  #lastShow = 0;
  #nextShow = 0;

  /**
   * @param {import('./boot.js').Runtime} runtime
   * @param {import('../shared/protocol.js').Payload<'learn'>} payload
   * @param {any} policies  `websim.browser.policies.Policies` of this worker
   * @param {boolean} isolated
   * @param {Host} host
   */
  constructor(runtime, { experiment, checkpoint, checkpointSeconds }, policies, isolated, host) {
    this.pyodide = runtime.pyodide;
    this.host = host;
    this.checkpointMs = checkpointSeconds && checkpointSeconds * 1000;
    /** @type {number[]} */
    const ended = [];
    const data = checkpoint && pythonBytes(this.pyodide, checkpoint);
    const wanted = experiment && pythonExperiment(this.pyodide, experiment, checkpoint);
    const communicator = this.#communicator();
    const module = this.pyodide.pyimport('websim.browser.learner');
    this.python = module.Learner(
      wanted ?? undefined,
      data ?? undefined,
      communicator,
      policies,
      (/** @type {boolean} */ stepped) => this.#pulse(stepped),
      (/** @type {number[]} */ ...episode) => void ended.push(...episode),
    );
    for (const proxy of [data, wanted, communicator, module]) proxy?.destroy();
    /** Its environments, as the page sees them. */
    this.shard = new WorkerShard(runtime, this.python.display, { group: 0, ended, isolated });
    this.restartedEnvironments = checkpoint !== null && this.python.restarted_environments;
    if (checkpoint) this.#saved(0);
  }

  /**
   * Goes on in another group of ranks, from a checkpoint if there is one.
   *
   * @param {ArrayBuffer | null} checkpoint
   */
  rejoin(checkpoint) {
    const data = checkpoint && pythonBytes(this.pyodide, checkpoint);
    const communicator = this.#communicator();
    this.python.rejoin(communicator, data ?? undefined);
    for (const proxy of [data, communicator]) proxy?.destroy();
    this.running = this.#stop = this.#save = false;
    this.#follow();
    this.#recode();
  }

  #communicator() {
    const module = this.pyodide.pyimport('websim.browser.transport');
    const communicator = module.worker_communicator();
    module.destroy();
    return communicator;
  }

  /** @param {import('../shared/protocol.js').Payload<'train'>} wish */
  train({ run, save, code, wish }) {
    if (run === true) {
      this.running = true;
      this.#stop = false;
    } else if (run === false) {
      this.#stop = this.running;
    }
    this.#save ||= save === true;
    if (code) this.#code = JSON.stringify(code);
    if (wish) this.#wish = JSON.stringify(wish);
  }

  /** One iteration; tells the page of it. */
  iterate() {
    const start = performance.now();
    const save = this.#save || start - this.#lastSave >= this.#saveAfter;
    this.#lastShow = start;
    try {
      /** @type {import('../shared/messages.js').Iteration} */
      const iteration = toJs(this.python.advance(this.#stop, save, this.#code, this.#wish));
      const { root, done, checkpoint, saving, changed, lost } = iteration;
      if (!lost.length) this.#code = this.#wish = undefined; // it has been decided on, or another rank's word counts
      this.#follow();
      if (changed) this.#recode();
      this.#show(performance.now());
      if (done) this.running = this.#stop = false;
      if (checkpoint || !root) this.#save = false;
      if (checkpoint) this.#saved(saving * 1000);
      this.host.tell({ event: 'iteration', ...iteration }, checkpoint ? [checkpoint.buffer] : []);
    } catch (error) {
      this.running = false;
      const plain = toPlain(error);
      if (plain.name === 'TrainingDiverged') this.host.tell({ event: 'diverged', message: plain.message });
      else if (!GIVEN_UP.includes(plain.name)) this.host.tell({ event: 'failed', error: plain });
    }
  }

  /** Something else is paid or judged by. */
  #recode() {
    this.shard.renew();
    this.host.recoded();
  }

  /** Shows what learns now, where that is another: a change that was tried goes on, or somebody went back. */
  #follow() {
    if (!this.python.moved()) return;
    this.shard.renew(null, true);
    this.host.recoded();
  }

  /** There is a checkpoint. @param {number} took  milliseconds */
  #saved(took) {
    const { soonest, latest } = SAVE_MS;
    this.#lastSave = performance.now();
    this.#saveAfter = this.checkpointMs ?? Math.min(latest, Math.max(soonest, took / SAVE_SHARE));
  }

  /** In the middle of an iteration. @param {boolean} stepped  see Host @returns {number} in how many seconds the next one is due; below 0: never */
  #pulse(stepped) {
    if (this.host.expelled()) return -1;
    this.#follow();
    let now = performance.now();
    if (now >= this.#nextShow) {
      this.#show(now);
      const took = performance.now() - now;
      now += took;
      this.#nextShow = now + Math.max(SHOW_MS, took / SHOW_SHARE);
    }
    const next = Math.min(this.#nextShow, this.host.pulse(now, stepped));
    return Math.max(SHORTEST_PULSE_MS, next - performance.now()) / 1000;
  }

  /** @param {number} now */
  #show(now) {
    this.python.display.refresh();
    this.shard.show(this.python.steps, now - this.#lastShow);
    this.#lastShow = now;
  }

  close() {
    this.python.close();
    this.shard.destroy();
    this.python.destroy();
  }
}
