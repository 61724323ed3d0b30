/** The last seconds of one robot: its poses, as they came, to be looked at again. */

/** How far back, in ms of the time in which it was seen to move, and in samples. */
export const LONGEST = 10_000;
const MOST = 1200;

/** What is longer between two samples was a pause, in ms. */
const PAUSE = 500;

const POSE = 7;

/** @typedef {{time: number, poses: Float32Array}} Moment */

export class History {
  /** @type {Moment[]} */
  #moments = [];
  #sequence = -1;
  #seen = 0;
  #time = 0;

  /** Begins anew, with another robot. */
  clear() {
    this.#moments = [];
    this.#sequence = -1;
    this.#time = 0;
  }

  get length() {
    return this.#moments.length;
  }

  /**
   * Takes in what is new of a robot.
   *
   * @param {import('../../sim/page/poses.js').PoseShard[]} shards @param {number} env  in its group
   * @param {number} now  in ms
   */
  note(shards, env, now) {
    const shard = shards.find(({ first, count }) => env >= first && env < first + count);
    if (!shard || shard.sequence === this.#sequence) return;
    if (this.#sequence >= 0) this.#time += Math.min(PAUSE, now - this.#seen);
    this.#sequence = shard.sequence;
    this.#seen = now;
    const length = shard.bodies * POSE;
    const start = (env - shard.first) * length;
    this.#moments.push({ time: this.#time, poses: shard.current.slice(start, start + length) });
    while (this.#moments.length > MOST || this.#time - this.#moments[0].time > LONGEST) this.#moments.shift();
  }

  /** One of the moments, 0: the newest. @param {number} back */
  at(back) {
    return this.#moments[this.#moments.length - 1 - back];
  }

  /** How long ago that was, in ms. @param {number} back */
  age(back) {
    return this.#time - this.at(back).time;
  }

  /** Places of a body, the oldest first. @param {number} body @returns {number[][]} */
  path(body) {
    return this.#moments.map(({ poses }) => [...poses.subarray(body * POSE, body * POSE + 3)]);
  }
}
