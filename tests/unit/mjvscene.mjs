/** A model in random poses, as MuJoCo's own scene (`mjvScene`) shows it and as ours describes it. */

import load from '@mujoco/mujoco';
import { Poses } from '../../web/app/stage/scene/poses.js';
import { sceneOf } from '../../web/sim/worker/scene.js';

const DYNAMIC = 2; // in mjtCatBit

export class Posed {
  #options;
  #round = 0;
  #seed = 1;

  /** @param {string} xml @param {number} most  geoms of MuJoCo's scene */
  static async of(xml, most) {
    return new Posed(await load(), xml, most);
  }

  /** Use `Posed.of`. */
  constructor(mujoco, xml, most) {
    this.mujoco = mujoco;
    this.model = mujoco.MjModel.from_xml_string(xml);
    this.data = new mujoco.MjData(this.model);
    this.theirs = new mujoco.MjvScene(this.model, most);
    this.#options = [new mujoco.MjvOption(), new mujoco.MjvPerturb(), new mujoco.MjvCamera()];
    this.scene = sceneOf(this.model);
    /** Of one environment. */
    this.poses = new Poses(this.model.nbody, 1);
  }

  /** The next of the same numbers each time, from -1 to 1. */
  random() {
    this.#seed = (this.#seed * 16807) % 2147483647;
    return (this.#seed / 2147483647) * 2 - 1;
  }

  /** Brings both to what `data.qpos` says. */
  pose() {
    const { mujoco, model, data, theirs } = this;
    mujoco.mj_forward(model, data);
    mujoco.mjv_updateScene(model, data, ...this.#options, DYNAMIC, theirs);
    mujoco.mjv_updateSkin(model, data, theirs);
    const current = new Float32Array(7 * model.nbody);
    for (let body = 0; body < model.nbody; body++) {
      current.set(data.xpos.subarray(3 * body, 3 * body + 3), 7 * body);
      current.set(data.xquat.subarray(4 * body, 4 * body + 4), 7 * body + 3);
    }
    this.poses.take([{ first: 0, count: 1, sequence: ++this.#round, time: 0, interval: 0, current, previous: current }]);
    this.poses.advance(1);
  }

  delete() {
    for (const one of [...this.#options, this.theirs, this.data, this.model]) one.delete();
  }
}
