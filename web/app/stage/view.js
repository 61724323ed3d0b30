/**
 * The robots as they are looked at: where the camera is, which of them are drawn and how, whom it follows.
 * A painter makes the pictures: `gpu/` with WebGL, `flat/` on the processor.
 */

import * as THREE from 'three';
import { themeColor } from '../theme.js';
import { Anatomy } from './anatomy.js';
import { seize } from './hands/grip.js';
import { History } from './history.js';
import { CameraRig } from './scene/camera.js';
import { Choice } from './scene/choice.js';
import { layOut } from './scene/layout.js';
import { ABOVE, ARROW } from './scene/marks.js';
import { BROUGHT, OWN } from './scene/surroundings.js';
import { pick } from './scene/pick.js';
import { Poses } from './scene/poses.js';
import { Robots } from './scene/robots.js';
import { Sight } from './scene/sight.js';

/**
 * @typedef {import('../../sim/websim.js').WebSim} WebSim
 * @typedef {Pick<WebSim, 'groups' | 'numEnvs' | 'numWorkers' | 'isolated' | 'poseShards' | 'countFrame' | 'setSampleRate'>} Shown
 *   a simulation, or what looks like one
 * @typedef {import('./scene/lines.js').Lines} Lines
 * @typedef {import('./gpu/gpupainter.js').GpuPainter} GpuPainter
 * @typedef {import('./flat/flatpainter.js').FlatPainter} FlatPainter
 *
 * @typedef {object} Machine  what there is to draw, and with
 * @property {number} robots
 * @property {number} spareCores   that no worker uses
 * @property {number} screenRatio  pixels for each CSS pixel
 *
 * @typedef {{place: THREE.Vector3, size: number}} Mark  a place, and the size of what is there
 *
 * @typedef {object} Picture
 * @property {THREE.PerspectiveCamera} camera
 * @property {THREE.Vector3} target  what it looks at
 * @property {{near: number, far: number}} fog  distances at which things begin to fade, and are gone
 * @property {number|null} kept  environment beside which all others fade
 * @property {Mark|null} followed  below which a ring is drawn
 * @property {Mark|null} marked    where an arrow is drawn
 * @property {{hidden: Lines, seen: Lines}} lines  which bodies hide, and which are seen through them
 *
 * @typedef {Required<Tint>} Colour
 *
 * @typedef {object} Tint
 * @property {number} first   of some of all environments
 * @property {number} count
 * @property {string} color   of CSS
 * @property {number} [part]  how much of it they have, 0 to 1
 */

/** How much of its part's colour a robot has. */
const TINT = 0.85;

/** Time between two choices of the robots to draw while the camera rests, in ms. */
const CHOICE_INTERVAL = 250;

/** After its last movement the user's hand is taken to be on the camera for so long, in ms. */
const HANDS_ON = 600;

/**
 * Where not all robots are drawn in full: those around this point of the way from what is looked at to the
 * camera. At 0 the foreground would be empty, at 1 the background.
 */
const FOREGROUND = 0.2;

/** What has not moved for so long is drawn once more with all pixels, in ms. */
const STILL = 300;

/** Robots of which the middle of many is computed. */
const SAMPLES = 24;

/** Of a picture that is taken, in its width at most: previews are wide. */
const PICTURE_HEIGHT = 0.75;

/** In the overview of the world robots count that are within so many standard deviations of the centroid. */
const OUTLIERS = 3;

/** A floor that is further below the robots, in multiples of their size, is left out of the overview. */
const FLOOR_IN_VIEW = 4;

