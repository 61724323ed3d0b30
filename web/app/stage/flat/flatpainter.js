/** Draws the robots on the processor, for browsers without a GPU: with all pixels, in some milliseconds. */

import { Color } from 'three';
import { breathe } from '../../dom.js';
import { themeColor } from '../../theme.js';
import { heightAt } from '../scene/heights.js';
import { SUN } from '../scene/light.js';
import { LINE } from '../scene/lines.js';
import { OWN } from '../scene/surroundings.js';
import { Brush } from './brush.js';
import { Crowd } from './crowd.js';
import { FlatBudget } from './flatbudget.js';
import { Floor, SHADE } from './floor.js';
import { Lens } from './lens.js';
import { drawArrow, drawRing } from './marks.js';
import { Palette } from './palette.js';
import { Raster, cutOut, packed } from './raster.js';

/** @typedef {import('../view.js').Picture} Picture */

/** A light that is lower, as the sine of its height, casts no shadows: they would be too long. */
const LOWEST = 0.4;

export class FlatPainter {
  software = true;
  hopeless = false;
  busy = false;
  /** Whether the budget has changed since this was set back. */
  changed = false;
  canvas = document.createElement('canvas');
  budget = new FlatBudget({ robots: 0, spareCores: 0, screenRatio: 1 });
  #context = /** @type {CanvasRenderingContext2D} */ (
    this.canvas.getContext('2d', { alpha: false, willReadFrequently: true }) // kept in memory, not on a GPU
  );
  #image = new ImageData(1, 1);
  #raster = new Raster();
  #lens = new Lens();
  #brush = new Brush(this.#raster, this.#lens);
  #floor = new Floor();
  #palette = new Palette();
  #accent = 0;
  /** Of terrain's colour, and of shadows on it. */
  #terrain = 0;
  #dark = 0;
  /** @type {{first: number, count: number, rgb: number[], part: number}[]} */
  #tints = [];
  /** @type {Crowd[]} */
  #crowds = [];
  #scenery = OWN;
  /** From the floor to what casts shadows. */
  #sun = SUN;
  #square = 1;
  #shadows = { list: new Float32Array(256 * SHADE), count: 0 };

  constructor() {
    this.applyTheme();
  }

  /**
   * @param {import('../scene/robots.js').Robots[]} groups
   * @param {import('../scene/layout.js').Layout} layout
   * @param {import('three').PerspectiveCamera} _camera
   * @param {import('../view.js').Machine} machine
   */
  async show(groups, layout, _camera, machine) {
    this.clear();
    this.budget = new FlatBudget(machine);
    this.#square = layout.square;
    for (const robots of groups) {
      this.#crowds.push(new Crowd(robots));
      await breathe();
    }
    this.tint([]);
  }

  clear() {
    this.#crowds = [];
  }

  /** @param {number} width @param {number} height  in CSS pixels @param {number} ratio  pixels for one of them */
  resize(width, height, ratio) {
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.#raster.resize(this.canvas.width, this.canvas.height);
    this.#image = new ImageData(
      new Uint8ClampedArray(/** @type {ArrayBuffer} */ (this.#raster.pixels.buffer)), this.canvas.width,
    );
  }

  /** @param {import('../scene/scenery.js').Scenery} scenery */
  surround(scenery) {
    this.#scenery = scenery;
    this.#floor.setBox(scenery.box);
    this.applyTheme();
  }

  applyTheme() {
    const { horizon, floor } = this.#scenery;
    const field = horizon ?? rgbOf('--field');
    const [one, other] = floor ?? [rgbOf('--floor-one'), rgbOf('--floor-other')];
    this.#floor.setColors(one, other, field, rgbOf('--sky'));
    this.#palette.begin(field, Boolean(this.#scenery.lamps));
    this.#dark = this.#palette.offset([0, 0, 0]);
    this.#accent = this.#palette.offset(rgbOf('--accent'));
    this.#terrain = this.#palette.offset(one);
    for (const crowd of this.#crowds) crowd.tint(this.#tints, this.#palette);
  }

  /** @param {import('../view.js').Colour[]} parts */
  tint(parts) {
    const colors = new Map(parts.map(({ color }) => [color, screenColor(color)]));
    this.#tints = parts.map(({ color, ...others }) => ({ ...others, rgb: colors.get(color) ?? [0, 0, 0] }));
    for (const crowd of this.#crowds) crowd.tint(this.#tints, this.#palette);
  }

  choose() {}

  /** @param {Picture} picture */
  draw(picture) {
    const start = performance.now();
    this.paint(picture);
    if (this.budget.note(performance.now() - start)) this.changed = true;
  }

  /** Draws without counting how long it takes. @param {Picture} picture */
  paint({ camera, fog, kept, followed, marked, lines }) {
    this.#look(camera, kept);
    this.#paintGround(fog);
    if (followed) drawRing(this.#brush, followed, (x, y) => heightAt(this.#grounds, x, y), this.#accent);
    this.#paintRobots({ fog, kept }, () => {
      this.#paintLines(lines.hidden);
      if (marked) drawArrow(this.#brush, marked, this.#accent);
    });
    if (lines.seen.count) {
      this.#raster.depths.fill(0); // they are seen through all else
      this.#paintLines(lines.seen);
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  /** @param {Picture} picture @returns {OffscreenCanvas}  the robots before nothing */
  takeAlone({ camera, fog, kept, lines }) {
    this.#look(camera, kept);
    const { pixels, depths } = this.#raster;
    // What is between them and the background shows how much of that is seen: once on black, once on white.
    const [black, white] = [packed([0, 0, 0]), packed([1, 1, 1])].map((background) => {
      pixels.fill(background);
      depths.fill(0);
      this.#paintRobots({ fog, kept }, () => this.#paintLines(lines.hidden));
      return pixels.slice();
    });
    const copy = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const cut = new ImageData(new Uint8ClampedArray(cutOut(black, white).buffer), copy.width);
    copy.getContext('2d')?.putImageData(cut, 0, 0);
    return copy;
  }

  /** @param {import('../scene/lines.js').Lines} lines */
  #paintLines({ data, colors, count }) {
    if (!count) return;
    const frame = this.#brush.lens.frameAt(0, 0, 0);
    const ramps = new Map();
    for (let i = 0; i < count; i++) {
      let ramp = ramps.get(colors[i]);
      if (ramp === undefined) ramps.set(colors[i], ramp = this.#palette.offset(colors[i]));
      this.#brush.stroke(data, i * LINE, frame, 0, ramp, 1);
    }
    this.#raster.ramps = this.#palette.ramps;
    this.#brush.flush();
  }

  /** @param {import('three').PerspectiveCamera} camera @param {number|null} kept  who is looked at */
  #look(camera, kept) {
    const raster = this.#raster;
    const lens = this.#lens;
    lens.look(camera, raster.width, raster.height);
    const { lamps } = this.#scenery;
    const [crowd] = this.#crowds;
    this.#sun = SUN;
    if (lamps && crowd) {
      // One light for all: as it falls on one of them.
      const { ambient, head, sun, way } = lamps.mixed(crowd.robots, kept ?? 0);
      if (way.z > LOWEST) this.#sun = way;
      raster.setLight(lens.turned(way.toArray()), [0, 0, 1], { ambient, sky: head, sun });
    } else {
      raster.setLight(lens.turned(SUN.toArray()), lens.turned([0, 0, 1]));
    }
    raster.ramps = this.#palette.ramps;
  }

  get #grounds() {
    return this.#crowds.flatMap(({ heights }) => heights ?? []);
  }

  /** @param {Picture['fog']} fog */
  #paintGround(fog) {
    const lens = this.#lens;
    this.#shadows.count = 0;
    for (const crowd of this.#crowds) crowd.shade(lens, this.#shadows, this.#sun);
    this.#floor.shade(lens, this.#shadows.list, this.#shadows.count);
    const tiled = this.#crowds.map(({ robots }) => robots).filter(({ held }) => held);
    this.#floor.paint(this.#raster, lens, { square: this.#square, fog, tiled });
    for (const crowd of this.#crowds) crowd.drawTerrain(this.#brush, this.#terrain, this.#dark);
  }

  /** @param {Pick<Picture, 'fog'|'kept'>} look @param {() => void} between  what hides them, and what they can be seen through */
  #paintRobots(look, between) {
    for (const crowd of this.#crowds) crowd.draw(this.#brush, true, look);
    between();
    for (const crowd of this.#crowds) crowd.draw(this.#brush, false, look);
  }

  dispose() {
    this.clear();
  }
}

/** A colour of the stylesheet as the screen shows it, 0 to 1. @param {string} name */
const rgbOf = (name) => screenColor(themeColor(name));

/** @param {string} color  of CSS */
function screenColor(color) {
  const { r, g, b } = new Color(color).convertLinearToSRGB();
  return [r, g, b];
}
