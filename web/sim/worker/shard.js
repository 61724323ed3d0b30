/**
 * A worker's part of one group of environments: the Python object that steps them
 * (`websim.browser.shard.Shard`) and the memory in which the page sees them.
 */

import { Published } from './published.js';
import { pythonExperiment, pythonMemory, toJs } from './python.js';

/** @typedef {import('../shared/protocol.js').CodeFailure} Failure */

export class WorkerShard extends Published {
  /**
   * @param {import('./boot.js').Runtime} runtime
   * @param {any} python  `websim.browser.shard.Display`, or a Shard
   * @param {{group: number, ended: number[], isolated: boolean, before?: Published, failures?: Failure[]}} options
   *   ended: episodes that it tells of are put there; isolated: memory is shared; before: whose
   *   memory it goes on with; failures: why code has failed as it ran is put there
   */
  constructor({ pyodide }, python, { group, ended, isolated, before, failures = [] }) {
    super(group, toJs(python.describe()), isolated, before);
    this.pyodide = pyodide;
    /** Ended episodes not yet told: [index within the group, return, length]* */
    this.ended = ended;
    /** Why the reward or the measure has just given way to the one before. */
    this.failures = failures;
    /** Something else is paid or judged by, and the page does not know yet. @type {{failure: Failure | null, others: boolean} | undefined} */
    this.recoded = undefined;
    this.python = python;
    /** @type {import('./physics.js').BatchPhysics} */
    this.physics = python.physics;
    this.arrays = this.#bindArrays(toJs(python.places()));
    this.publish();
  }

  /**
   * Makes environments that are driven by controllers, and starts their episodes.
   *
   * @param {import('./boot.js').Runtime} runtime
   * @param {import('../shared/protocol.js').ShardSpec} spec
   * @param {string} controller
   * @param {any} policies  `websim.browser.policies.Policies`
   * @param {boolean} isolated
   * @param {import('./overture.js').Overture} [overture]  that they go on from
   */
  static make(runtime, { experiment, ...place }, controller, policies, isolated, overture) {
    const { pyodide } = runtime;
    /** @type {number[]} */
    const ended = [];
    /** @type {Failure[]} */
    const failures = [];
    const module = pyodide.pyimport('websim.browser.shard');
    const wanted = pythonExperiment(pyodide, experiment);
    const pythonPlace = pyodide.toPy(place);
    const onEpisode = (/** @type {number[]} */ ...episode) => void ended.push(...episode);
    const onFailure = (/** @type {string} */ message, /** @type {Failure['part']} */ part, /** @type {string} */ source) => (
      void failures.push({ message, part, source })
    );
    const python = module.make_shard(wanted, pythonPlace, controller, policies, onEpisode, onFailure);
    pythonPlace.destroy();
    wanted.destroy();
    module.destroy();
    overture?.handOver(pyodide, python);
    return new WorkerShard(runtime, python, { group: place.group, ended, isolated, before: overture, failures });
  }

  describe() {
    return this.describeWith(this.physics);
  }

  /** @param {number | null} seed of the group's first environment; null goes on with the random state */
  reset(seed) {
    this.python.reset(seed ?? undefined);
    this.publish();
  }

  /**
   * One step of every environment.
   *
   * @param {'controller' | Float32Array} actions the controller's, or [count, actionSize] from outside
   */
  step(actions) {
    const start = performance.now();
    if (actions === 'controller') {
      this.python.step();
    } else {
      this.#array('actions').set(actions);
      this.python.apply();
    }
    for (const failure of this.failures.splice(0)) this.renew(failure);
    this.publish(() => this.countStep(this.sizes.numEnvs, start));
  }

  /**
   * Publishes what somebody else has stepped.
   *
   * @param {number} steps   environment steps since the start
   * @param {number} busyMs  time since the last call, all of it spent on them
   */
  show(steps, busyMs) {
    this.publish(() => this.countSteps(steps, busyMs));
  }

  /**
   * Takes up that Python publishes other terms, or other environments of the same robots.
   *
   * @param {Failure | null} failure  that led to it
   * @param {boolean} others
   */
  renew(failure = null, others = false) {
    if (others) {
      this.physicsBefore += this.physics.elapsedMs;
      this.physics = this.python.physics;
    }
    this.resize(toJs(this.python.describe()));
    this.arrays = this.#bindArrays(toJs(this.python.places()));
    this.publish();
    this.recoded = { failure, others: others || this.recoded?.others === true };
  }

  /** Tries other code, which `useCode` puts in force. @param {string} code */
  tryCode(code) {
    this.python.try_code(code);
  }

  /** Pays and judges by what was tried. */
  useCode() {
    this.python.use_code();
    this.renew();
  }

  /** Has code that has failed elsewhere give way here too. @param {Omit<Failure, 'message'>} failed */
  giveUp({ part, source }) {
    this.python.give_up(part, source);
    this.renew();
  }

  /** What could not be paid lately, as a sentence, or ''. @returns {string} */
  takeUnpaid() {
    return this.python.take_unpaid();
  }

  /** Copies the newest arrays from Python to the memory that the page reads. @param {() => void} [count]  what was done */
  publish(count) {
    this.publishSample(this.physics, this.python.bad_states, () => {
      for (const { name } of this.arrays) /** @type {any} */ (this.views)[name].set(this.#array(name));
      count?.();
    });
  }

  /** @param {string} name @param {number} first within the group @param {number} count */
  setController(name, first, count) {
    this.python.set_controller(name, first - this.python.first, count);
  }

  /** @param {number} index within the group @param {Float32Array | null} action */
  setAction(index, action) {
    const row = action && this.pyodide.toPy(action);
    this.python.hold(index - this.python.first, row ?? undefined);
    row?.destroy();
  }

  /**
   * Does what a hand is to do, and shows it.
   *
   * @param {import('../shared/messages.js').Deed} deed
   * @returns {import('../shared/protocol.js').HandEvent}
   */
  handle(deed) {
    const wanted = this.pyodide.toPy(deed);
    try {
      return JSON.parse(this.python.handle(wanted));
    } finally {
      wanted.destroy();
      this.publish();
    }
  }

  takeEnded() {
    return this.ended.splice(0);
  }

  close() {
    this.python.close();
    this.destroy();
  }

  /** Lets go of Python's object. */
  destroy() {
    this.python.destroy();
  }

  /**
   * Where Python's arrays lie in its memory. They are never rebound, so the addresses hold; a view
   * is made anew when the memory has grown.
   *
   * @param {import('../shared/messages.js').ArrayPlace[]} places
   */
  #bindArrays(places) {
    return places.map(({ name, address, length }) => {
      const Type = /** @type {any} */ (this.views)[name].constructor;
      return { name, address, length, Type, view: new Type(0) };
    });
  }

  /** @param {string} name */
  #array(name) {
    const array = /** @type {any} */ (this.arrays.find((candidate) => candidate.name === name));
    if (array.view.length !== array.length) {
      array.view = new array.Type(pythonMemory(this.pyodide), array.address, array.length);
    }
    return array.view;
  }
}
