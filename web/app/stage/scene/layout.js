/** Where the environments stand: one grid for each group, the groups side by side. */

import * as THREE from 'three';
import { frameOf, groundOf, halfSizeOf, isTerrain, terrainOf, visibleGeoms } from './shapes.js';

/**
 * @typedef {import('../../../sim/worker/scene.js').Scene} Scene
 * @typedef {import('../../../sim/websim.js').Group} Group
 * @typedef {import('./poses.js').Poses} Poses
 */

/** Room for each robot along an axis: by its own size there, and by its largest one. */
const ROOM = 1.5;
const ROOM_LARGEST = 1.1;

/** Room between two environments' tiles of the floor, as a part of their size. */
export const TILE_GAP = 0.04;

/** Where a model has no floor, one is drawn so far below the robot, in multiples of the robot's height. */
const FLOOR = 0.5;

/**
 * @typedef {object} Plot  the ground of one group
 * @property {Float32Array} cells    [envs, 2] where each environment's origin is, x and y
 * @property {number} columns
 * @property {number} lift           what the environments are raised by, so that floors are at 0
 * @property {number} size           the robot's largest one, in metres
 * @property {THREE.Box3} box        the robot when it starts, in its environment
 * @property {THREE.Box3} reach      likewise, around the body that is tracked
 * @property {[number, number]} step between neighbours, along x and y
 */

/**
 * @typedef {object} Layout
 * @property {Plot[]} plots
 * @property {THREE.Box2} bounds  of all cells' origins
 * @property {number} spacing     between neighbours, the largest one
 * @property {number} square      side of one square of the floor's checker, in metres
 */

/**
 * @param {Group[]} groups @param {Poses[]} poses
 * @returns {Layout}
 */
export function layOut(groups, poses) {
  const bounds = new THREE.Box2();
  let left = 0;
  const plots = groups.map(({ numEnvs, scene }, g) => {
    const box = boxOf(scene, poses[g]);
    const extents = box.getSize(new THREE.Vector3());
    const size = Math.max(extents.x, extents.y, extents.z);
    /** @type {[number, number]} */
    const step = [
      Math.max(ROOM * extents.x, ROOM_LARGEST * size), Math.max(ROOM * extents.y, ROOM_LARGEST * size),
    ];
    const square = Math.round(Math.sqrt((numEnvs * step[1]) / step[0]));
    const columns = Math.min(numEnvs, Math.max(1, square));
    const rows = Math.ceil(numEnvs / columns);
    const cells = new Float32Array(numEnvs * 2);
    const track = new THREE.Vector3();
    poses[g].position(0, scene.trackBody, track);
    const reach = box.clone().translate(track.negate());
    const terrain = terrainOf(scene);
    if (terrain) {
      // They stand where they are, on one ground.
      const [x, y] = scene.hfields[terrain.data].size;
      cells.forEach((_, i) => (cells[i] = i % 2 ? 0 : left + x));
      bounds.expandByPoint(new THREE.Vector2(left, -y));
      bounds.expandByPoint(new THREE.Vector2(left + 2 * x, y));
      left += 2 * x + step[0];
      return { cells, columns, lift: -terrain.pos[2], size, box, reach, step };
    }
    for (let env = 0; env < numEnvs; env++) {
      cells[2 * env] = left + (env % columns) * step[0];
      cells[2 * env + 1] = (Math.floor(env / columns) - (rows - 1) / 2) * step[1];
    }
    bounds.expandByPoint(new THREE.Vector2(left, (-(rows - 1) / 2) * step[1]));
    bounds.expandByPoint(new THREE.Vector2(left + (columns - 1) * step[0], ((rows - 1) / 2) * step[1]));
    left += (columns + 0.5) * step[0];
    const lift = -(groundOf(scene)?.pos[2] ?? box.min.z - FLOOR * extents.z);
    return { cells, columns, lift, size, box, reach, step };
  });
  // The middle of all plots is the origin.
  const middle = bounds.getCenter(new THREE.Vector2()).x;
  for (const { cells } of plots) {
    for (let i = 0; i < cells.length; i += 2) cells[i] -= middle;
  }
  bounds.translate(new THREE.Vector2(-middle, 0));
  const spacing = Math.max(...plots.flatMap(({ step }) => step));
  return { plots, bounds, spacing, square: squareOf(spacing) };
}

/** A square of the floor that suits the robots: 1, 2 or 5 times a power of ten metres. @param {number} spacing */
function squareOf(spacing) {
  const power = 10 ** Math.floor(Math.log10(spacing / 2));
  return [5, 2, 1].map((digit) => digit * power).find((side) => side <= spacing / 2) ?? power;
}

/**
 * The room that the first robot takes when it starts.
 *
 * @param {Scene} scene @param {Poses} poses
 */
function boxOf(scene, poses) {
  const box = new THREE.Box3();
  const body = new THREE.Matrix4();
  const one = new THREE.Vector3(1, 1, 1);
  const position = new THREE.Vector3();
  const orientation = new THREE.Quaternion();
  for (const geom of visibleGeoms(scene)) {
    if (geom.type === 'plane' || isTerrain(geom, scene)) continue;
    const half = new THREE.Vector3(...halfSizeOf(geom, scene));
    poses.position(0, geom.body, position);
    body.compose(position, poses.orientation(0, geom.body, orientation), one);
    const part = new THREE.Box3(half.clone().negate(), half);
    box.union(part.applyMatrix4(body.multiply(frameOf(geom))));
  }
  return box.isEmpty() ? box.set(new THREE.Vector3(-1, -1, -1), one) : box;
}
