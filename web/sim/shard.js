/**
 * A worker's part of one group of environments: the Python object that steps them
 * (`websim.shard.Shard`) and the memory in which the page sees them.
 */

import { COUNTERS, POSE_SLOTS, shardLayout, viewsOf } from './memory.js';
import { sceneOf } from './scene.js';

const [STEPS, PHYSICS_STEPS, BAD_STATES, BUSY_MS, PHYSICS_MS, MEMORY] = COUNTERS.keys();

export class WorkerShard {
  /**
   * @param {import('./boot.js').Runtime} runtime
   * @param {any} python  `websim.shard.Display`, or a Shard
   * @param {{group: number, ended: number[], isolated: boolean}} options
   *   ended: episodes that it tells of are put there; isolated: memory is shared
   */
  constructor({ mujoco, pyodide }, python, { group, ended, isolated }) {
    this.group = group;
    this.pyodide = pyodide;
    /** Ended episodes not yet told: [index within the group, return, length]* */
    this.ended = ended;
    this.python = python;
    /** @type {import('./physics.js').BatchPhysics} */
    this.physics = this.python.physics;
    this.mujoco = mujoco;

    const about = this.#toJs(this.python.describe());
    this.about = about;
    this.dt = about.dt;
    this.frameSkip = about.frameSkip;
    this.sizes = /** @type {import('./memory.js').ShardSizes} */ (about.sizes);
    this.layout = shardLayout(this.sizes);
    this.buffer = isolated ? new SharedArrayBuffer(this.layout.bytes) : new ArrayBuffer(this.layout.bytes);
    this.views = viewsOf(this.layout, this.buffer);
    /** @type {ArrayBuffer[]} given back by the page */
    this.spare = [];
    /** Bytes of Pyodide's and MuJoCo's memory, counted for the first shard of a worker only. */
    this.heapBytes = () => 0;
    /** When this shard's next step is due, in milliseconds of `performance.now()`. */
    this.due = 0;
    this.arrays = this.#bindArrays();
    this.publish();
  }

  /**
   * Makes environments that are driven by controllers.
   *
   * @param {import('./boot.js').Runtime} runtime
   * @param {import('./protocol.js').ShardSpec} spec
   * @param {string} controller
   * @param {any} policies  `websim.learner.Policies`
   * @param {boolean} isolated
   */
  static make(runtime, { group, task, options, first, count, seed }, controller, policies, isolated) {
    const { pyodide } = runtime;
    /** @type {number[]} */
    const ended = [];
    const module = pyodide.pyimport('websim.shard');
    const taskOptions = pyodide.toPy(options);
    const python = module.Shard.callKwargs(task, count, {
      first,
      seed,
      controller,
      options: taskOptions,
      policies,
      on_episode: (/** @type {number[]} */ ...episode) => void ended.push(...episode),
    });
    taskOptions.destroy();
    module.destroy();
    return new WorkerShard(runtime, python, { group, ended, isolated });
  }

  /** @returns {import('./protocol.js').ShardDescription} */
  describe() {
    const { about, group, sizes, layout, frameSkip, dt } = this;
    return {
      group,
      sizes,
      frameSkip,
      dt,
      actionNames: about.actionNames,
      actionLow: Float32Array.from(about.actionLow),
      actionHigh: Float32Array.from(about.actionHigh),
      rewardTermNames: about.rewardTermNames,
      layout,
      buffer: this.buffer instanceof ArrayBuffer ? this.buffer.slice(0) : this.buffer,
      scene: sceneOf(this.mujoco, this.physics.model),
    };
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
    const { counters } = this.views;
    counters[STEPS] += this.sizes.numEnvs;
    counters[PHYSICS_STEPS] += this.sizes.numEnvs * this.frameSkip;
    this.publish();
    counters[BUSY_MS] += performance.now() - start;
  }

  /**
   * Publishes what somebody else has stepped.
   *
   * @param {number} steps   environment steps since the start
   * @param {number} busyMs  time since the last call, all of it spent on them
   */
  show(steps, busyMs) {
    const { counters } = this.views;
    counters[STEPS] = steps;
    counters[PHYSICS_STEPS] = steps * this.frameSkip;
    counters[BUSY_MS] += busyMs;
    this.publish();
  }

  /** Copies the newest arrays from Python to the memory that the page reads. */
  publish() {
    const { views, physics } = this;
    for (const { name } of this.arrays) {
      /** @type {any} */ (views)[name].set(this.#array(name));
    }
    views.counters[BAD_STATES] = this.python.bad_states;
    views.counters[PHYSICS_MS] = physics.elapsedMs;
    views.counters[MEMORY] = this.heapBytes() + this.layout.bytes;
    const next = Atomics.load(views.poseSequence, 0) + 1;
    views.poses.set(physics.poses, (next % POSE_SLOTS) * physics.poses.length);
    Atomics.store(views.poseSequence, 0, next);
  }

  /** A copy of the memory for a page that cannot share it. @returns {import('./protocol.js').Sample} */
  sample() {
    const buffer = this.spare.pop() ?? new ArrayBuffer(this.layout.bytes);
    new Uint8Array(buffer).set(new Uint8Array(this.buffer));
    return { group: this.group, buffer };
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
   * @returns {{name: string, address: number, length: number, view: import('./memory.js').TypedArray}[]}
   */
  #bindArrays() {
    return this.about.arrays.map((/** @type {any} */ { name, address, length }) => {
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

  /** @param {any} proxy @returns {any} */
  #toJs(proxy) {
    const value = proxy.toJs({ dict_converter: Object.fromEntries });
    proxy.destroy();
    return value;
  }
}

/** Pyodide's memory as it is now: it moves when it grows. @param {any} pyodide @returns {ArrayBuffer} */
export function pythonMemory(pyodide) {
  return pyodide._module.HEAPU8.buffer;
}
