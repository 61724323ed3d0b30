/**
 * The poses of one group's bodies, kept where the GPU can read them: one row of a float texture for
 * each environment, four texels for each body: position and quaternion of the sample before, then
 * of the newest. The vertex shader mixes the two, so that between samples the main thread writes
 * nothing but one mixing factor for each shard.
 */

import * as THREE from 'three';

/** @typedef {import('../../../sim/page/poses.js').PoseShard} PoseShard */

/** Shards have an index for the shader's array of mixing factors; there is one a worker at most. */
export const MAX_SHARDS = 64;

/** A body that moved further between two samples was put there by a reset: it is not drawn on its way. */
const TELEPORT = 1;

/** Floats of one pose as it comes, and of one body as the texture has it. */
const POSE = 7;
const TEXELS = 4;
const STRIDE = TEXELS * 4;

export class Poses {
  /** Where the held body was at first, in the plane. @type {[number, number]|null} */
  #home = null;
  #held = false;

  /**
   * @param {number} bodies @param {number} envs
   * @param {number} [body]  that can be held in its place
   */
  constructor(bodies, envs, body = 0) {
    this.bodies = bodies;
    this.envs = envs;
    this.body = body;
    this.data = new Float32Array(envs * bodies * STRIDE);
    this.texture = new THREE.DataTexture(
      this.data, bodies * TEXELS, envs, THREE.RGBAFormat, THREE.FloatType,
    );
    /** How far each shard is on its way from the sample before to the newest, 0 to 1. */
    this.alphas = new Float32Array(MAX_SHARDS);
    /** The shards as they were last taken: a worker that was replaced brings a new one. @type {PoseShard[]} */
    this.sources = [];
    this.sequences = new Float64Array(MAX_SHARDS);
    this.times = new Float64Array(MAX_SHARDS);
    this.intervals = new Float64Array(MAX_SHARDS);
    this.shards = 0;
  }

  /**
   * Holds each environment's body above the place where it was at first: instead of it the rest of
   * its world moves, the body 0 among it.
   *
   * @param {boolean} held
   */
  hold(held) {
    if (held === this.#held) return;
    this.#held = held;
    this.release(); // all of them are taken again
  }

  /**
   * Takes in the samples that are new.
   *
   * @param {PoseShard[]} shards
   * @returns {boolean}  whether there were any
   */
  take(shards) {
    let changed = false;
    this.shards = shards.length;
    for (let i = 0; i < shards.length; i++) {
      const shard = shards[i];
      if (shard === this.sources[i] && shard.sequence === this.sequences[i]) continue;
      this.sources[i] = shard;
      this.sequences[i] = shard.sequence;
      this.times[i] = shard.time;
      this.intervals[i] = shard.interval;
      this.#pack(shard, i);
      changed = true;
    }
    if (changed) this.texture.needsUpdate = true;
    return changed;
  }

  /** @param {PoseShard} shard @param {number} index */
  #pack({ first, count, current, previous }, index) {
    const { bodies, data } = this;
    this.#home ??= [current[this.body * POSE], current[this.body * POSE + 1]];
    const [homeX, homeY] = this.#home;
    for (let env = 0; env < count; env++) {
      const start = env * bodies * POSE;
      const before = teleported(previous, current, start, bodies) ? current : previous;
      const at = start + this.body * POSE;
      const fromX = this.#held ? before[at] - homeX : 0;
      const fromY = this.#held ? before[at + 1] - homeY : 0;
      const toX = this.#held ? current[at] - homeX : 0;
      const toY = this.#held ? current[at + 1] - homeY : 0;
      let to = (first + env) * bodies * STRIDE;
      for (let from = start; from < start + bodies * POSE; from += POSE, to += STRIDE) {
        data[to] = before[from] - fromX;
        data[to + 1] = before[from + 1] - fromY;
        data[to + 2] = before[from + 2];
        data[to + 3] = index;
        data[to + 4] = before[from + 3];
        data[to + 5] = before[from + 4];
        data[to + 6] = before[from + 5];
        data[to + 7] = before[from + 6];
        data[to + 8] = current[from] - toX;
        data[to + 9] = current[from + 1] - toY;
        data[to + 10] = current[from + 2];
        data[to + 12] = current[from + 3];
        data[to + 13] = current[from + 4];
        data[to + 14] = current[from + 5];
        data[to + 15] = current[from + 6];
      }
    }
  }

