/** All robots of one type, drawn on the processor. */

import { Vector3 } from 'three';
import { FADED, hazeOf } from '../scene/haze.js';
import { SUN } from '../scene/light.js';
import { Heights } from '../scene/heights.js';
import { FRAME, STROKE } from './brush.js';
import { SHADE } from './floor.js';
import { shadeOf, solidsOf, terrainSolid } from './solids.js';

/** @typedef {import('../scene/robots.js').Robots} Robots */

/** Steps from a robot's own colour to that of the horizon; the last one is gone. */
const FADES_OUT = 7;

/** What is smaller than this on the canvas is drawn as a stroke, and in its coarsest shape: radii in pixels. */
const SMALL = 2.5;
const COARSE = 24;

/** Robots that take fewer pixels than this have one round shadow, others one for each of their geoms. */
const WITH_SHADOWS = 56;

/** In robots that take fewer pixels, what bends is not drawn. */
const WITH_SOFT = 24;

/** A round shadow's radius, in multiples of the robot's half extent, and the least of its largest one. */
const BLOB = { part: 1.05, least: 0.35, dark: 0.75 };

/** On ground with heights: discs that lie on it, one in the other; their radii, and how dark each of them is. */
const DISCS = [1, 0.75, 0.5];
const DISC_DARK = 0.17;
const DISC_CORNERS = 10;

/** How far discs lie above the ground, in multiples of the robot's size: between two corners it may rise. */
const RAISED = 0.02;

/** How a shadow widens and fades with the height of what throws it, in metres for each metre. */
const WIDENS = 0.12;
const FADES = 0.2;

/** Numbers of a body's poses in Poses: from its place and turn to the newest ones. */
const POSE = 16;

export class Crowd {
  /** @param {Robots} robots */
  constructor(robots) {
    this.robots = robots;
    const { group: { scene, numEnvs }, plot } = robots;
    this.solids = solidsOf(scene);
    this.strokes = Float64Array.from(this.solids.flatMap(({ stroke }) => stroke));
    /** Surfaces that bend, and their colours. */
    this.softs = scene.softs.map((surface) => ({ surface, rgb: shadeOf(surface.rgba, scene.textures[surface.texture]) }));
    this.opaque = this.solids.filter(({ opacity }) => opacity >= 1).length;
    this.frames = new Float64Array(scene.nbody * FRAME);
    const terrain = terrainSolid(scene);
    this.terrain = terrain?.shape ?? null;
    /** Of its ground, as it is drawn. */
    this.heights = terrain ? new Heights(terrain.hfield, plot.cells[0]) : null;
    this.disc = discOf(DISC_CORNERS);
    this.place = new Vector3();
    this.tracked = [scene.trackBody];
    this.bodies = [...new Set([...this.solids.map(({ body }) => body), ...scene.softs.flatMap(({ bodies }) => [...bodies])])];
    /** Those, and the one that tells how far away the robot is. */
    this.posed = [...new Set([...this.bodies, scene.trackBody])];
    /** Of each environment: which of the tints it has; 0: none. */
    this.tints = new Uint8Array(numEnvs);
    /** Of each tint, its colour and how much of it there is. @type {{rgb: number[], part: number}[]} */
    this.colours = [];
    /** Of each step of fading, tint and solid: the offset of its ramp, or -1 as long as nobody needed it. */
    this.ramps = new Int32Array(0);
    /** @type {import('./palette.js').Palette|null} */
    this.palette = null;
    const least = (BLOB.least * plot.size) / 2;
    const half = [plot.box.max.x - plot.box.min.x, plot.box.max.y - plot.box.min.y]
      .map((extent) => Math.max(least, (BLOB.part * extent) / 2));
    /** Of the round shadow: its radius, and how far its ends are from its middle. */
    this.blob = { radius: Math.min(...half), x: Math.max(0, half[0] - half[1]), y: Math.max(0, half[1] - half[0]) };
  }

  /**
   * @param {{first: number, count: number, rgb: number[], part: number}[]} parts  of all environments
   * @param {import('./palette.js').Palette} palette
   */
  tint(parts, palette) {
    const { offset, numEnvs } = this.robots.group;
    const keys = new Map(); // a few, however many parts
    this.colours = [{ rgb: [0, 0, 0], part: 0 }];
    this.tints.fill(0);
    for (const { first, count, rgb, part } of parts) {
      const key = `${rgb} ${part}`;
      if (!keys.has(key)) keys.set(key, this.colours.push({ rgb, part }) - 1);
      const tint = keys.get(key);
      this.tints.fill(tint, Math.max(0, first - offset), Math.max(0, Math.min(numEnvs, first + count - offset)));
    }
    this.palette = palette;
    this.ramps = new Int32Array(FADES_OUT * this.colours.length * this.solids.length).fill(-1);
  }

