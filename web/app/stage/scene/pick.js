/** Which robot is under the pointer: a ray against spheres around the bodies, all on the main thread. */

import * as THREE from 'three';
import { visibleGeoms, halfSizeOf } from './shapes.js';

/** @typedef {import('./robots.js').Robots} Robots */

/** Far robots are small: a miss by this part of the distance still counts. */
const TOLERANCE = 0.012;

/**
 * @param {Robots[]} groups
 * @param {THREE.Vector2} pointer  in the canvas, -1 to 1
 * @param {THREE.Camera} camera
 * @param {import('./sight.js').Sight|null} sight  who is in its way is not there
 * @returns {number|null}  index of the environment
 */
export function pick(groups, pointer, camera, sight) {
  const caster = new THREE.Raycaster();
  caster.setFromCamera(pointer, camera);
  const { origin, direction } = caster.ray;
  const centre = new THREE.Vector3();
  let best = Infinity;
  /** @type {number|null} */
  let index = null;
  for (const robots of groups) {
    const { group, poses, plot } = robots;
    const radii = radiiOf(group.scene);
    for (let env = 0; env < group.numEnvs; env++) {
      if (sight?.blockedBy(robots.place(env, centre))) continue;
      for (let body = 1; body < poses.bodies; body++) {
        poses.position(env, body, centre);
        centre.x += plot.cells[2 * env];
        centre.y += plot.cells[2 * env + 1];
        centre.z += plot.lift;
        const along = centre.sub(origin).dot(direction);
        const aside = centre.lengthSq() - along * along;
        const radius = radii[body] + TOLERANCE * along;
        if (along > 0 && along < best && aside < radius * radius) {
          best = along;
          index = group.offset + env;
        }
      }
    }
  }
  return index;
}

/**
 * Radius around each body's origin within which its geoms are.
 *
 * @param {import('../../../sim/worker/scene.js').Scene} scene
 */
function radiiOf(scene) {
  const radii = new Float32Array(scene.nbody);
  for (const geom of visibleGeoms(scene)) {
    const reach = Math.hypot(...geom.pos) + Math.max(...halfSizeOf(geom, scene));
    radii[geom.body] = Math.max(radii[geom.body], reach);
  }
  return radii;
}
