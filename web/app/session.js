/**
 * The running simulation and what the user has set: applies changes, to the simulation as it runs
 * or by making a new one, and keeps the address in step.
 */

import { WebSim } from '../sim/websim.js';
import { groupsOf, rebuilds } from './options.js';
import { readUrl, writeUrl } from './urlstate.js';

/**
 * @typedef {import('./options.js').Options} Options
 * @typedef {import('../sim/websim.js').Progress} Progress
 */

/**
 * Events: `options` (any of them changed), `opening`, `progress` (detail: Progress), `opened`,
 * `failed` (detail: Error), `closing` (the simulation is about to go), and of WebSim's `notice`,
 * `badState`, `state` and `error` with their payload as detail.
 */
export class Session extends EventTarget {
  /** @type {WebSim|null} */
  sim = null;
  #opening = false;
  #again = false;

  constructor() {
    super();
    const { options, problems } = readUrl(location.search);
    this.options = options;
    /** What the address said and could not be understood. */
    this.problems = problems;
    addEventListener('popstate', () => this.#apply(readUrl(location.search).options));
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

  /** @param {Options} next */
  #apply(next) {
    const change = difference(this.options, next);
    if (Object.keys(change).length === 0) return;
    this.options = next;
    this.#emit('options', change);
    if ('renderer' in change) location.reload();
    else if (rebuilds(change)) this.open();
    else this.#applyLive(change);
  }

  /** @param {Partial<Options>} change */
  #applyLive({ controller, speed, paused }) {
    if (!this.sim) return;
    if (controller !== undefined) this.sim.setController(controller);
    if (speed !== undefined) this.sim.setSpeed(speed);
    if (paused !== undefined) paused ? this.sim.pause() : this.sim.play();
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
        if (!this.#again) this.#emit('failed', error);
      }
    }
    this.#opening = false;
  }

  async #replace() {
    this.#emit('opening');
    const replaced = this.#leave();
    const { options } = this;
    const sim = await WebSim.create({
      replacing: replaced,
      tasks: groupsOf(options),
      numWorkers: options.workers,
      seed: options.seed,
      controller: options.controller,
      speed: options.speed,
      onProgress: (progress) => this.#emit('progress', progress),
    }).catch(async (error) => {
      await replaced?.close();
      throw error;
    });
    this.sim = sim;
    for (const type of /** @type {const} */ (['notice', 'badState', 'state', 'error'])) {
      sim.on(type, (/** @type {unknown} */ payload) => this.#emit(type, payload));
    }
    if (this.#again) return;
    // What was set while it opened.
    this.#applyLive({ controller: this.options.controller, speed: this.options.speed });
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

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
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
