/** All robots of one type: where they are, and which of them are drawn how. What they look like is the painters'. */

import { Slots } from './slots.js';

/** Robots that can have the finest shapes at a time. */
const NEAR_ROBOTS = 48;

export class Robots {
  /** Whether they are held in their cells. */
  held = false;

  /**
   * @param {import('../../../sim/websim.js').Group} group
   * @param {import('./poses.js').Poses} poses
   * @param {import('./layout.js').Plot} plot
   */
  constructor(group, poses, plot) {
    this.group = group;
    this.poses = poses;
    this.plot = plot;
    /** Drawn in full: those with finer shapes, and those further away. */
    this.near = new Slots(Math.min(NEAR_ROBOTS, group.numEnvs));
    this.far = new Slots(group.numEnvs);
    /** Those that are drawn as figures. */
    this.figures = new Slots(group.numEnvs);
  }

  /** Whether this is a robot that leaves its cell, and can be held in it. */
  get travels() {
    return this.group.scene.travels;
  }

  /** Holds the robots in their cells, with a floor that moves, or lets them go. @param {boolean} held */
  hold(held) {
    this.held = held && this.travels;
    this.poses.hold(this.held);
  }

  /**
   * Where an environment's robot is now, in the world.
   *
   * @param {number} env
   * @param {import('three').Vector3} out
   */
  place(env, out) {
    const { cells, lift } = this.plot;
    this.poses.position(env, this.group.scene.trackBody, out);
    out.x += cells[2 * env];
    out.y += cells[2 * env + 1];
    out.z += lift;
    return out;
  }

  dispose() {
    this.poses.dispose();
  }
}
