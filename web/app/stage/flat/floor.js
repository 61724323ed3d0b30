/**
 * The floor and the sky: a checker that fades into the distance, with shadows on it. It is what every picture
 * begins with: it fills all pixels, and all depths.
 *
 * The camera stands upright, so that along a row of the picture the floor is equally far away everywhere, and
 * a step to the next pixel is the same step on the floor.
 */

import { texelOf } from '../scene/cube.js';
import { TILE_GAP } from '../scene/layout.js';
import { hazeOf } from '../scene/haze.js';
import { zenithPart } from '../scene/sky.js';
import { linear, packed, screen } from './raster.js';

/** Steps between the checker's two colours, from the floor's to the field's, and from light to shadow. */
const MIXES = 17;
const FOGS = 32;
const SHADES = 16;

/** Steps from the horizon's colour to the zenith's. */
const SKIES = 256;

/** What is left of the light in a full shadow, linear: that of the sky, which is blue. */
const SHADOW = [0.4, 0.43, 0.48];

/** Numbers that describe one shadow. */
export const SHADE = 6;

/** Fixed point numbers: squares have so many parts, of which the upper ones count, as many as `ROUGH` leaves. */
const ONE = 1 << 24;
const ROUGH = 8;

/** A checker with less contrast than this is even, of `SHARPEST` squared. */
const EVEN = 0.06 * 256 * 256;
const SHARPEST = 0xffff;

/** A floor's depth is a bit more than it is: what lies on it is seen. */
const BELOW = 1 - 1e-4;

/** @typedef {import('../scene/robots.js').Robots} Robots */

export class Floor {
  /** Of mixes, fogs and shades, the first changing fastest: pixels. */
  #colors = new Uint32Array(MIXES * FOGS * SHADES);
  #horizon = 0;
  /** The sky's, from the horizon up. */
  #skies = new Uint32Array(SKIES);
  /** A model's own sky. @type {import('../../../sim/worker/scene.js').SceneTexture|null} */
  #box = null;
  /** Its texels. */
  #texels = new Uint32Array(0);
  /** What was seen of it last, and from where. */
  #seen = new Uint32Array(0);
  #view = '';
  /** How dark the shadow is on each pixel. */
  #shades = new Uint8Array(0);

