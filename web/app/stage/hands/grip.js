/** What a hand has hold of: a point of a body, where it is drawn and where it is in its own world. */

import * as THREE from 'three';
import { pick } from '../scene/pick.js';
import { halfSizeOf, visibleGeoms } from '../scene/shapes.js';

/**
 * @typedef {import('../scene/robots.js').Robots} Robots
 * @typedef {import('../../../sim/websim.js').WebSim} WebSim
 */

export class Grip {
  #turn = new THREE.Quaternion();

  /**
   * @param {WebSim} sim @param {number} g  of the group
   * @param {Robots} robots  that it is one of
   * @param {number} env @param {number} body
   * @param {THREE.Vector3} point  in the body's frame
   */
  constructor(sim, g, robots, env, body, point) {
    this.sim = sim;
    this.g = g;
    this.robots = robots;
    this.env = env;
    this.body = body;
    this.point = point;
  }

  get group() {
    return this.robots.group;
  }

  /** Of the environment, over all groups. */
  get index() {
    return this.group.offset + this.env;
  }

  /** Where the point is drawn. @param {THREE.Vector3} out */
  drawn(out) {
    const { poses, plot: { cells, lift } } = this.robots;
    const { x, y, z } = poses.position(this.env, this.body, out);
    poses.orientation(this.env, this.body, this.#turn);
    out.copy(this.point).applyQuaternion(this.#turn);
    out.x += x + cells[2 * this.env];
    out.y += y + cells[2 * this.env + 1];
    out.z += z + lift;
    return out;
  }

  /** Where it is in its world; null while its worker starts. @param {THREE.Vector3} out */
  real(out) {
    const shard = this.sim.poseShards(this.g).find(({ first, count }) => this.env >= first && this.env < first + count);
    if (!shard) return null;
    const at = ((this.env - shard.first) * shard.bodies + this.body) * 7;
    const [x, y, z, qw, qx, qy, qz] = shard.current.subarray(at, at + 7);
    out.copy(this.point).applyQuaternion(this.#turn.set(qx, qy, qz, qw));
    return out.set(out.x + x, out.y + y, out.z + z);
  }
}

/**
 * What is under the pointer.
 *
 * @param {WebSim} sim @param {Robots[]} groups
 * @param {THREE.Vector2} pointer  in the picture, -1 to 1
 * @param {THREE.Camera} camera
 * @param {import('../scene/sight.js').Sight|null} sight  who is in its way is not there
 * @returns {Grip|null}
 */
export function seize(sim, groups, pointer, camera, sight) {
  const index = pick(groups, pointer, camera, sight);
  if (index === null) return null;
  const g = groups.findLastIndex(({ group }) => group.offset <= index);
  const robots = groups[g];
  const { group: { scene, offset }, poses } = robots;
  const env = index - offset;
  const caster = new THREE.Raycaster();
  caster.setFromCamera(pointer, camera);
  const origin = new THREE.Vector3();
  const turn = new THREE.Quaternion();
  let best = Infinity;
  /** @type {Grip|null} */
  let grip = null;
  for (const geom of visibleGeoms(scene)) {
    if (!geom.body) continue; // the world
    const at = new Grip(sim, g, robots, env, geom.body, new THREE.Vector3()).drawn(origin);
    poses.orientation(env, geom.body, turn);
    const frame = new THREE.Matrix4().compose(at, turn, new THREE.Vector3(1, 1, 1));
    const [w, x, y, z] = geom.quat;
    const inBody = new THREE.Matrix4().compose(
      new THREE.Vector3(...geom.pos), new THREE.Quaternion(x, y, z, w), new THREE.Vector3(1, 1, 1),
    );
    const ray = caster.ray.clone().applyMatrix4(frame.clone().multiply(inBody).invert());
    const half = new THREE.Vector3(...halfSizeOf(geom, scene));
    const box = new THREE.Box3(half.clone().negate(), half);
    // Beside all of them, as a small robot often is: the nearest.
    const hit = ray.intersectBox(box, new THREE.Vector3());
    const place = hit ?? ray.closestPointToPoint(new THREE.Vector3(), new THREE.Vector3()).clamp(box.min, box.max);
    const far = hit ? ray.origin.distanceTo(hit) : FAR + ray.distanceToPoint(place);
    if (far >= best) continue;
    best = far;
    grip = new Grip(sim, g, robots, env, geom.body, place.applyMatrix4(inBody));
  }
  return grip;
}

/** What the ray misses comes after all that it hits. */
const FAR = 1e6;
