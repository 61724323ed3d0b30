/**
 * Who moves which robots: the controller of all, and parts with others for comparison. Policies that
 * are kept in this browser are brought to the simulation when they are wanted.
 */

import { TRAINED, comparedOf } from './options.js';

/**
 * @typedef {import('../session.js').Session} Session
 *
 * @typedef {object} Part  robots side by side with one controller
 * @property {number} first  index of the first environment
 * @property {number} count
 * @property {string} controller
 */

/** What moves robots whose own controller there is not. */
const FALLBACK = 'random';

/** What is no controller of the simulation's own. */
const BROUGHT = /^(saved|shared|trained)-/;

/** The simulation's name of what comes with the page for a task. @param {string} task */
const trainedController = (task) => `${TRAINED}-${task}`;

/** Whose run a controller is that comes with the page; null: another one. @param {string} controller */
export const trainedTask = (controller) => (controller.startsWith(trainedController('')) ? controller.slice(TRAINED.length + 1) : null);

/** Event `change`: parts are others, or have other controllers. */
export class Controllers extends EventTarget {
  /** One for each part that is compared; the rest is `rest`. @type {Part[]} */
  parts = [];
  /** Policies on their way to the simulation. @type {Set<string>} */
  #coming = new Set();

  /**
   * @param {Session} session
   * @param {(controller: string) => Promise<ArrayBuffer|null>} loadPolicy  the checkpoint of a saved or shared one
   * @param {(message: string) => void} onProblem
   */
  constructor(session, loadPolicy, onProblem) {
    super();
    this.session = session;
    this.loadPolicy = loadPolicy;
    this.onProblem = onProblem;
    session.equips = (sim) => this.prepare(sim);
    session.addEventListener('opened', () => {
      this.#coming.clear();
      this.apply();
    });
    session.addEventListener('options', (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      if ('controller' in detail || 'compare' in detail) this.apply();
    });
  }

  /** Environments that learn; they come first. */
  get learners() {
    const [first] = this.session.sim?.groups ?? [];
    return first?.learns ? first.numEnvs : 0;
  }

  /** Brings the options to the simulation. */
  apply() {
    const { sim, options } = this.session;
    if (!sim) return;
    let next = this.learners;
    if (next < sim.numEnvs) this.#set(options.controller);
    this.parts = [];
    for (const { envs, controller } of comparedOf(options)) {
      const count = Math.min(envs, sim.numEnvs - next);
      if (count <= 0) break;
      this.#set(controller, { first: next, count });
      this.parts.push({ first: next, count, controller });
      next += count;
    }
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} name @param {{first: number, count: number}} [range] */
  #set(name, range) {
    try {
      for (const one of this.#each(name, range)) this.session.sim?.setController(this.#present(one.name), one.range);
    } catch (error) {
      // A policy and robots of another type.
      this.onProblem(/** @type {Error} */ (error).message);
    }
  }

  /**
   * What the simulation calls a controller: one that comes with the page is another for each type of robots.
   *
   * @param {string} name @param {{first: number, count: number}} [range]
   */
  #each(name, range) {
    const { sim } = this.session;
    if (name !== TRAINED || !sim) return [{ name, range }];
    const { first, count } = range ?? { first: this.learners, count: sim.numEnvs - this.learners };
    return sim.groups.flatMap(({ task, offset, numEnvs }) => {
      const from = Math.max(first, offset);
      const some = Math.min(first + count, offset + numEnvs) - from;
      return some > 0 ? [{ name: trainedController(task), range: { first: from, count: some } }] : [];
    });
  }

  /** The controller if the simulation has it; else it is brought, and another one does meanwhile. @param {string} name */
  #present(name) {
    const { sim } = this.session;
    if (sim?.controllers.includes(name)) return name;
    this.#bring(name);
    return FALLBACK;
  }

  /**
   * Brings the policies that the options name to a simulation before anybody sees it: its robots move by them from
   * the first step. What does not come, or does not fit, is told once the simulation is open.
   *
   * @param {import('../../sim/websim.js').WebSim} sim
   */
  async prepare(sim) {
    const { options } = this.session;
    const named = [options.controller, ...comparedOf(options).map(({ controller }) => controller)];
    const names = new Set(named.flatMap((name) => this.#each(name)).map(({ name }) => name));
    await Promise.allSettled([...names].filter((name) => BROUGHT.test(name)).map((name) => this.#add(sim, name)));
  }

  /** @param {import('../../sim/websim.js').WebSim} sim @param {string} name */
  async #add(sim, name) {
    const checkpoint = await this.loadPolicy(name);
    if (!checkpoint) throw new Error('it is not kept in this browser.');
    await sim.addPolicy(name, checkpoint.slice(0));
  }

  /** @param {string} name */
  async #bring(name) {
    const { sim } = this.session;
    if (!sim || this.#coming.has(name)) return;
    this.#coming.add(name);
    // `current` and `best` are there again with the next training.
    if (!BROUGHT.test(name)) return;
    try {
      await this.#add(sim, name);
      if (this.session.sim !== sim) return;
      this.apply();
      // Those that have fallen by then would lie there for the rest of their episodes.
      if (this.session.options.controller === TRAINED) await sim.reset({ seed: this.session.options.seed });
    } catch (error) {
      if (this.session.sim === sim) this.onProblem(`This policy cannot move these robots: ${/** @type {Error} */ (error).message}`);
    }
  }
}