export class View {
  /** @type {Robots[]} */
  #groups = [];
  /** @type {import('./scene/layout.js').Layout|null} */
  #layout = null;
  /** @type {Choice|null} */
  #choice = null;
  #chosen = -Infinity;
  /** @type {Shown|null} */
  #sim = null;
  /** The simulation that is being prepared or shown: another one may be wanted meanwhile. @type {Shown|null} */
  #wanted = null;
  #last = 0;
  #dirty = true;
  /** When something was last seen to move, and whether what stands still has been drawn with all pixels. */
  #moved = 0;
  #sharp = false;
  #ratio = 0;
  #shape = '';
  #place = new THREE.Vector3();
  #centre = new THREE.Vector3();
  #followed = { place: new THREE.Vector3(), size: 1 };
  #marked = { place: new THREE.Vector3(), size: 1 };
  /** @type {Colour[]} */
  #tints = [];
  /** As they were asked for. @type {Tint[]|null} */
  #asked = null;
  /** Whether the models' own sky and floor are drawn. */
  #scenic = false;
  /** To the followed robot. @type {Sight|null} */
  #sight = null;

  /**
   * @param {HTMLElement} element  that the pictures are shown in
   * @param {GpuPainter|FlatPainter} painter
   */
  constructor(element, painter) {
    this.element = element;
    this.painter = painter;
    element.replaceChildren(painter.canvas);
    this.rig = new CameraRig(element, !painter.software);
    /** @type {number|null} */
    this.followed = null;
    /** Environment with the arrow. @type {number|null} */
    this.marked = null;
    /** @type {number|'auto'} */
    this.limit = 'auto';
    /** @type {import('./scene/camera.js').Insets} */
    this.insets = { left: 0, right: 0, top: 0, bottom: 0 };
  }

  /** Whether the processor makes the pictures. */
  get software() {
    return this.painter.software;
  }

  /** Lets another painter go on. @param {GpuPainter|FlatPainter} painter */
  async paintWith(painter) {
    this.painter.dispose();
    this.painter = painter;
    this.element.replaceChildren(painter.canvas);
    this.rig.setSmooth(!painter.software);
    this.#ratio = 0;
    const sim = this.#sim;
    this.#sim = null; // nothing is drawn meanwhile
    if (sim) await this.#present(sim);
  }

  /**
   * Shows another simulation.
   *
   * @param {Shown} sim
   */
  async show(sim) {
    this.clear();
    this.#wanted = sim;
    const poses = sim.groups.map(({ scene, numEnvs }) => new Poses(scene.nbody, numEnvs, scene.trackBody));
    poses.forEach((of, g) => of.take(sim.poseShards(g)));
    const layout = layOut(sim.groups, poses);
    this.#layout = layout;
    this.rig.setField(layout);
    this.#groups = sim.groups.map((group, g) => new Robots(group, poses[g], layout.plots[g]));
    this.#hold();
    this.#groups.forEach((robots, g) => robots.poses.take(sim.poseShards(g)));
    this.#choice = new Choice(this.#groups);
    this.resize();
    this.home(false);
    this.rig.update(performance.now(), 0);
    await this.#present(sim);
  }

