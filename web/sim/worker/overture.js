/**
 * Robots that move before Python is up, so that there is something to be seen while it starts: the
 * physics of a worker's environments under random actions, without observations or rewards. Episodes
 * end when they usually do. The environments go on from there once Python is up: same states, same
 * memory.
 *
 * What it has to know of the task the server takes from the task's Python (`openings.py`).
 */

import { BatchPhysics, PULL_SIZE, STATE } from './physics.js';
import { Published } from './published.js';

/** It is there to be seen, not to get far. */
const MOST_SPEED = 1;

/** Python starts in the same worker: the overture takes no more than this share of the time. */
const SHARE = 0.25;

/** Environments that are stepped at once: neither Python nor the first motion waits for all of them. */
const AT_ONCE = 32;

export class Overture extends Published {
  /** No episode is told of: nobody knows its return. @type {number[]} */
  ended = [];

  /**
   * @param {import('./boot.js').Mujoco} mujoco
   * @param {import('../shared/messages.js').Opening} opening
   * @param {import('../shared/protocol.js').ShardSpec} spec
   * @param {boolean} isolated
   * @param {(compiles?: boolean) => void} beat  see BatchPhysics
   */
  constructor(mujoco, opening, spec, isolated, beat) {
    const { about } = opening;
    const { numEnvs } = spec;
    super(spec.group, { ...about, sizes: { ...about.sizes, numEnvs } }, isolated);
    this.spec = spec;
    this.physics = new BatchPhysics(mujoco, () => this.memory.buffer, beat, { xml: opening.xml }, numEnvs);
    /** Arrays of the batch, as Python would have them. @type {Record<string, Float64Array>} */
    this.arrays = {};
    this.memory = this.#allocate([...STATE, 'time', ...opening.fields]);
    this.opening = opening;
    /** The state that the next episode begins in, of those of the opening. */
    this.state = 0;
    /** The environment that is stepped next. */
    this.turn = 0;
    /** Steps of the running episode of each environment. */
    this.lengths = new Int32Array(numEnvs);
    /** Steps after which the episode of each environment ends. */
    this.limits = Float64Array.from({ length: numEnvs }, () => this.#limit());
    this.#begin(Int32Array.from({ length: Math.min(numEnvs, opening.states) }, (_, i) => i));
    this.#repeat(opening.states);
    this.#publish();
  }

  /** @param {string[]} names */
  #allocate(names) {
    const { physics } = this;
    const { numEnvs } = this.sizes;
    const lengths = names.map((name) => numEnvs * (name === 'time' ? 1 : physics.sizeOf(name)));
    const doubles = lengths.reduce((sum, length) => sum + length, 0);
    const pulls = 8 * numEnvs * PULL_SIZE;
    const memory = new Uint8Array(8 * doubles + pulls + numEnvs);
    let address = 0;
    names.forEach((name, i) => {
      physics.bind(name, address);
      this.arrays[name] = new Float64Array(memory.buffer, address, lengths[i]);
      address += 8 * lengths[i];
    });
    physics.bind('pulls', address); // nobody does yet
    physics.bind('bad', address + pulls);
    return memory;
  }

  /** Starts episodes. @param {Int32Array} indices  of environments */
  #begin(indices) {
    const { states, qpos, qvel, userdata } = this.opening;
    const { nq, nv } = this.sizes;
    const first = this.state;
    /** @param {number[]} rows @param {number} size */
    const dealt = (rows, size) => Float64Array.from({ length: indices.length * size }, (_, k) => {
      const state = (first + Math.floor(k / size)) % states;
      return rows[state * size + (k % size)];
    });
    this.physics.start(indices, dealt(qpos, nq), dealt(qvel, nv));
    const own = userdata.length / states;
    const drawn = dealt(userdata, own);
    indices.forEach((i, k) => this.arrays.userdata.set(drawn.subarray(k * own, (k + 1) * own), i * own));
    this.state = (first + indices.length) % states;
    for (const i of indices) {
      this.lengths[i] = 0;
      this.limits[i] = this.#limit();
    }
  }

  #limit() {
    return (this.opening.episodeSteps ?? Infinity) * (0.5 + Math.random());
  }

  /** Gives all environments the states of the first ones, again and again. @param {number} count  of these */
  #repeat(count) {
    const { numEnvs } = this.sizes;
    for (const array of [...Object.values(this.arrays), this.physics.poses]) {
      const size = array.length / numEnvs;
      for (let i = count; i < numEnvs; i += count) array.copyWithin(i * size, 0, Math.min(count, numEnvs - i) * size);
    }
  }

  describe() {
    return this.describeWith(this.physics);
  }

  /** One step, at random, of the environments whose turn it is. */
  step() {
    const start = performance.now();
    const { actionSize: nu, numEnvs } = this.sizes;
    const { actionLow, actionHigh } = this.about;
    const { ctrl } = this.arrays;
    const first = this.turn;
    const end = Math.min(first + AT_ONCE, numEnvs);
    for (let k = first * nu; k < end * nu; k++) {
      const low = actionLow[k % nu];
      ctrl[k] = low + Math.random() * (actionHigh[k % nu] - low);
    }
    this.physics.step(this.frameSkip, first, end);
    const over = [];
    for (let i = first; i < end; i++) {
      this.lengths[i] += 1;
      if (this.lengths[i] >= this.limits[i]) over.push(i);
    }
    if (over.length) this.#begin(Int32Array.from(over));
    this.#publish(() => this.countStep(end - first, start));
    this.turn = end % numEnvs;
  }

  /**
   * When the next environments may be stepped.
   *
   * @param {number} start  when the last ones were begun with
   * @param {number} end    when they were done
   * @param {number} speed  that is wanted, in multiples of real time
   */
  next(start, end, speed) {
    const share = Math.min(1, AT_ONCE / this.sizes.numEnvs);
    return Math.max(start + (1000 * share * this.dt) / Math.min(speed, MOST_SPEED), end + (end - start) * (1 / SHARE - 1));
  }

  /** @param {() => void} [count]  what was done */
  #publish(count) {
    const { views, arrays, lengths } = this;
    this.publishSample(this.physics, 0, () => {
      for (const name of /** @type {const} */ (['qpos', 'qvel', 'time'])) views[name].set(arrays[name]);
      views.actions.set(arrays.ctrl);
      views.episodeLengths.set(lengths);
      count?.();
    });
  }

  takeEnded() {
    return this.ended;
  }

  /** Whether these are the environments that it has begun with. @param {import('../shared/protocol.js').ShardSpec} spec */
  leadsTo(spec) {
    return JSON.stringify(spec) === JSON.stringify(this.spec);
  }

  /**
   * Has Python's environments, which have just been reset, go on from here.
   *
   * @param {any} pyodide
   * @param {any} python  `websim.browser.shard.Shard`
   */
  handOver(pyodide, python) {
    const [arrays, lengths] = [this.arrays, this.lengths].map((value) => pyodide.toPy(value));
    python.take_over(arrays, lengths);
    arrays.destroy();
    lengths.destroy();
    const { physics } = python;
    physics.poses.set(this.physics.poses);
    physics.elapsedMs = this.physics.elapsedMs;
  }

  close() {
    this.physics.close();
  }
}
