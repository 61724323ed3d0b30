/** The way from the camera to the followed robot: those that stand in it are not drawn. */

import { Vector3 } from 'three';

/** Who is nearer than this part of the way is in it; it is so wide, in multiples of the robot's size. */
const NEARER = 0.8;
const WIDTH = 0.9;

export class Sight {
  #way = new Vector3();
  #from = new Vector3();
  #offset = new Vector3();

  /** @param {Vector3} camera @param {Vector3} robot @param {number} size  of the robot */
  constructor(camera, robot, size) {
    this.#from.copy(camera);
    this.length = this.#way.copy(robot).sub(camera).length();
    this.#way.normalize();
    this.width = WIDTH * size;
  }

  /** @param {Vector3} place  of another robot */
  blockedBy(place) {
    const offset = this.#offset.copy(place).sub(this.#from);
    const along = offset.dot(this.#way);
    if (along < 0 || along > NEARER * this.length) return false;
    return offset.lengthSq() - along * along < this.width * this.width;
  }
}