  /** Has the painter prepare a simulation. @param {Shown} sim */
  async #present(sim) {
    const layout = /** @type {import('./scene/layout.js').Layout} */ (this.#layout);
    await this.painter.show(this.#groups, layout, this.rig.camera, {
      robots: sim.numEnvs,
      spareCores: navigator.hardwareConcurrency - sim.numWorkers,
      screenRatio: Math.min(devicePixelRatio, 2),
    });
    await this.#surround();
    if (this.#wanted !== sim) return;
    this.#sim = sim;
    this.resize();
    this.painter.tint(this.#tints);
  }

  clear() {
    this.#wanted = null;
    this.#sim = null;
    this.followed = null;
    this.back = 0;
    this.history.clear();
    this.marked = null;
    this.#tints = [];
    this.#asked = null;
    this.painter.clear();
    for (const robots of this.#groups) robots.dispose();
    this.#groups = [];
  }

  /** Frees what drawing has taken. */
  close() {
    this.clear();
    this.painter.dispose();
    this.rig.dispose();
  }

  resize() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight) return;
    this.rig.resize(clientWidth, clientHeight, this.insets);
    const shape = JSON.stringify([clientWidth, clientHeight, this.insets]);
    // Whoever has not turned the overview goes on seeing all robots.
    if (shape !== this.#shape && this.#sim && this.followed === null && this.rig.untouched) this.home(false);
    this.#shape = shape;
    this.#ratio = this.#wantedRatio;
    this.painter.resize(clientWidth, clientHeight, this.#ratio);
    this.#dirty = true;
  }

  /** Pixels for each CSS pixel. */
  get #wantedRatio() {
    const { screenRatio, pixelRatio } = this.painter.budget;
    return this.#sharp ? screenRatio : pixelRatio;
  }

  applyTheme() {
    this.painter.applyTheme();
    this.#asked = null;
    this.#dirty = true;
  }

  /** @param {number|null} index  of the environment, or null for the overview */
  follow(index) {
    if (index === this.followed) return;
    this.lookBack(0);
    this.history.clear();
    this.contacts = new Float64Array(0);
    this.followed = index;
    this.#dirty = true;
    if (index === null) {
      this.home();
      return;
    }
    const { robots, env } = this.#find(index);
    this.rig.follow((out) => robots.place(env, out), robots.plot.size, true);
  }

  /** Puts the arrow above a robot. @param {number|null} index  of the environment, or null: no arrow */
  mark(index) {
    if (index === this.marked || !this.#sim) return;
    this.marked = index;
    this.#dirty = true;
  }

  /**
   * Tints parts of the robots.
   *
   * @param {Tint[]} parts  with names of colours of the stylesheet
   */
  tint(parts) {
    if (parts === this.#asked || !this.#sim) return;
    this.#asked = parts;
    const colors = new Map(parts.map(({ color }) => [color, '']));
    for (const color of colors.keys()) colors.set(color, themeColor(color));
    const colored = parts.map(({ part = TINT, ...tint }) => ({ ...tint, part, color: colors.get(tint.color) ?? '' }));
    if (JSON.stringify(colored) === JSON.stringify(this.#tints)) return;
    this.#tints = colored;
    this.painter.tint(colored);
    this.#dirty = true;
  }

  /** Shows all robots. @param {boolean} [fly] */
  home(fly = true) {
    if (!this.#groups.length) return;
    // Robots that travel over the world are accompanied.
    const together = this.overview === 'world' && this.#groups.some(({ travels }) => travels);
    this.rig.overview(this.#field(), together ? (out) => this.#centroid(out) : null, fly);
    this.#dirty = true;
  }

  /** @type {'cells'|'world'} */
  #overview = 'cells';

  /** Whether robots that travel are held in their cells, or drawn where they are. */
  get overview() {
    return this.#overview;
  }

  set overview(overview) {
    if (overview === this.#overview) return;
    this.#overview = overview;
    this.#hold();
    const sim = this.#sim;
    if (sim) this.#groups.forEach(({ poses }, g) => poses.take(sim.poseShards(g)));
    if (this.followed === null) this.home(false);
    this.#dirty = true;
  }

  /** @param {Float64Array<ArrayBuffer>} contacts  of the followed robot, [n, 6] */
  showContacts(contacts) {
    this.contacts = contacts;
    this.#dirty = true;
  }

  /** Shows parts besides bodies. @param {Set<import('./parts.js').Part>} parts */
  showParts(parts) {
    this.parts = parts;
    if (parts.has('scenery') === this.#scenic) return;
    this.#scenic = !this.#scenic;
    this.#surround();
  }

  /** Sky and floor are the page's, or those of what is shown. */
  async #surround() {
    const own = () => this.#scenic && this.#groups.some(({ group }) => group.task === BROUGHT);
    const { sceneryOf } = own() ? await import('./scene/scenery.js') : {};
    this.painter.surround(sceneryOf && own() ? sceneryOf(this.#groups.map(({ group }) => group)) : OWN);
    this.#dirty = true;
  }

  #hold() {
    for (const robots of this.#groups) robots.hold(this.#overview === 'cells');
  }

  /** The middle of all robots. @param {THREE.Vector3} out */
  #centroid(out) {
    out.set(0, 0, 0);
    let number = 0;
    for (const robots of this.#groups) {
      number += robots.group.numEnvs;
      for (let env = 0; env < robots.group.numEnvs; env++) out.add(robots.place(env, this.#place));
    }
    return out.divideScalar(number);
  }

  /** The room that the robots are in, but for a few that are far from all others. */
  #field() {
    const middle = this.#centroid(new THREE.Vector3());
    const box = new THREE.Box3();
    const spread = new THREE.Vector3();
    let number = 0;
    for (const robots of this.#groups) {
      number += robots.group.numEnvs;
      for (let env = 0; env < robots.group.numEnvs; env++) {
        robots.place(env, this.#place).sub(middle);
        spread.add(this.#place.multiply(this.#place));
      }
    }
    spread.divideScalar(number).set(Math.sqrt(spread.x), Math.sqrt(spread.y), Math.sqrt(spread.z));
    spread.multiplyScalar(OUTLIERS);
    for (const robots of this.#groups) {
      const { reach, size } = robots.plot;
      for (let env = 0; env < robots.group.numEnvs; env++) {
        this.#place.copy(robots.place(env, this.#place).sub(middle).clamp(spread.clone().negate(), spread).add(middle));
        const room = reach.clone().translate(this.#place);
        const above = room.min.z;
        // A robot that nothing holds above its floor is going to be on it.
        if (robots.travels && above > 0 && above < FLOOR_IN_VIEW * size) room.min.z = 0;
        box.union(room);
      }
    }
    return box;
  }

  /**
   * The environment whose robot is at a place of the picture, or null.
   *
   * @param {number} x @param {number} y  in CSS pixels
   */
  pick(x, y) {
    return pick(this.#groups, this.#pointer(x, y), this.rig.camera, this.#sight);
  }

  /**
   * What a hand takes hold of at a place of the picture, or null.
   *
   * @param {number} x @param {number} y  in CSS pixels
   */
  seize(x, y) {
    return this.#sim && seize(/** @type {WebSim} */ (this.#sim), this.#groups, this.#pointer(x, y), this.rig.camera, this.#sight);
  }

  /** Where the middle of a block's front is in the picture, in CSS pixels; null: out of it. @param {number} g  of the group */
  front(g) {
    const robots = this.#groups[g];
    if (!this.#sim || !robots) return null;
    const { clientWidth, clientHeight } = this.element;
    const [frontX, frontY] = robots.plot.front;
    const { x, y, z } = this.#place.set(frontX, frontY, 0).project(this.rig.camera);
    if (Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) > 1) return null;
    return { x: (clientWidth * (1 + x)) / 2, y: (clientHeight * (1 - y)) / 2 };
  }

  /** Where a robot is in the picture, in CSS pixels. @param {number} index  of the environment */
  screen(index) {
    const { clientWidth, clientHeight } = this.element;
    const { robots, env } = this.#find(index);
    const { x, y } = robots.place(env, this.#place).project(this.rig.camera);
    return { x: (clientWidth * (1 + x)) / 2, y: (clientHeight * (1 - y)) / 2 };
  }

  /**
   * Where the middle of robots side by side is in the picture, in CSS pixels; null: out of it.
   *
   * @param {number} first  environment @param {number} count
   */
  middle(first, count) {
    if (!this.#sim || !count) return null;
    const { clientWidth, clientHeight } = this.element;
    const step = Math.ceil(count / SAMPLES);
    const middle = new THREE.Vector3();
    let number = 0;
    for (let i = first; i < first + count; i += step, number++) {
      const { robots, env } = this.#find(i);
      middle.add(robots.place(env, this.#place));
    }
    const { x, y, z } = middle.divideScalar(number).project(this.rig.camera);
    if (Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) > 1) return null;
    return { x: (clientWidth * (1 + x)) / 2, y: (clientHeight * (1 - y)) / 2 };
  }

  /** @param {number} x @param {number} y  in CSS pixels */
  #pointer(x, y) {
    const { clientWidth, clientHeight } = this.element;
    return new THREE.Vector2((2 * x) / clientWidth - 1, 1 - (2 * y) / clientHeight);
  }

  /** Robots in a row of the followed one's grid. @param {number} index */
  columns(index) {
    return this.#find(index).robots.plot.columns;
  }

  /** What is drawn, for the panel. @returns {import('./stage.js').Status} */
  get status() {
    const choice = this.#choice;
    return {
      full: choice?.full ?? 0,
      inView: choice?.inView ?? 0,
      total: choice?.total ?? 0,
      reason: this.limit !== 'auto' ? 'as set' : this.software ? 'no GPU' : 'frames were slow',
    };
  }

  /** Time to leave between frames, in ms. @param {number} now */
  interval(now) {
    return this.painter.budget.interval(now - this.rig.touched < HANDS_ON);
  }

  /**
   * Draws if there is anything new to be seen.
   *
   * @param {number} now  in ms
   * @returns {boolean}  whether a frame was drawn
   */
  draw(now) {
    const { painter } = this;
    if (!this.#sim || painter.busy) return false;
    if (this.followed !== null && !this.back) this.#remember(this.followed, now);
    let moved = false;
    for (const [g, { poses }] of this.back ? [] : this.#groups.entries()) {
      if (poses.take(this.#sim.poseShards(g))) moved = true;
      if (poses.advance(now)) moved = true;
    }
    const turned = this.rig.update(now, now - this.#last);
    this.#last = now;
    if (moved || turned) this.#moved = now;
    if (painter.changed) this.#dirty = true;
    painter.changed = false;
    const still = now - this.#moved > STILL;
    if (!moved && !turned && !this.#dirty && this.#sharp === still) return false;
    this.#sharp = still;
    if (this.#ratio !== this.#wantedRatio) this.resize();
    if (turned || this.#dirty || now - this.#chosen > CHOICE_INTERVAL) this.#choose(now);
    this.#dirty = false;
    painter.draw(this.#picture());
    for (const listener of this.drawn) listener(painter.canvas);
    return true;
  }

  /** Told of each picture that was drawn, as long as the canvas still has it. @type {Set<(canvas: HTMLCanvasElement) => void>} */
  drawn = new Set();

  /** Of the followed robot. */
  history = new History();
  /** How many samples ago the followed robot is shown; 0: now. All others stand still meanwhile. */
  back = 0;

  /** @param {number} index @param {number} now  in ms */
  #remember(index, now) {
    const { robots, env } = this.#find(index);
    const g = this.#groups.indexOf(robots);
    this.history.note(/** @type {Shown} */ (this.#sim).poseShards(g), env, now);
  }

  /** Shows the followed robot as it was, or is. @param {number} back  samples ago; 0: now */
  lookBack(back) {
    if (this.followed === null || back === this.back) return;
    this.back = back;
    const { robots, env } = this.#find(this.followed);
    if (back) robots.poses.put(env, this.history.at(back).poses);
    else for (const { poses } of this.#groups) poses.release();
    this.#dirty = true;
  }

  #anatomy = new Anatomy();
  /** What is shown besides bodies. @type {Set<import('./parts.js').Part>} */
  parts = new Set();
  /** Of the followed robot, [n, 6]. */
  contacts = new Float64Array(0);

  /** @returns {Picture} */
  #picture() {
    const { parts, followed, history, contacts } = this;
    this.#anatomy.draw(this.#groups, { parts, followed, history, contacts });
    return {
      lines: this.#anatomy,
      camera: this.rig.camera,
      target: this.rig.controls.target,
      fog: this.#fog(),
      kept: this.followed,
      followed: this.followed === null ? null : this.#markOf(this.followed, this.#followed),
      marked: this.marked === null ? null : this.#arrowOver(this.marked, this.#marked),
    };
  }

  /**
   * What is seen now, in any size.
   *
   * @param {number} width @param {number} height  in pixels
   * @param {boolean} alone  the robots before nothing: all else is transparent
   * @returns {Promise<Blob|null>}  a PNG; null: there is nothing to be seen
   * @throws {Error} when the browser has no room for so many pixels
   */
  async take(width, height, alone) {
    if (!this.#sim || this.painter.busy) return null;
    const { painter, rig } = this;
    rig.resize(width, height, { left: 0, right: 0, top: 0, bottom: 0 });
    painter.resize(width, height, 1);
    let copy;
    try {
      const { canvas } = painter;
      if (canvas.width !== width || canvas.height !== height) throw new Error(`This browser cannot draw ${width} x ${height} pixels.`);
      copy = alone ? painter.takeAlone(this.#picture()) : copyOf(canvas, () => painter.paint(this.#picture()));
    } finally {
      this.resize();
    }
    return copy.convertToBlob({ type: 'image/png' });
  }

  /**
   * A picture of what is seen now; of a tall one, as on a phone, the part around what the camera looks at.
   *
   * @param {number} most  pixels across
   * @returns {Promise<Blob|null>}  a JPEG; null: there is nothing to be seen
   */
  async picture(most) {
    this.#dirty = true;
    // A canvas of a GPU has its pixels only until the browser has shown them.
    if (!this.draw(performance.now())) return null;
    const { canvas, canvas: { width } } = this.painter;
    const height = Math.min(canvas.height, Math.round(width * PICTURE_HEIGHT));
    const { y } = this.#place.copy(this.rig.controls.target).project(this.rig.camera);
    const top = THREE.MathUtils.clamp((canvas.height * (1 - y) - height) / 2, 0, canvas.height - height);
    const scale = Math.min(1, most / width);
    const copy = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
    copy.getContext('2d')?.drawImage(canvas, 0, top, width, height, 0, 0, copy.width, copy.height);
    return copy.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
  }

  /** @param {number} now */
  #choose(now) {
    this.#chosen = now;
    const { camera, controls: { target } } = this.rig;
    const limit = this.limit !== 'auto' ? this.limit : this.painter.budget.robots;
    this.#centre.lerpVectors(target, camera.position, FOREGROUND);
    this.#sight = null;
    if (this.followed !== null) {
      const { place, size } = this.#markOf(this.followed, this.#followed);
      this.#sight = new Sight(camera.position, place, size);
    }
    this.#choice?.update(camera, this.#centre, limit, [this.followed, this.marked], this.#sight);
    this.painter.choose(this.#pixel);
  }

  /** The size of a CSS pixel at a distance of 1. */
  get #pixel() {
    return (2 * Math.tan(THREE.MathUtils.degToRad(this.rig.camera.fov / 2))) / this.element.clientHeight;
  }

  #fog() {
    const { camera, controls: { target } } = this.rig;
    const { spacing = 1, bounds } = this.#layout ?? {};
    const distance = camera.position.distanceTo(target);
    const field = bounds ? bounds.getSize(this.#size).length() : 0;
    return {
      near: distance + 0.55 * field + 2 * spacing,
      far: 1.7 * distance + 1.3 * field + 12 * spacing,
    };
  }

  #size = new THREE.Vector2();

  /** @param {number} index @param {Mark} out */
  #markOf(index, out) {
    const { robots, env } = this.#find(index);
    out.size = robots.plot.size;
    robots.place(env, out.place);
    return out;
  }

  /** The arrow above a robot, as large on the screen wherever that is. @param {number} index @param {Mark} out */
  #arrowOver(index, out) {
    const { place, size } = this.#markOf(index, out);
    place.z += ABOVE * size;
    const { camera } = this.rig;
    const away = camera.getWorldDirection(this.#away).dot(this.#place.copy(place).sub(camera.position));
    out.size = (ARROW.pixels * this.#pixel * Math.max(camera.near, away)) / ARROW.height;
    place.z += (ARROW.height / 2) * out.size;
    return out;
  }

  #away = new THREE.Vector3();

  /** @param {number} index  of the environment */
  #find(index) {
    const robots = this.#groups.find(({ group }) => index < group.offset + group.numEnvs)
      ?? this.#groups[0];
    return { robots, env: index - robots.group.offset };
  }
}

/** @param {HTMLCanvasElement} canvas @param {() => void} paint  that it has the picture of @returns {OffscreenCanvas} */
function copyOf(canvas, paint) {
  paint();
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  copy.getContext('2d')?.drawImage(canvas, 0, 0);
  return copy;
}
