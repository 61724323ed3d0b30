import { POSE_SIZE, POSE_SLOTS, hasPoses, newestSample } from '../shared/memory.js';

/**
 * @typedef {object} PoseShard  the last two pose samples of some environments of a group
 * @property {number} first     index of the first environment within the group
 * @property {number} count
 * @property {number} bodies
 * @property {number} sequence  grows with every sample
 * @property {number} time      when the newer sample was seen, in ms of `performance.now()`
 * @property {number} interval  ms between the two
 * @property {Float32Array} current   [count, bodies, 7]: x, y, z, and quaternion w, x, y, z
 * @property {Float32Array} previous  likewise
 */

/** Reads poses while a worker goes on writing them: the newest sample, and the one seen before it. */
export class PoseReader {
  /** @param {number} first @param {number} count @param {number} bodies */
  constructor(first, count, bodies) {
    const length = count * bodies * POSE_SIZE;
    /** @type {PoseShard} */
    this.shard = {
      first,
      count,
      bodies,
      sequence: 0,
      time: 0,
      interval: 0,
      current: new Float32Array(length),
      previous: new Float32Array(length),
    };
  }

  /** @param {import('../shared/memory.js').ShardViews} views @returns {PoseShard} */
  read(views) {
    const { shard } = this;
    let sequence = newestSample(views);
    if (sequence === shard.sequence) return shard;
    const { length } = shard.current;
    const older = shard.current;
    shard.current = shard.previous;
    shard.previous = older;
    for (;;) {
      const start = (sequence % POSE_SLOTS) * length;
      shard.current.set(views.poses.subarray(start, start + length));
      if (hasPoses(views, sequence)) break;
      sequence = newestSample(views);
    }
    if (!shard.sequence) shard.previous.set(shard.current);
    const now = performance.now();
    shard.interval = shard.time ? now - shard.time : 0;
    shard.time = now;
    shard.sequence = sequence;
    return shard;
  }
}
