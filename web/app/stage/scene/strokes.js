/** A robot's geoms in their simplest form: lines with a width. */

import { Vector3 } from 'three';
import { frameOf, halfSizeOf } from './shapes.js';

/**
 * @typedef {object} Stroke  one geom: a line with a width, a disc if it has no length
 * @property {number} body
 * @property {Vector3} from   ends of the line in the body's frame
 * @property {Vector3} to
 * @property {number} radius
 * @property {number[]} rgba
 */

/**
 * @param {import('../../../sim/worker/scene.js').SceneGeom[]} geoms
 * @param {import('../../../sim/worker/scene.js').Scene} scene  that they are of
 * @returns {Stroke[]}
 */
export function strokesOf(geoms, scene) {
  return geoms.map((geom) => {
    const half = halfSizeOf(geom, scene);
    const long = half.indexOf(Math.max(...half));
    const [a, b] = half.filter((_, axis) => axis !== long);
    const radius = (a + b) / 2;
    const exact = geom.type === 'sphere' || geom.type === 'capsule';
    const round = geom.type !== 'box' && geom.type !== 'cylinder';
    const length = exact ? half[2] - radius : Math.max(0, half[long] - (round ? radius : 0));
    const end = new Vector3().setComponent(exact ? 2 : long, length);
    const frame = frameOf(geom);
    return {
      body: geom.body,
      from: end.clone().applyMatrix4(frame),
      to: end.negate().applyMatrix4(frame),
      radius,
      rgba: geom.rgba,
    };
  });
}