  /** Shows a model's own sky instead. @param {import('../../../sim/worker/scene.js').SceneTexture|null} box */
  setBox(box) {
    this.#box = box;
    this.#view = '';
    if (!box) return;
    const { width, height, channels, data } = box;
    this.#texels = Uint32Array.from({ length: width * height }, (_, texel) => packed(
      [0, 1, 2].map((c) => data[texel * channels + Math.min(c, channels - 1)] / 255),
    ));
  }

  /** @param {number[]} one @param {number[]} other @param {number[]} field @param {number[]} zenith  colours, rgb, 0 to 1 */
  setColors(one, other, field, zenith) {
    this.#horizon = packed(field);
    for (let i = 0; i < SKIES; i++) {
      const part = i / (SKIES - 1);
      this.#skies[i] = packed(field.map((own, c) => screen(linear(own) + part * (linear(zenith[c]) - linear(own)))));
    }
    for (let i = 0; i < this.#colors.length; i++) {
      const mix = (i % MIXES) / (MIXES - 1);
      const fog = (Math.floor(i / MIXES) % FOGS) / (FOGS - 1);
      const shade = Math.floor(i / MIXES / FOGS) / (SHADES - 1);
      this.#colors[i] = packed(one.map((part, c) => {
        const ground = screen(linear(part + mix * (other[c] - part)) * (1 - (1 - SHADOW[c]) * shade));
        return ground + fog * (field[c] - ground);
      }));
    }
  }

  /**
   * Lays shadows: each is a line on the floor with a width, soft at its edge.
   *
   * @param {import('./lens.js').Lens} lens
   * @param {Float32Array} list  [count, SHADE]: both ends, x and y, the radius, how dark it is, 0 to 1
   * @param {number} count
   */
  shade(lens, list, count) {
    const { width, height, distances, floorX, floorY, stepX, stepY, horizon } = lens;
    if (this.#shades.length !== width * height) this.#shades = new Uint8Array(width * height);
    else this.#shades.fill(0);
    const shades = this.#shades;
    const corner = [0, 0, 0];
    for (let i = 0, at = 0; i < count; i++, at += SHADE) {
      const x0 = list[at];
      const y0 = list[at + 1];
      const dx = list[at + 2] - x0;
      const dy = list[at + 3] - y0;
      const radius = list[at + 4];
      const darkest = 255.9 * list[at + 5];
      let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
      for (let c = 0; c < 4; c++) {
        const x = c & 1 ? Math.max(x0, x0 + dx) + radius : Math.min(x0, x0 + dx) - radius;
        const y = c & 2 ? Math.max(y0, y0 + dy) + radius : Math.min(y0, y0 + dy) - radius;
        lens.project(x, y, 0, corner);
        // What reaches behind the camera may cover all of the rows in front of it.
        if (corner[2] === 0) {
          [left, right, bottom] = [0, width, height];
          continue;
        }
        if (corner[0] < left) left = corner[0];
        if (corner[0] > right) right = corner[0];
        if (corner[1] < top) top = corner[1];
        if (corner[1] > bottom) bottom = corner[1];
      }
      const begin = Math.max(0, Math.floor(left));
      const end = Math.min(width - 1, Math.ceil(right));
      const final = Math.min(height - 1, Math.ceil(bottom));
      const perSquare = 1 / (dx * dx + dy * dy || 1);
      const perRadius = 1 / (radius * radius);
      for (let y = Math.max(horizon, Math.floor(top)); y <= final; y++) {
        if (distances[y] <= 0) continue;
        const stepAcross = stepX[y];
        const stepAlong = stepY[y];
        let fromX = floorX[y] + begin * stepAcross - x0;
        let fromY = floorY[y] + begin * stepAlong - y0;
        let pixel = y * width + begin;
        for (let x = begin; x <= end; x++, pixel++, fromX += stepAcross, fromY += stepAlong) {
          let part = (fromX * dx + fromY * dy) * perSquare;
          part = part < 0 ? 0 : part > 1 ? 1 : part;
          const awayX = fromX - part * dx;
          const awayY = fromY - part * dy;
          const inside = 1 - (awayX * awayX + awayY * awayY) * perRadius;
          if (inside <= 0) continue;
          const dark = darkest * (inside > 0.5 ? 1 - 2 * (1 - inside) * (1 - inside) : 2 * inside * inside);
          if (dark > shades[pixel]) shades[pixel] = dark;
        }
      }
    }
  }

  /**
   * Fills a picture.
   *
   * @param {import('./raster.js').Raster} raster
   * @param {import('./lens.js').Lens} lens
   * @param {{square: number, fog: {near: number, far: number}, tiled: Robots[]}} look  the side of the checker's
   *   squares; distances; robots that are held in their cells, on tiles whose checker moves instead
   */
  paint({ pixels, depths }, lens, { square, fog, tiled }) {
    const { width, height, horizon, distances, floorX, floorY, stepX, stepY } = lens;
    const colors = this.#colors;
    const shades = this.#shades;
    if (this.#box) this.#paintBox(pixels, lens, this.#box);
    else this.#paintSky(pixels, lens);
    depths.fill(0, 0, horizon * width);
    const per = 1 / square;
    const half = (MIXES - 1) / 2;
    const tiles = tiled.map((robots) => new Tiles(robots));
    for (let y = horizon; y < height; y++) {
      const distance = distances[y];
      depths.fill(BELOW / distance, y * width, (y + 1) * width);
      const haze = (distance - fog.near) / (fog.far - fog.near);
      if (haze >= 1) {
        pixels.fill(this.#horizon, y * width, (y + 1) * width);
        continue;
      }
      const base = MIXES * Math.round(hazeOf(haze) * (FOGS - 1));
      const du = stepX[y] * per;
      const dv = stepY[y] * per;
      const stepU = fixed(du);
      const stepV = fixed(dv);
      // From row to row: the floor is looked at from the side, so that this step is the longer one.
      const next = y + 1 < height ? y + 1 : y - 1;
      const toNextU = (floorX[next] - floorX[y]) * per;
      const toNextV = (floorY[next] - floorY[y]) * per;
      const turnU = (stepX[next] - stepX[y]) * per;
      const turnV = (stepY[next] - stepY[y]) * per;
      let pixel = y * width;
      for (let x = 0; x < width;) {
        const placeX = floorX[y] + x * stepX[y];
        const placeY = floorY[y] + x * stepY[y];
        let end = width;
        let offsetX = 0;
        let offsetY = 0;
        let joint = false;
        for (let t = 0; t < tiles.length; t++) {
          const until = tiles[t].find(placeX, placeY, stepX[y], stepY[y]);
          if (x + until < end) end = x + until;
          joint ||= tiles[t].joint;
          if (tiles[t].found) {
            offsetX = tiles[t].offsetX;
            offsetY = tiles[t].offsetY;
          }
        }
        if (end <= x) end = x + 1;
        // A checker is averaged over what a pixel covers of it: its edges are smooth, and far away it is even.
        const middle = (x + end) / 2;
        const sharpU = sharpness(Math.abs(du) + Math.abs(toNextU + middle * turnU));
        const sharpV = sharpness(Math.abs(dv) + Math.abs(toNextV + middle * turnV));
        if (joint || sharpU * sharpV < EVEN) {
          const mean = base + half;
          for (; x < end; x++, pixel++) pixels[pixel] = colors[(shades[pixel] >> 4) * (MIXES * FOGS) + mean];
          continue;
        }
        // In fixed point, with a period of two squares: that is twice as fast.
        let u = fixed((placeX - offsetX) * per);
        let v = fixed((placeY - offsetY) * per);
        for (; x < end; x++, pixel++, u = (u + stepU) | 0, v = (v + stepV) | 0) {
          // How far it is to the nearest edge of a square, at most half a square.
          const inU = u >> ROUGH;
          const inV = v >> ROUGH;
          const edgeU = (inU ^ -((inU >> 15) & 1)) & 0x7fff;
          const edgeV = (inV ^ -((inV >> 15) & 1)) & 0x7fff;
          const partU = Math.imul(edgeU, sharpU) >> 15;
          const partV = Math.imul(edgeV, sharpV) >> 15;
          const contrast = Math.imul(partU > 256 ? 256 : partU, partV > 256 ? 256 : partV) >> 13;
          const mix = (inU ^ inV) & 0x10000 ? half + contrast : half - contrast;
          pixels[pixel] = colors[(shades[pixel] >> 4) * (MIXES * FOGS) + base + mix];
        }
      }
    }
  }

  /**
   * While the camera rests it is what it was.
   *
   * @param {Uint32Array} pixels @param {import('./lens.js').Lens} lens @param {import('../../../sim/worker/scene.js').SceneTexture} box
   */
  #paintBox(pixels, { width, height, horizon, middle, focus, forward, right, down }, box) {
    const view = [width, height, horizon, focus, ...middle, ...forward, ...right].join();
    if (view !== this.#view) {
      this.#view = view;
      this.#seen = new Uint32Array(horizon * width);
      for (let y = 0, pixel = 0; y < horizon; y++) {
        const fall = (y + 0.5 - middle[1]) / focus;
        for (let x = 0; x < width; x++, pixel++) {
          const aside = (x + 0.5 - middle[0]) / focus;
          this.#seen[pixel] = this.#texels[texelOf(
            box, forward[0] + aside * right[0] + fall * down[0], forward[1] + aside * right[1] + fall * down[1],
            forward[2] + fall * down[2],
          )];
        }
      }
    }
    pixels.set(this.#seen);
  }

  /** @param {Uint32Array} pixels @param {import('./lens.js').Lens} lens */
  #paintSky(pixels, { width, horizon, middle, focus, forward, down }) {
    for (let y = 0; y < horizon; y++) {
      const fall = (y + 0.5 - middle[1]) / focus;
      const part = zenithPart((forward[2] + fall * down[2]) / Math.hypot(1, fall));
      pixels.fill(this.#skies[Math.round(part * (SKIES - 1))], y * width, (y + 1) * width);
    }
  }
}

