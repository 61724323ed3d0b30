/** Where the environments stand: one grid for each group, the groups in rows. */

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

/** Between two environments' tiles of the floor, as a part of their size: their checkers do not meet. */
export const TILE_GAP = 0.05;

/** Around a block, in multiples of its larger step between neighbours. */
const GAP = 1.8;

/** How wide a screen shows the floor, for its depth. */
const SCREEN = 2;

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
 * @property {[number, number]} front  the middle of the block's front, x and y
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
  const blocks = groups.map((group, g) => blockOf(group, poses[g]));
  const spacing = Math.max(...blocks.flatMap(({ plot: { step } }) => step));
  const sizes = blocks.map(({ half: [x, y], plot: { step } }) => {
    const gap = GAP * Math.max(...step);
    return [2 * x + gap, 2 * y + gap];
  });
  // Ground with heights has its middle on the axis: blocks beside it stand in one row.
  const middles = arrange(sizes, groups.some(({ scene }) => terrainOf(scene)));
  const bounds = new THREE.Box2();
  blocks.forEach(({ half }, g) => {
    const [x, y] = middles[g];
    bounds.expandByPoint(new THREE.Vector2(x - half[0], y - half[1]));
    bounds.expandByPoint(new THREE.Vector2(x + half[0], y + half[1]));
  });
  // The middle of all plots is the origin.
  const middle = bounds.getCenter(new THREE.Vector2());
  bounds.translate(middle.clone().negate());
  const plots = blocks.map(({ plot, half }, g) => {
    const [x, y] = [middles[g][0] - middle.x, middles[g][1] - middle.y];
    for (let i = 0; i < plot.cells.length; i += 2) {
      plot.cells[i] += x;
      plot.cells[i + 1] += y;
    }
    return { ...plot, front: /** @type {[number, number]} */ ([x, y - half[1] - plot.step[1] / 2]) };
  });
  return { plots, bounds, spacing, square: squareOf(spacing) };
}

/**
 * One group around its own middle.
 *
 * @param {Group} group @param {Poses} poses
 */
function blockOf({ numEnvs, scene }, poses) {
  const box = boxOf(scene, poses);
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
  poses.position(0, scene.trackBody, track);
  const reach = box.clone().translate(track.negate());
  const terrain = terrainOf(scene);
  // On terrain they stand where they are, on one ground.
  const half = terrain ? scene.hfields[terrain.data].size.slice(0, 2)
    : [((columns - 1) * step[0]) / 2, ((rows - 1) * step[1]) / 2];
  for (let env = 0; env < numEnvs && !terrain; env++) {
    cells[2 * env] = (env % columns) * step[0] - half[0];
    cells[2 * env + 1] = Math.floor(env / columns) * step[1] - half[1];
  }
  const lift = -((terrain ?? groundOf(scene))?.pos[2] ?? box.min.z - FLOOR * extents.z);
  return { plot: { cells, columns, lift, size, box, reach, step }, half };
}

/**
 * Places blocks in rows, the first ones at the back, so that all of them are about as wide as a screen is.
 *
 * @param {number[][]} sizes  [blocks, 2]
 * @param {boolean} oneRow
 * @returns {number[][]}  middles, [blocks, 2]
 */
export function arrange(sizes, oneRow) {
  let [best, least] = [/** @type {number[][]} */ ([]), Infinity];
  for (let perRow = oneRow ? sizes.length : 1; perRow <= sizes.length; perRow++) {
    /** @type {number[][]} */
    const middles = [];
    let [width, depth] = [0, 0];
    for (let first = 0; first < sizes.length; first += perRow) {
      const row = sizes.slice(first, first + perRow);
      const [wide, deep] = [row.reduce((sum, [x]) => sum + x, 0), Math.max(...row.map(([, y]) => y))];
      let left = -wide / 2;
      for (const [x] of row) {
        middles.push([left + x / 2, -(depth + deep / 2)]);
        left += x;
      }
      width = Math.max(width, wide);
      depth += deep;
    }
    const taken = Math.max(width / SCREEN, depth);
    if (taken < least) [best, least] = [middles, taken];
  }
  return best;
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
