/** What marks robots in the picture: a ring on the floor around the followed one, an arrow above the best one. */

import { ConeGeometry } from 'three';
import { FRAME } from './brush.js';
import { mixed } from './raster.js';

/** The ring's radius and width, the arrow's width and height: in multiples of the robot's size. */
const RING = { radius: 0.75, width: 0.035 };
const ARROW = { width: 0.13, height: 0.36 };

const cone = new ConeGeometry(ARROW.width, ARROW.height, 24).rotateX(-Math.PI / 2);
const arrow = {
  positions: /** @type {Float32Array} */ (cone.attributes.position.array),
  normals: /** @type {Float32Array} */ (cone.attributes.normal.array),
  index: /** @type {import('three').BufferAttribute} */ (cone.index).array,
};

/**
 * Draws the ring onto the floor, before anything stands on it.
 *
 * @param {import('./raster.js').Raster} raster @param {import('./lens.js').Lens} lens
 * @param {import('../view.js').Mark} mark @param {number} color  a pixel
 */
export function drawRing({ pixels }, { width, height, horizon, floorX, floorY, stepX, stepY }, { place, size }, color) {
  const radius = RING.radius * size;
  for (let y = horizon; y < height; y++) {
    const step = Math.hypot(stepX[y], stepY[y]);
    // The pixel nearest to the middle, and how many of them the ring may reach to either side.
    const fromX = place.x - floorX[y];
    const fromY = place.y - floorY[y];
    const nearest = (fromX * stepX[y] + fromY * stepY[y]) / (step * step);
    const aside = Math.hypot(fromX - nearest * stepX[y], fromY - nearest * stepY[y]);
    if (aside > radius + RING.width * size) continue;
    const reach = (radius + RING.width * size) / step + 1;
    const end = Math.min(width - 1, Math.ceil(nearest + reach));
    const half = Math.max((RING.width * size) / 2, step / 2);
    for (let x = Math.max(0, Math.floor(nearest - reach)); x <= end; x++) {
      const away = Math.hypot(floorX[y] + x * stepX[y] - place.x, floorY[y] + x * stepY[y] - place.y);
      const cover = Math.min(1, (half - Math.abs(away - radius)) / step + 0.5);
      if (cover > 0) pixels[y * width + x] = mixed(pixels[y * width + x], color, cover);
    }
  }
}

/**
 * Draws the arrow.
 *
 * @param {import('./brush.js').Brush} brush
 * @param {import('../view.js').Mark} mark @param {number} ramp  the offset of its colours
 */
export function drawArrow(brush, { place, size }, ramp) {
  const { eye, right, down, forward } = brush.lens;
  const frame = new Float64Array(FRAME);
  [right, down, forward].forEach((axis, row) => {
    axis.forEach((part, c) => { frame[3 * row + c] = part; });
    frame[9 + row] = axis[0] * (place.x - eye[0]) + axis[1] * (place.y - eye[1]) + axis[2] * (place.z - eye[2]);
  });
  const positions = arrow.positions.map((value) => value * size);
  brush.shape({ ...arrow, positions }, frame, 0, ramp, 1);
}