/** In fixed point, but for whole periods of the checker. @param {number} squares */
const fixed = (squares) => (ONE * (squares - 2 * Math.floor(squares / 2))) | 0;

/** Of the checker's edges, in 256 parts: how little of it a pixel covers. @param {number} blur  squares for each pixel */
const sharpness = (blur) => Math.min(SHARPEST, Math.round(256 / blur)) | 0;

/** The tiles that the robots of one type stand on. */
class Tiles {
  found = false;
  /** Whether the place is between tiles: their checkers do not meet. */
  joint = false;
  offsetX = 0;
  offsetY = 0;
  #shift = { x: 0, y: 0, z: 0 };

  /** @param {Robots} robots */
  constructor({ plot: { cells, columns, step, box }, poses, group }) {
    this.poses = poses;
    this.columns = columns;
    this.envs = group.numEnvs;
    this.rows = Math.ceil(group.numEnvs / columns);
    this.step = step;
    const gap = TILE_GAP * Math.min(...step);
    // As parts of a cell.
    this.gapX = gap / 2 / step[0];
    this.gapY = gap / 2 / step[1];
    this.left = cells[0] + (box.min.x + box.max.x) / 2 - step[0] / 2;
    this.bottom = cells[1] + (box.min.y + box.max.y) / 2 - step[1] / 2;
  }