  /**
   * Draws one environment as it was; all are taken again when `release` is called.
   *
   * @param {number} env @param {Float32Array} poses  [bodies, 7]
   */
  put(env, poses) {
    const { bodies, body, data } = this;
    const [homeX, homeY] = this.#home ?? [0, 0];
    const byX = this.#held ? poses[body * POSE] - homeX : 0;
    const byY = this.#held ? poses[body * POSE + 1] - homeY : 0;
    for (let from = 0, to = env * bodies * STRIDE; from < poses.length; from += POSE, to += STRIDE) {
      for (const texel of [to, to + 8]) {
        data[texel] = poses[from] - byX;
        data[texel + 1] = poses[from + 1] - byY;
        data[texel + 2] = poses[from + 2];
        data.set(poses.subarray(from + 3, from + POSE), texel + 4);
      }
    }
    this.texture.needsUpdate = true;
  }

  release() {
    this.sources = [];
  }

  /**
   * Moves the mixing factors to a moment.
   *
   * @param {number} now  in ms, as `performance.now()`
   * @returns {boolean}  whether anything moved
   */
  advance(now) {
    let moved = false;
    for (let i = 0; i < this.shards; i++) {
      const interval = this.intervals[i];
      const alpha = interval > 0 ? Math.min(1, Math.max(0, (now - this.times[i]) / interval)) : 1;
      if (alpha !== this.alphas[i]) moved = true;
      this.alphas[i] = alpha;
    }
    return moved;
  }

  /**
   * One body's position as it is drawn now.
   *
   * @param {number} env @param {number} body
   * @param {{x: number, y: number, z: number}} out
   */
  position(env, body, out) {
    const { data } = this;
    const at = (env * this.bodies + body) * STRIDE;
    const alpha = this.alphas[data[at + 3]];
    out.x = data[at] + alpha * (data[at + 8] - data[at]);
    out.y = data[at + 1] + alpha * (data[at + 9] - data[at + 1]);
    out.z = data[at + 2] + alpha * (data[at + 10] - data[at + 2]);
    return out;
  }

  /**
   * One body's orientation as it is drawn now.
   *
   * @param {number} env @param {number} body @param {THREE.Quaternion} out
   */
  turn(env, body, out) {
    const { data } = this;
    const at = (env * this.bodies + body) * STRIDE;
    const alpha = this.alphas[data[at + 3]];
    // q and -q are one rotation: mixed along the shorter way.
    const same = data[at + 4] * data[at + 12] + data[at + 5] * data[at + 13] + data[at + 6] * data[at + 14]
      + data[at + 7] * data[at + 15] < 0 ? alpha - 1 : 1 - alpha;
    return out.set(
      alpha * data[at + 13] + same * data[at + 5], alpha * data[at + 14] + same * data[at + 6],
      alpha * data[at + 15] + same * data[at + 7], alpha * data[at + 12] + same * data[at + 4],
    ).normalize();
  }

  /**
   * One body's newest orientation.
   *
   * @param {number} env @param {number} body @param {THREE.Quaternion} out
   */
  orientation(env, body, out) {
    const at = (env * this.bodies + body) * STRIDE + 12;
    const { data } = this;
    return out.set(data[at + 1], data[at + 2], data[at + 3], data[at]);
  }

  dispose() {
    this.texture.dispose();
  }
}

/**
 * @param {Float32Array} before @param {Float32Array} after
 * @param {number} start  offset of the environment's first pose
 * @param {number} bodies
 */
function teleported(before, after, start, bodies) {
  for (let at = start; at < start + bodies * POSE; at += POSE) {
    const x = after[at] - before[at];
    const y = after[at + 1] - before[at + 1];
    const z = after[at + 2] - before[at + 2];
    if (x * x + y * y + z * z > TELEPORT * TELEPORT) return true;
  }
  return false;
}
