/** Where a camera has to be to see all of a box. */

import * as THREE from 'three';

/** Rounds in which target and distance are brought to each other. */
const ROUNDS = 8;

/**
 * The nearest place from which a box is wholly in view, in the middle.
 *
 * @param {THREE.Box3} box
 * @param {THREE.Vector3} direction  from the target to the camera, of length 1
 * @param {number} tanX @param {number} tanY  of half the angles of view
 * @returns {{target: THREE.Vector3, distance: number}}
 */
export function fit(box, direction, tanX, tanY) {
  const right = new THREE.Vector3(0, 0, 1).cross(direction).normalize();
  const up = new THREE.Vector3().crossVectors(direction, right);
  const target = box.getCenter(new THREE.Vector3());
  const corners = Array.from({ length: 8 }, (_, i) => new THREE.Vector3(
    i & 1 ? box.max.x : box.min.x, i & 2 ? box.max.y : box.min.y, i & 4 ? box.max.z : box.min.z,
  ));
  let distance = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const seen = corners.map((corner) => {
      const from = corner.clone().sub(target);
      return { x: from.dot(right), y: from.dot(up), near: from.dot(direction) };
    });
    distance = Math.max(...seen.map(({ x, y, near }) => (
      near + Math.max(Math.abs(x) / tanX, Math.abs(y) / tanY)
    )));
    if (round === ROUNDS - 1) break;
    // What is nearer takes more of the picture: its middle is not the box's.
    const middle = (/** @type {'x'|'y'} */ axis) => {
      const parts = seen.map((corner) => corner[axis] / (distance - corner.near));
      return (Math.min(...parts) + Math.max(...parts)) / 2;
    };
    target.addScaledVector(right, middle('x') * distance).addScaledVector(up, middle('y') * distance);
  }
  return { target, distance };
}