  /**
   * Looks up the tile at a place: sets `found` and `joint`, and how far its checker has moved.
   *
   * @param {number} x @param {number} y
   * @param {number} stepX @param {number} stepY  from pixel to pixel
   * @returns {number}  pixels until it may be another one
   */
  find(x, y, stepX, stepY) {
    const { columns, rows, step } = this;
    this.found = this.joint = false;
    if (this.envs === 1) {
      // The floor is all its own.
      this.#take(0);
      return Infinity;
    }
    const acrossX = stepX / step[0];
    const acrossY = stepY / step[1];
    // Gaps that are narrower than a pixel are left out.
    const wide = Math.abs(acrossX) < 2 * this.gapX && Math.abs(acrossY) < 2 * this.gapY;
    const gapX = wide ? this.gapX : 0;
    const gapY = wide ? this.gapY : 0;
    const inX = (x - this.left) / step[0];
    const inY = (y - this.bottom) / step[1];
    const column = Math.floor(inX);
    const row = Math.floor(inY);
    if (column < 0 || row < 0 || column >= columns || row >= rows) {
      // The way to where the grid begins, along the axis that it is reached last.
      const toX = way(inX, acrossX, 0, columns);
      const toY = way(inY, acrossY, 0, rows);
      return Math.max(1, Math.ceil(Math.max(toX, toY)));
    }
    const ofX = inX - column;
    const ofY = inY - row;
    const env = row * columns + column;
    const inside = ofX >= gapX && ofX < 1 - gapX && ofY >= gapY && ofY < 1 - gapY && env < this.envs;
    if (inside) this.#take(env);
    this.joint = !inside && env < this.envs;
    const until = inside
      ? Math.min(leave(ofX, acrossX, gapX, 1 - gapX), leave(ofY, acrossY, gapY, 1 - gapY))
      : Math.min(nextEdge(ofX, acrossX, gapX), nextEdge(ofY, acrossY, gapY));
    return Math.max(1, Math.ceil(until));
  }

  /** @param {number} env */
  #take(env) {
    this.found = true;
    this.poses.position(env, 0, this.#shift);
    this.offsetX = this.#shift.x;
    this.offsetY = this.#shift.y;
  }
}

/** Steps until a value that is out of a range comes into it; 0 if it is in it, infinite if it never comes. */
function way(/** @type {number} */ value, /** @type {number} */ step, /** @type {number} */ low, /** @type {number} */ high) {
  if (value < low) return step > 0 ? (low - value) / step : Infinity;
  if (value >= high) return step < 0 ? (high - value) / step : Infinity;
  return 0;
}

/** Steps until a value leaves a range. */
function leave(/** @type {number} */ value, /** @type {number} */ step, /** @type {number} */ low, /** @type {number} */ high) {
  return step > 0 ? (high - value) / step : step < 0 ? (low - value) / step : Infinity;
}

/** Steps until a value within a cell, 0 to 1, comes to the cell's edge or to that of its tile. */
function nextEdge(/** @type {number} */ value, /** @type {number} */ step, /** @type {number} */ gap) {
  const [low, high] = value < gap ? [0, gap] : value < 1 - gap ? [gap, 1 - gap] : [1 - gap, 1];
  return leave(value, step, low, high);
}
