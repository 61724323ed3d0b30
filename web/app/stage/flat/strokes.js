/** A robot's geoms as what a 2D canvas can draw: lines with a width and round or straight ends. */

import { Vector3 } from 'three';
import { frameOf, halfSizeOf, visibleGeoms } from '../scene/shapes.js';

/**
 * @typedef {object} Stroke  one geom as it is drawn: a line with a width, a disc if it has no length
 * @property {number} body
 * @property {Vector3} from   ends of the line in the body's frame
 * @property {Vector3} to
 * @property {number} radius
 * @property {CanvasLineCap} cap
 * @property {number[]} rgba
 * @property {string} color
 * @property {string} edge
 */

/**
 * @param {import('../../../sim/worker/scene.js').Scene} scene
 * @returns {Stroke[]}
 */
export function strokesOf(scene) {
  return visibleGeoms(scene).filter(({ type }) => type !== 'plane' && type !== 'hfield').map((geom) => {
    const half = halfSizeOf(geom, scene);
    const long = half.indexOf(Math.max(...half));
    const [a, b] = half.filter((_, axis) => axis !== long);
    const radius = (a + b) / 2;
    const round = geom.type !== 'box' && geom.type !== 'cylinder';
    const end = new Vector3().setComponent(long, Math.max(0, half[long] - (round ? radius : 0)));
    const frame = frameOf(geom);
    const [red, green, blue] = geom.rgba.map((part) => Math.round(part * 255));
    const shade = (/** @type {number} */ part) => Math.round(part * 0.55);
    return {
      body: geom.body,
      from: end.clone().applyMatrix4(frame),
      to: end.negate().applyMatrix4(frame),
      radius,
      cap: round ? 'round' : 'butt',
      rgba: geom.rgba,
      color: `rgb(${red} ${green} ${blue})`,
      edge: `rgb(${shade(red)} ${shade(green)} ${shade(blue)})`,
    };
  });
}
