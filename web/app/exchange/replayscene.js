/** A recorded episode and a live robot beside it, as a simulation that the stage can show. */

/**
 * @typedef {import('../../sim/page/poses.js').PoseShard} PoseShard
 * @typedef {import('../../sim/websim.js').WebSim} WebSim
 */

/** Floats of a body's pose. */
const POSE = 7;

/** As the stage needs a simulation (`Shown`): environment 0 is the recorded robot, 1 the live one. */
export class ReplayScene {
  numEnvs = 2;
  numWorkers = 1;
  isolated = true;
  /** Steps that are shown of it; what lies between two is drawn between them. */
  at = 0;

  /**
   * @param {WebSim} sim @param {number} live  environment of its first group
   * @param {Uint8Array<ArrayBuffer>} poses  float32 [steps + 1, nbody, 7]
   */
  constructor(sim, live, poses) {
    const [group] = sim.groups;
    this.sim = sim;
    this.live = live;
    this.groups = [{ ...group, offset: 0, numEnvs: 2 }];
    this.size = group.scene.nbody * POSE;
    this.poses = new Float32Array(poses.buffer, poses.byteOffset, poses.byteLength / Float32Array.BYTES_PER_ELEMENT);
    this.steps = this.poses.length / this.size - 1;
    this.shards = [0, 1].map((first) => this.#shard(first, group.scene.nbody));
    this.#recorded();
    this.#alive();
  }

  /** @param {number} first @param {number} bodies @returns {PoseShard} */
  #shard(first, bodies) {
    const [current, previous] = [new Float32Array(this.size), new Float32Array(this.size)];
    return { first, count: 1, bodies, sequence: 0, time: 0, interval: 0, current, previous };
  }

  /** As of a `WebSim`. @returns {PoseShard[]} */
  poseShards() {
    this.#recorded();
    this.#alive();
    return this.shards;
  }

  /** The recorded robot where it is now: nothing of it is left to the time between frames. */
  #recorded() {
    const [shard] = this.shards;
    const step = Math.floor(this.at);
    const next = Math.min(step + 1, this.steps);
    const part = this.at - step;
    const [a, b] = [step * this.size, next * this.size];
    const before = shard.current.slice();
    for (let i = 0; i < this.size; i++) shard.current[i] = this.poses[a + i] + part * (this.poses[b + i] - this.poses[a + i]);
    if (shard.sequence && shard.current.every((value, i) => value === before[i])) return;
    shard.previous.set(shard.current);
    shard.sequence += 1;
    shard.time = performance.now();
  }

  #alive() {
    const [, shard] = this.shards;
    const source = this.sim.poseShards(0).find(({ first, count }) => this.live >= first && this.live < first + count);
    if (!source || source.sequence === shard.sequence) return;
    const from = (this.live - source.first) * this.size;
    for (const name of /** @type {const} */ (['current', 'previous'])) shard[name].set(source[name].subarray(from, from + this.size));
    const { sequence, time, interval } = source;
    Object.assign(shard, { sequence, time, interval });
  }

  countFrame() {}

  setSampleRate() {}
}
