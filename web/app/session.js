/**
 * The running simulation and what the user has set: applies changes, to the simulation as it runs
 * or by making a new one, and keeps the address in step.
 */

import { WebSim } from '../sim/websim.js';
import { comparedOf, groupsOf, rebuilds } from './panel/options.js';
import { readUrl, writeUrl } from './urlstate.js';

/**
 * @typedef {import('./panel/options.js').Options} Options
 * @typedef {import('../sim/websim.js').Progress} Progress
 */

/** Events of WebSim that are passed on. */
const PASSED = /** @type {const} */ (['notice', 'badState', 'state', 'error', 'episode']);

/**
 * Events: `options` (any of them changed), `opening`, `progress` (detail: Progress), `overture`
 * (detail: WebSim, whose robots move though it is not open yet), `opened`,
 * `failed` (detail: Error), `refused` (detail: Error; training cannot be as it was asked for),
 * `closing` (the simulation is about to go), and of WebSim those above with their payload as detail.
 */
export class Session extends EventTarget {
  /** @type {WebSim|null} */
  sim = null;
  /** Called before the simulation goes; it is waited for. @type {() => Promise<void>} */
  leaving = async () => {};
  /** What is to be learnt, if anything is. @type {import('../sim/page/trainingrun.js').TrainingOptions|null} */
  #training = null;
  /** The simulation before one that could not be made. @type {WebSim|undefined} */
  #left;
  #opening = false;
  #again = false;
  /** Events wait until the page is there to hear them; null: it is. @type {CustomEvent[]|null} */
  #unheard = [];

  constructor() {
    super();
    const { options, problems } = readUrl(location.search, history.state);
    this.options = options;
    /** What the address said and could not be understood. */
    this.problems = problems;
    addEventListener('popstate', () => this.#apply(readUrl(location.search, history.state).options));
  }

  /**
   * Changes options on the user's behalf; the back button returns to what was before.
   *
   * @param {Partial<Options>} change
   * @param {'push'|'replace'} [how]
   */
  set(change, how = 'push') {
    const next = { ...this.options, ...change };
    // Another simulation has other robots.
    if (rebuilds(difference(this.options, next))) next.follow = null;
    writeUrl(next, how);
    this.#apply(next);
  }

  /** Takes over options of a simulation that is about to be opened. @param {Partial<Options>} change */
  adopt(change) {
    const next = { ...this.options, ...change };
    const different = difference(this.options, next);
    this.options = next;
    writeUrl(next, 'push');
    this.#emit('options', different);
  }

  /** @param {Options} next */
  #apply(next) {
    const change = difference(this.options, next);
    if (Object.keys(change).length === 0) return;
    this.options = next;
    this.#emit('options', change);
    if ('renderer' in change) location.reload();
    else if (rebuilds(change)) {
      this.#training = null;
      this.open();
    }
    else this.#applyLive(change);
  }

  /** @param {Partial<Options>} change */
  #applyLive({ speed, paused }) {
    if (!this.sim) return;
    if (speed !== undefined) this.sim.setSpeed(speed);
    if (paused !== undefined) paused ? this.sim.pause() : this.sim.play();
  }

  /**
   * Opens a simulation whose robots learn, beside them those that are compared; null: one without.
   *
   * @param {import('../sim/page/trainingrun.js').TrainingOptions|null} training
   */
  async train(training) {
    this.#training = training;
    // The robots have other indices then.
    if (this.options.follow !== null) this.set({ follow: null }, 'replace');
    await this.open();
  }

  /** Opens a simulation for the present options, closing the one before. The newest call wins. */
  async open() {
    this.#again = true;
    if (this.#opening) return;
    this.#opening = true;
    while (this.#again) {
      this.#again = false;
      try {
        await this.#replace();
      } catch (error) {
        if (this.#again) continue;
        if (this.#training) {
          // The user's own simulation comes back.
          this.#training = null;
          this.#again = true;
          this.#emit('refused', error);
        } else {
          this.#emit('failed', error);
        }
      }
    }
    this.#opening = false;
  }

  async #replace() {
    await this.leaving();
    this.#emit('opening');
    const replaced = this.#leave() ?? this.#left;
    const training = this.#training;
    const { options } = this;
    const moves = !options.paused && options.controller === 'random';
    const sim = await WebSim.create({
      replacing: replaced,
      training: training ?? undefined,
      tasks: training ? besideOf(options, training) : groupsOf(options),
      numWorkers: options.workers,
      seed: options.seed,
      speed: options.speed,
      onProgress: (progress) => this.#emit('progress', progress),
      onOverture: moves ? (early) => this.#emit('overture', early) : undefined,
    }).catch((error) => {
      // The next attempt may still have its workers.
      this.#left = replaced;
      throw error;
    });
    this.#left = undefined;
    this.sim = sim;
    for (const type of PASSED) {
      sim.on(type, (/** @type {unknown} */ payload) => this.#emit(type, payload));
    }
    if (this.#again) return;
    // What was set while it opened.
    this.#applyLive({ speed: this.options.speed });
    this.#emit('opened');
  }

  async close() {
    await this.#leave()?.close();
  }

  /** The simulation that there was, which nobody shows any longer. */
  #leave() {
    const { sim } = this;
    if (!sim) return undefined;
    this.sim = null;
    this.#emit('closing');
    return sim;
  }

  /** Starts or holds the simulation as the options say. */
  run() {
    this.#applyLive({ paused: this.options.paused });
  }

  /** Tells what has happened so far, and from now on tells at once. */
  attend() {
    const unheard = this.#unheard ?? [];
    this.#unheard = null;
    for (const event of unheard) this.dispatchEvent(event);
  }

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    const event = new CustomEvent(type, { detail });
    if (this.#unheard) this.#unheard.push(event);
    else this.dispatchEvent(event);
  }
}

/**
 * @param {Options} before @param {Options} after
 * @returns {Partial<Options>}  what is different afterwards
 */
function difference(before, after) {
  const names = /** @type {(keyof Options)[]} */ (Object.keys(after));
  const changed = names.filter((name) => before[name] !== after[name]);
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

/**
 * The robots beside those that learn.
 *
 * @param {Options} options @param {import('../sim/page/trainingrun.js').TrainingOptions} training
 */
function besideOf(options, { experiment }) {
  const numEnvs = comparedOf(options).reduce((sum, { envs }) => sum + envs, 0);
  return numEnvs && experiment ? [{ experiment, numEnvs }] : [];
}
