/** Draws the marks of robots. */

import { ConeGeometry } from 'three';
import { ARROW, RING } from '../scene/marks.js';
import { STROKE } from './brush.js';

/** How wide the ring is, in multiples of the robot's size. */
const WIDTH = 0.035;

/** Strokes of which the ring is made. */
const PARTS = 64;

const cone = new ConeGeometry(ARROW.width, ARROW.height, 24).rotateX(-Math.PI / 2);
const arrow = {
  positions: /** @type {Float32Array} */ (cone.attributes.position.array),
  normals: /** @type {Float32Array} */ (cone.attributes.normal.array),
  index: /** @type {import('three').BufferAttribute} */ (cone.index).array,
};

/**
 * Lays the ring onto the ground.
 *
 * @param {import('./brush.js').Brush} brush
 * @param {import('../view.js').Mark} mark
 * @param {(x: number, y: number) => number} heightAt  of the ground
 * @param {number} ramp  the offset of its colours
 */
export function drawRing(brush, { place, size }, heightAt, ramp) {
  const radius = (WIDTH * size) / 2;
  const frame = brush.lens.frameAt(0, 0, 0);
  const corner = (/** @type {number} */ i) => {
    const angle = (2 * Math.PI * i) / PARTS;
    const x = place.x + RING * size * Math.cos(angle);
    const y = place.y + RING * size * Math.sin(angle);
    return [x, y, heightAt(x, y) + radius / 2];
  };
  const strokes = new Float64Array(PARTS * STROKE);
  for (let i = 0; i < PARTS; i++) {
    strokes.set([...corner(i), ...corner(i + 1), radius], i * STROKE);
    brush.stroke(strokes, i * STROKE, frame, 0, ramp, 1);
  }
  brush.flush();
}

/**
 * Draws the arrow.
 *
 * @param {import('./brush.js').Brush} brush
 * @param {import('../view.js').Mark} mark @param {number} ramp  the offset of its colours
 */
export function drawArrow(brush, { place, size }, ramp) {
  const positions = arrow.positions.map((value) => value * size);
  brush.shape({ ...arrow, positions }, brush.lens.frameAt(place.x, place.y, place.z), 0, ramp, 1);
}
