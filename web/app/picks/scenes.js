/** Scenes that were played, as a simulation that the stage can show: each runs again and again. */

/**
 * @typedef {import('../../sim/shared/messages.js').ScenePool} ScenePool
 * @typedef {import('../../sim/page/poses.js').PoseShard} PoseShard
 * @typedef {import('../../sim/websim.js').Group} Group
 */

/** Floats of a body's pose. */
const POSE = 7;

/** The last picture stays for so long before all begin anew, in seconds. */
const REST = 0.5;

/** As the stage needs a simulation (`Shown`). */
export class Scenes {
  numWorkers = 1;
  isolated = true;
  #poses;
  #began = performance.now();
  #frame = -1;

  /**
   * @param {Group} group  whose robots they are of
   * @param {ScenePool} pool
   * @param {number[]} shown  numbers of the scenes
   */
  constructor(group, { poses, frames, mostFrames, frameSeconds }, shown) {
    const { nbody } = group.scene;
    this.numEnvs = shown.length;
    this.groups = [{ ...group, offset: 0, numEnvs: shown.length }];
    this.size = nbody * POSE;
    this.mostFrames = mostFrames;
    this.frames = shown.map((scene) => frames[scene]);
    this.frameMs = 1000 * frameSeconds;
    /** Pictures of a round. */
    this.round = Math.max(...this.frames) + Math.round(REST / frameSeconds);
    const all = new Float32Array(poses.buffer, poses.byteOffset, poses.byteLength / Float32Array.BYTES_PER_ELEMENT);
    this.#poses = shown.map((scene) => all.subarray(scene * mostFrames * this.size, (scene + 1) * mostFrames * this.size));
    /** @type {PoseShard} */
    this.shard = {
      first: 0, count: shown.length, bodies: nbody, sequence: 0, time: 0, interval: 0,
      current: new Float32Array(shown.length * this.size), previous: new Float32Array(shown.length * this.size),
    };
  }

  /** As of a `WebSim`. @returns {PoseShard[]} */
  poseShards() {
    const { shard, frameMs, round } = this;
    const frame = Math.floor((performance.now() - this.#began) / frameMs);
    if (frame === this.#frame) return [shard];
    this.#frame = frame;
    const at = frame % round;
    this.#copy(at, shard.current);
    this.#copy(Math.max(0, at - 1), shard.previous);
    shard.sequence += 1;
    shard.time = this.#began + frame * frameMs;
    shard.interval = frameMs;
    return [shard];
  }

  /** @param {number} at  picture of the round @param {Float32Array} out */
  #copy(at, out) {
    this.#poses.forEach((poses, i) => {
      const from = Math.min(at, this.frames[i] - 1) * this.size;
      out.set(poses.subarray(from, from + this.size), i * this.size);
    });
  }

  countFrame() {}

  setSampleRate() {}
}
