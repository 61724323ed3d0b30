/**
 * A worker's part of one group of environments as the page sees it: their memory, whoever fills it.
 */

import { COUNTERS, POSE_SLOTS, newestSample, shardLayout, viewsOf, writeWhole } from '../shared/memory.js';
import { sceneOf } from './scene.js';

const [STEPS, PHYSICS_STEPS, BAD_STATES, BUSY_MS, PHYSICS_MS, MEMORY] = COUNTERS.keys();

/** @typedef {import('../shared/messages.js').About} About */

export class Published {
  /** Buffers given back by the page. @type {ArrayBuffer[]} */
  spare = [];
  /** Bytes of Pyodide's and MuJoCo's memory, counted for the first of a worker only. */
  heapBytes = () => 0;
  /** Milliseconds of physics before the present one. */
  physicsBefore = 0;
  /** When the next step is due, in milliseconds of `performance.now()`. */
  due = 0;

  /**
   * @param {number} group
   * @param {About} about
   * @param {boolean} isolated  memory is shared with the page
   * @param {Published} [before]  whose memory is gone on with
   */
  constructor(group, about, isolated, before) {
    this.group = group;
    this.dt = about.dt;
    this.frameSkip = about.frameSkip;
    this.about = about;
    this.layout = shardLayout(this.sizes);
    const { bytes } = this.layout;
    this.buffer = before?.buffer ?? (isolated ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    this.views = viewsOf(this.layout, this.buffer);
  }

  get sizes() {
    return this.about.sizes;
  }

  /** Goes on in other memory, where sizes have changed; what has the same size stays. @param {About} about */
  resize(about) {
    const before = this.views;
    this.about = about;
    this.layout = shardLayout(this.sizes);
    const { bytes } = this.layout;
    this.buffer = this.buffer instanceof ArrayBuffer ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
    this.views = viewsOf(this.layout, this.buffer);
    this.spare = [];
    for (const { name, length } of this.layout.fields) {
      const array = /** @type {any} */ (before)[name];
      if (array.length === length) /** @type {any} */ (this.views)[name].set(array);
    }
  }

  /** Takes back a buffer that the page has replaced. @param {ArrayBuffer} buffer */
  recycle(buffer) {
    if (buffer.byteLength === this.layout.bytes) this.spare.push(buffer);
  }

  /**
   * @param {import('./physics.js').BatchPhysics} physics
   * @returns {import('../shared/protocol.js').ShardDescription}
   */
  describeWith({ model }) {
    const { about, group, layout, buffer } = this;
    return {
      group,
      about,
      layout,
      buffer: buffer instanceof ArrayBuffer ? buffer.slice(0) : buffer,
      scene: sceneOf(model),
    };
  }

  /** Counts one step of some environments. @param {number} numEnvs @param {number} start  when it began */
  countStep(numEnvs, start) {
    const { counters } = this.views;
    counters[STEPS] += numEnvs;
    counters[PHYSICS_STEPS] += numEnvs * this.frameSkip;
    counters[BUSY_MS] += performance.now() - start;
  }

  /**
   * Counts what somebody else has stepped.
   *
   * @param {number} steps   environment steps since the start
   * @param {number} busyMs  time since the last call, all of it spent on them
   */
  countSteps(steps, busyMs) {
    const { counters } = this.views;
    counters[STEPS] = steps;
    counters[PHYSICS_STEPS] = steps * this.frameSkip;
    counters[BUSY_MS] += busyMs;
  }

  /**
   * Publishes one sample: the newest poses, and what else there is to be seen.
   *
   * @param {import('./physics.js').BatchPhysics} physics
   * @param {number} badStates  so far
   * @param {() => void} write  writes the rest to `views`
   */
  publishSample({ poses, elapsedMs }, badStates, write) {
    const { views } = this;
    const slot = (newestSample(views) + 1) % POSE_SLOTS;
    writeWhole(views, () => {
      write();
      views.counters[BAD_STATES] = badStates;
      views.counters[PHYSICS_MS] = this.physicsBefore + elapsedMs;
      views.counters[MEMORY] = this.heapBytes() + this.layout.bytes;
      views.poses.set(poses, slot * poses.length);
    });
  }

  /** A copy of the memory for a page that cannot share it. @returns {import('../shared/protocol.js').Sample} */
  sample() {
    const buffer = this.spare.pop() ?? new ArrayBuffer(this.layout.bytes);
    new Uint8Array(buffer).set(new Uint8Array(this.buffer));
    return { group: this.group, buffer };
  }
}