  /** @param {import('./brush.js').Brush} brush @param {number} fade @param {number} tint @param {number} s  of the solid */
  #rampOf(brush, fade, tint, s) {
    const at = (fade * this.colours.length + tint) * this.solids.length + s;
    if (this.ramps[at] < 0 && this.palette) {
      const { rgb, part } = this.colours[tint];
      const colour = this.solids[s].rgb.map((own, c) => own + part * (rgb[c] - own));
      this.ramps[at] = this.palette.offset(colour, fade / (FADES_OUT - 1));
      brush.raster.ramps = this.palette.ramps;
    }
    return this.ramps[at];
  }

  /**
   * Brings bodies of one robot into the camera's frame.
   *
   * @param {number} env @param {number[]} bodies @param {import('./lens.js').Lens} lens
   */
  #pose(env, bodies, { eye, right, down, forward }) {
    const { frames, robots: { poses: { data, alphas, bodies: all }, plot: { cells, lift } } } = this;
    const [rx, ry, rz] = right;
    const [dx, dy, dz] = down;
    const [fx, fy, fz] = forward;
    const cellX = cells[2 * env] - eye[0];
    const cellY = cells[2 * env + 1] - eye[1];
    const cellZ = lift - eye[2];
    for (let i = 0; i < bodies.length; i++) {
      const at = (env * all + bodies[i]) * POSE;
      const to = bodies[i] * FRAME;
      const part = alphas[data[at + 3]];
      const rest = 1 - part;
      const x = data[at] * rest + data[at + 8] * part + cellX;
      const y = data[at + 1] * rest + data[at + 9] * part + cellY;
      const z = data[at + 2] * rest + data[at + 10] * part + cellZ;
      let qw = data[at + 12];
      let qx = data[at + 13];
      let qy = data[at + 14];
      let qz = data[at + 15];
      if (part < 1) {
        // q and -q are one rotation: mixed along the shorter way.
        const same = data[at + 4] * qw + data[at + 5] * qx + data[at + 6] * qy + data[at + 7] * qz < 0 ? -rest : rest;
        qw = qw * part + data[at + 4] * same;
        qx = qx * part + data[at + 5] * same;
        qy = qy * part + data[at + 6] * same;
        qz = qz * part + data[at + 7] * same;
      }
      const twice = 2 / (qw * qw + qx * qx + qy * qy + qz * qz);
      const xx = 1 - twice * (qy * qy + qz * qz);
      const yx = twice * (qx * qy + qz * qw);
      const zx = twice * (qx * qz - qy * qw);
      const xy = twice * (qx * qy - qz * qw);
      const yy = 1 - twice * (qx * qx + qz * qz);
      const zy = twice * (qy * qz + qx * qw);
      const xz = twice * (qx * qz + qy * qw);
      const yz = twice * (qy * qz - qx * qw);
      const zz = 1 - twice * (qx * qx + qy * qy);
      frames[to] = rx * xx + ry * yx + rz * zx;
      frames[to + 1] = rx * xy + ry * yy + rz * zy;
      frames[to + 2] = rx * xz + ry * yz + rz * zz;
      frames[to + 3] = dx * xx + dy * yx + dz * zx;
      frames[to + 4] = dx * xy + dy * yy + dz * zy;
      frames[to + 5] = dx * xz + dy * yz + dz * zz;
      frames[to + 6] = fx * xx + fy * yx + fz * zx;
      frames[to + 7] = fx * xy + fy * yy + fz * zy;
      frames[to + 8] = fx * xz + fy * yz + fz * zz;
      frames[to + 9] = rx * x + ry * y + rz * z;
      frames[to + 10] = dx * x + dy * y + dz * z;
      frames[to + 11] = fx * x + fy * y + fz * z;
    }
  }

  /**
   * Draws the ground that they share, if there is one, with their shadows.
   *
   * @param {import('./brush.js').Brush} brush @param {number} ramp  of its colour @param {number} dark  of shadows
   */
  drawTerrain(brush, ramp, dark) {
    if (!this.terrain || !this.heights) return;
    this.#pose(0, [0], brush.lens);
    brush.shape(this.terrain, this.frames, 0, ramp, 1);
    const frame = brush.lens.frameAt(0, 0, 0);
    for (const { places, count } of [this.robots.far, this.robots.near]) {
      for (let i = 0; i < count; i++) this.#drawShadow(brush, places[3 * i + 2], this.heights, frame, dark);
    }
  }

  /** @param {import('./brush.js').Brush} brush @param {number} env @param {Heights} heights @param {Float64Array} frame  of the world @param {number} ramp */
  #drawShadow(brush, env, heights, frame, ramp) {
    const { disc, blob, place, robots: { plot: { size } } } = this;
    const { x, y, z } = this.robots.place(env, place);
    const above = Math.max(0, z - (heights.at(x, y) ?? 0));
    const wide = 1 + (0.3 * above) / size;
    const [middleX, middleY] = [x - (above * SUN.x) / SUN.z, y - (above * SUN.y) / SUN.z];
    const [halfX, halfY] = [wide * (blob.radius + blob.x), wide * (blob.radius + blob.y)];
    for (const part of DISCS) {
      for (let at = 0; at < disc.positions.length; at += 3) {
        const px = middleX + part * halfX * disc.circle[at];
        const py = middleY + part * halfY * disc.circle[at + 1];
        disc.positions[at] = px;
        disc.positions[at + 1] = py;
        disc.positions[at + 2] = (heights.at(px, py) ?? 0) + RAISED * size;
      }
      brush.shape(disc, frame, 0, ramp, DISC_DARK / (1 + (above / size) ** 2));
    }
  }

  /**
   * Draws the robots that are in view.
   *
   * @param {import('./brush.js').Brush} brush
   * @param {boolean} opaque  what hides what is behind it, or else what does not
   * @param {Pick<import('../view.js').Picture, 'fog'|'kept'>} look
   */
  draw(brush, opaque, { fog, kept }) {
    const { near, far, figures } = this.robots;
    const first = opaque ? 0 : this.opaque;
    const last = opaque ? this.opaque : this.solids.length;
    const soft = opaque ? this.softs : [];
    if (first === last && !soft.length) return;
    const clear = kept === null ? null : kept - this.robots.group.offset;
    const of = this.robots.group.scene.trackBody * FRAME;
    for (const slots of [figures, far, near]) {
      // From the back of the field as it is seen at first: smooth edges are mixed with what is there.
      for (let i = slots.count - 1; i >= 0; i--) {
        const env = slots.places[3 * i + 2];
        this.#pose(env, this.posed, brush.lens);
        const far = (this.frames[of + 11] - fog.near) / (fog.far - fog.near);
        const haze = hazeOf(clear === null || env === clear ? far : Math.max(far, FADED));
        if (haze >= 1) continue;
        const fade = Math.round(haze * (FADES_OUT - 1));
        this.#drawOne(brush, env, first, last, slots !== figures, fade);
        if (slots === figures || !this.palette || this.robots.plot.size * brush.lens.focus < WITH_SOFT * this.frames[of + 11]) continue;
        for (const { surface, rgb } of soft) {
          brush.flush(); // its colours may be new to the rasteriser
          const ramp = this.palette.offset(rgb, fade / (FADES_OUT - 1));
          brush.raster.ramps = this.palette.ramps;
          brush.soft(surface, this.frames, ramp);
        }
      }
    }
    brush.flush();
  }

  /**
   * @param {import('./brush.js').Brush} brush @param {number} env
   * @param {number} first @param {number} last  of the solids
   * @param {boolean} full @param {number} fade  step
   */
  #drawOne(brush, env, first, last, full, fade) {
    const { solids, strokes, frames, tints } = this;
    const { focus } = brush.lens;
    const tint = tints[env];
    for (let s = first; s < last; s++) {
      const solid = solids[s];
      const of = solid.body * FRAME;
      const ramp = this.#rampOf(brush, fade, tint, s);
      if (!solid.round && full) {
        const { centre: [x, y, z], radius } = solid;
        const distance = frames[of + 6] * x + frames[of + 7] * y + frames[of + 8] * z + frames[of + 11];
        if (distance < -radius) continue;
        const pixels = (radius * focus) / Math.max(distance, 1e-3 * radius);
        if (pixels > SMALL) {
          const shape = solid.shapes[pixels > COARSE ? solid.shapes.length - 1 : 0];
          brush.shape(shape, frames, of, ramp, solid.opacity);
          continue;
        }
      }
      brush.stroke(strokes, s * STROKE, frames, of, ramp, solid.opacity);
    }
  }

  /**
   * Adds the shadows of the robots in view.
   *
   * @param {import('./lens.js').Lens} lens
   * @param {{list: Float32Array, count: number}} shadows  grows as needed
   * @param {Vector3} sun  to what casts them
   */
  shade(lens, shadows, sun) {
    if (this.heights) return; // they lie on ground that is drawn above the floor
    const { robots: { near, far, figures, plot: { size }, group: { scene } }, frames, blob } = this;
    const { eye, right, down, forward, focus } = lens;
    const of = scene.trackBody * FRAME;
    for (const slots of [figures, far, near]) {
      for (let i = 0; i < slots.count; i++) {
        const env = slots.places[3 * i + 2];
        this.#pose(env, this.tracked, lens);
        const x = frames[of + 9];
        const y = frames[of + 10];
        const distance = frames[of + 11];
        if (slots !== figures && size * focus > WITH_SHADOWS * distance) {
          this.#pose(env, this.bodies, lens);
          this.#shadeSolids(lens, shadows, sun);
          continue;
        }
        const height = Math.max(0, eye[2] + right[2] * x + down[2] * y + forward[2] * distance);
        const placeX = eye[0] + right[0] * x + down[0] * y + forward[0] * distance - (height * sun.x) / sun.z;
        const placeY = eye[1] + right[1] * x + down[1] * y + forward[1] * distance - (height * sun.y) / sun.z;
        const raised = height / size;
        const wide = 1 + 0.3 * raised;
        const at = room(shadows);
        shadows.list[at] = placeX - wide * blob.x;
        shadows.list[at + 1] = placeY - wide * blob.y;
        shadows.list[at + 2] = placeX + wide * blob.x;
        shadows.list[at + 3] = placeY + wide * blob.y;
        shadows.list[at + 4] = wide * blob.radius;
        shadows.list[at + 5] = BLOB.dark / (1 + raised * raised);
      }
    }
  }

  /** @param {import('./lens.js').Lens} lens @param {{list: Float32Array, count: number}} shadows @param {Vector3} sun */
  #shadeSolids({ eye, right, down, forward }, shadows, sun) {
    const { solids, strokes, frames } = this;
    for (let s = 0; s < this.opaque; s++) {
      const from = s * STROKE;
      const of = solids[s].body * FRAME;
      if (solids[s].body === 0) continue;
      const at = room(shadows);
      let highest = 0;
      for (let end = 0; end < 2; end++) {
        const [px, py, pz] = strokes.subarray(from + 3 * end, from + 3 * end + 3);
        const x = frames[of] * px + frames[of + 1] * py + frames[of + 2] * pz + frames[of + 9];
        const y = frames[of + 3] * px + frames[of + 4] * py + frames[of + 5] * pz + frames[of + 10];
        const z = frames[of + 6] * px + frames[of + 7] * py + frames[of + 8] * pz + frames[of + 11];
        const height = Math.max(0, eye[2] + right[2] * x + down[2] * y + forward[2] * z);
        highest = Math.max(highest, height);
        shadows.list[at + 2 * end] = eye[0] + right[0] * x + down[0] * y + forward[0] * z - (height * sun.x) / sun.z;
        shadows.list[at + 2 * end + 1] = eye[1] + right[1] * x + down[1] * y + forward[1] * z - (height * sun.y) / sun.z;
      }
      const radius = strokes[from + 6];
      shadows.list[at + 4] = 1.15 * radius + WIDENS * highest;
      shadows.list[at + 5] = radius / (radius + FADES * Math.max(0, highest - radius));
    }
  }
}

/** A level disc around its middle. @param {number} corners */
function discOf(corners) {
  const angles = Array.from({ length: corners }, (_, i) => (2 * Math.PI * i) / corners);
  const circle = Float32Array.from([0, 0, 0, ...angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle), 0])]);
  const normals = circle.map((_, i) => (i % 3 === 2 ? 1 : 0));
  const index = angles.flatMap((_, i) => [0, 1 + i, 1 + ((i + 1) % corners)]);
  return { circle, positions: circle.slice(), normals, index };
}

/** The offset of one shadow more. @param {{list: Float32Array, count: number}} shadows */
function room(shadows) {
  const at = shadows.count++ * SHADE;
  if (at + SHADE > shadows.list.length) {
    const larger = new Float32Array(2 * shadows.list.length);
    larger.set(shadows.list);
    shadows.list = larger;
  }
  return at;
}
