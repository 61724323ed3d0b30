/** Takes what is to be drawn from bodies' frames to the picture, and hands it to the rasteriser. */

import { CAPSULE, VERTEX } from './raster.js';

/** Capsules are handed over so many at a time. */
const MOST = 2048;

/** Numbers of a frame: the axes as rows of a matrix that turns to the camera's axes (right, down, forwards), and the place there. */
export const FRAME = 12;

/** Numbers of a stroke: its ends in the body's frame, and the radius. */
export const STROKE = 7;

export class Brush {
  #capsules = new Float32Array(MOST * CAPSULE);
  #count = 0;
  #vertices = new Float32Array(1024 * VERTEX);

  /** @param {import('./raster.js').Raster} raster @param {import('./lens.js').Lens} lens */
  constructor(raster, lens) {
    this.raster = raster;
    this.lens = lens;
  }

  /**
   * Draws a capsule, sooner or later: `flush` brings all to the picture.
   *
   * @param {Float64Array} strokes @param {number} at  offset
   * @param {Float64Array} frames @param {number} of  offset
   * @param {number} ramp     the offset of its colours
   * @param {number} opacity  0 to 1
   */
  stroke(strokes, at, frames, of, ramp, opacity) {
    const { focus, middle, near } = this.lens;
    const fromX = strokes[at];
    const fromY = strokes[at + 1];
    const fromZ = strokes[at + 2];
    const toX = strokes[at + 3] - fromX;
    const toY = strokes[at + 4] - fromY;
    const toZ = strokes[at + 5] - fromZ;
    const radius = strokes[at + 6] * focus;
    const x0 = frames[of] * fromX + frames[of + 1] * fromY + frames[of + 2] * fromZ + frames[of + 9];
    const y0 = frames[of + 3] * fromX + frames[of + 4] * fromY + frames[of + 5] * fromZ + frames[of + 10];
    const z0 = frames[of + 6] * fromX + frames[of + 7] * fromY + frames[of + 8] * fromZ + frames[of + 11];
    const dx = frames[of] * toX + frames[of + 1] * toY + frames[of + 2] * toZ;
    const dy = frames[of + 3] * toX + frames[of + 4] * toY + frames[of + 5] * toZ;
    const dz = frames[of + 6] * toX + frames[of + 7] * toY + frames[of + 8] * toZ;
    if (z0 < near || z0 + dz < near) return;
    // Of the axis, what is along the ray from the camera to the middle.
    const midX = x0 + dx / 2;
    const midY = y0 + dy / 2;
    const midZ = z0 + dz / 2;
    const square = (dx * dx + dy * dy + dz * dz) * (midX * midX + midY * midY + midZ * midZ);
    const towards = square > 1e-18 ? -(dx * midX + dy * midY + dz * midZ) / Math.sqrt(square) : 0;
    const i0 = 1 / z0;
    const i1 = 1 / (z0 + dz);
    const list = this.#capsules;
    const to = this.#count * CAPSULE;
    list[to] = middle[0] + focus * x0 * i0;
    list[to + 1] = middle[1] + focus * y0 * i0;
    list[to + 2] = i0;
    list[to + 3] = radius * i0;
    list[to + 4] = middle[0] + focus * (x0 + dx) * i1;
    list[to + 5] = middle[1] + focus * (y0 + dy) * i1;
    list[to + 6] = i1;
    list[to + 7] = radius * i1;
    list[to + 8] = towards;
    list[to + 9] = ramp;
    list[to + 10] = opacity;
    if (++this.#count === MOST) this.flush();
  }

  /** Brings the strokes so far to the picture. */
  flush() {
    this.raster.capsules(this.#capsules, this.#count, this.lens.focus);
    this.#count = 0;
  }

  /**
   * Draws a surface that bends, from both sides.
   *
   * @param {import('../../../sim/worker/soft.js').SceneSoft} soft
   * @param {Float64Array} frames  of all bodies
   * @param {number} ramp     the offset of its colours
   */
  soft({ bones, parts, bodies, faces, rgba }, frames, ramp) {
    const { raster, lens: { focus, middle, near } } = this;
    const count = bodies.length / bones;
    if (this.#vertices.length < count * VERTEX) this.#vertices = new Float32Array(count * VERTEX);
    const vertices = this.#vertices;
    const [places, normals] = [new Float64Array(3 * count), new Float64Array(3 * count)];
    for (let b = 0; b < bodies.length; b++) {
      const weight = parts[4 * b + 3];
      if (!weight) continue;
      const of = bodies[b] * FRAME;
      const to = 3 * Math.floor(b / bones);
      const [x, y, z] = [parts[4 * b], parts[4 * b + 1], parts[4 * b + 2]];
      for (let r = 0; r < 3; r++) {
        places[to + r] += weight * frames[of + 9 + r] + frames[of + 3 * r] * x + frames[of + 3 * r + 1] * y + frames[of + 3 * r + 2] * z;
      }
    }
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
      const [bx, by, bz] = [places[b] - places[a], places[b + 1] - places[a + 1], places[b + 2] - places[a + 2]];
      const [cx, cy, cz] = [places[c] - places[a], places[c + 1] - places[a + 1], places[c + 2] - places[a + 2]];
      for (const at of [a, b, c]) {
        normals[at] += by * cz - bz * cy;
        normals[at + 1] += bz * cx - bx * cz;
        normals[at + 2] += bx * cy - by * cx;
      }
    }
    for (let v = 0; v < count; v++) {
      const [x, y, z] = places.subarray(3 * v, 3 * v + 3);
      const [nx, ny, nz] = normals.subarray(3 * v, 3 * v + 3);
      // The side that is seen faces the camera.
      const scale = (nx * x + ny * y + nz * z > 0 ? -1 : 1) / (Math.hypot(nx, ny, nz) || 1);
      const inverse = z > near ? 1 / z : NaN;
      vertices.set([
        middle[0] + focus * inverse * x, middle[1] + focus * inverse * y, inverse,
        raster.light(nx * scale, ny * scale, -nz * scale),
      ], v * VERTEX);
    }
    raster.triangles(vertices, faces, ramp, rgba[3]);
    raster.triangles(vertices, faces.slice().reverse(), ramp, rgba[3]);
  }

  /**
   * Draws a shape of triangles.
   *
   * @param {import('./solids.js').Shape} shape
   * @param {Float64Array} frames @param {number} of  offset
   * @param {number} ramp     the offset of its colours
   * @param {number} opacity  0 to 1
   */
  shape({ positions, normals, index }, frames, of, ramp, opacity) {
    const { raster, lens: { focus, middle, near } } = this;
    if (this.#vertices.length < (positions.length / 3) * VERTEX) {
      this.#vertices = new Float32Array((positions.length / 3) * VERTEX);
    }
    const vertices = this.#vertices;
    const [a, b, c, d, e, f, g, h, i, shiftX, shiftY, shiftZ] = frames.subarray(of, of + FRAME);
    for (let from = 0, to = 0; from < positions.length; from += 3, to += VERTEX) {
      const x = positions[from];
      const y = positions[from + 1];
      const z = positions[from + 2];
      const distance = g * x + h * y + i * z + shiftZ;
      const inverse = distance > near ? 1 / distance : NaN;
      vertices[to] = middle[0] + focus * inverse * (a * x + b * y + c * z + shiftX);
      vertices[to + 1] = middle[1] + focus * inverse * (d * x + e * y + f * z + shiftY);
      vertices[to + 2] = inverse;
      const nx = normals[from];
      const ny = normals[from + 1];
      const nz = normals[from + 2];
      vertices[to + 3] = raster.light(
        a * nx + b * ny + c * nz, d * nx + e * ny + f * nz, -(g * nx + h * ny + i * nz),
      );
    }
    raster.triangles(vertices, index, ramp, opacity);
  }
}
