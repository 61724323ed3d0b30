/**
 * The cheap form of a robot: each geom is a flat strip that faces the camera, and no thinner than a
 * pixel. It takes a few vertices instead of some dozens, and the same poses.
 */

import * as THREE from 'three';
import { TILE_GAP } from '../scene/layout.js';
import { visibleGeoms } from '../scene/shapes.js';
import { strokesOf } from '../scene/strokes.js';

/** @typedef {import('../../../sim/worker/scene.js').Scene} Scene */

/** A figure has at most so many strips: those of the largest geoms. */
const MOST_STRIPS = 32;

/** Corners of a strip: which end, and in radii: aside, and beyond the end. */
const CORNERS = [[0, 0, -0.9], [0, 1, -0.3], [0, -1, -0.3], [1, 1, 0.3], [1, -1, 0.3], [1, 0, 0.9]];
const TRIANGLES = [0, 2, 1, 1, 2, 3, 3, 2, 4, 3, 4, 5];

/**
 * @param {Scene} scene
 * @returns {THREE.BufferGeometry|null}  with `position`: where the strip's end is in the body's frame;
 *   `axis`: to the other end; `corner`: aside, beyond the end, and the radius; `color` and `body`; null: nothing
 *   to be seen
 */
export function figureOf(scene) {
  const strips = largest(scene);
  if (!strips.length) return null;
  const corners = strips.flatMap((strip) => CORNERS.map(([end, aside, beyond]) => ({
    ...strip, end: end ? strip.to : strip.from, aside, beyond,
  })));
  /** @param {number} size @param {(corner: typeof corners[0]) => number[]} values */
  const attribute = (size, values) => new THREE.BufferAttribute(new Float32Array(corners.flatMap(values)), size);
  const color = new THREE.Color();
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', attribute(3, ({ end }) => end.toArray()));
  geometry.setAttribute('axis', attribute(3, ({ from, to }) => [to.x - from.x, to.y - from.y, to.z - from.z]));
  geometry.setAttribute('corner', attribute(3, ({ aside, beyond, radius }) => [aside, beyond, radius]));
  geometry.setAttribute('color', attribute(3, ({ rgba: [r, g, b] }) => (
    color.setRGB(r, g, b, THREE.SRGBColorSpace).toArray()
  )));
  geometry.setAttribute('body', attribute(1, ({ body }) => [body]));
  const index = strips.flatMap((_, i) => TRIANGLES.map((corner) => i * CORNERS.length + corner));
  return geometry.setIndex(index);
}

/** @param {Scene} scene */
const largest = (scene) => {
  const geoms = visibleGeoms(scene).filter(({ type }) => type !== 'plane' && type !== 'hfield');
  return strokesOf(geoms, scene).sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, MOST_STRIPS);
};

/** @param {import('../scene/strokes.js').Stroke} stroke */
const sizeOf = ({ from, to, radius }) => (from.distanceTo(to) + radius) * radius;

/**
 * A square on the ground below a robot, for its soft shadow.
 *
 * @param {number} body  that it goes along with
 * @param {number} parts  along a side: ground with heights bends it
 */
export function blobOf(body, parts) {
  const geometry = new THREE.PlaneGeometry(2, 2, parts, parts);
  const bodies = new Float32Array((parts + 1) ** 2).fill(body);
  geometry.setAttribute('body', new THREE.BufferAttribute(bodies, 1));
  return geometry;
}

/**
 * The part of the floor that belongs to one environment.
 *
 * @param {import('../scene/layout.js').Plot} plot
 * @param {number} side  of all of the floor: it belongs to a robot that is alone
 */
export function tileOf({ step: [x, y], box, cells }, side) {
  const alone = cells.length === 2;
  const geometry = alone ? new THREE.PlaneGeometry(side, side) : new THREE.PlaneGeometry(x, y);
  // How far it is inwards from the joint, along both sides, in metres.
  const inner = (/** @type {number} */ way, /** @type {number} */ step) => (alone ? 1 : 0.5 * (way * step - TILE_GAP * Math.min(x, y)));
  const inwards = [[0, 1], [1, 1], [0, 0], [1, 0]].flatMap(([right, up]) => [
    [inner(2 * right, x), inner(2 - 2 * right, x)], [inner(2 * up, y), inner(2 - 2 * up, y)],
  ].flat());
  geometry.setAttribute('inwards', new THREE.BufferAttribute(new Float32Array(inwards), 4));
  const centre = box.getCenter(new THREE.Vector3());
  geometry.translate(centre.x, centre.y, 0);
  geometry.setAttribute('body', new THREE.BufferAttribute(new Float32Array(4), 1));
  return geometry;
}
