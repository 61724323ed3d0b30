/**
 * The robots on a plain 2D canvas, for browsers without WebGL: geoms as thick strokes and discs in
 * parallel projection, the furthest first. It can do what the 3D view does, with fewer robots.
 */

import { Box2, Quaternion, Vector2, Vector3 } from 'three';
import { layOut } from '../scene/layout.js';
import { Poses } from '../scene/poses.js';
import { themeColor } from '../../theme.js';
import { listen } from './gestures.js';
import { strokesOf } from './strokes.js';

/**
 * @typedef {import('../../../sim/websim.js').WebSim} WebSim
 * @typedef {import('../../../sim/websim.js').Group} Group
 * @typedef {import('./strokes.js').Stroke} Stroke
 */

/**
 * @typedef {object} Robots  those of one type
 * @property {Group} group
 * @property {Poses} poses
 * @property {import('../scene/layout.js').Plot} plot
 * @property {Stroke[]} strokes
 * @property {(env: number, out: Vector3) => Vector3} place  where an environment's robot is
 */

/** Share of the main thread that drawing may take, and limits of the time between frames in ms. */
const SHARE = 0.15;
const INTERVALS = /** @type {const} */ ([1000 / 30, 500]);

/** A frame should take about so long, in ms; robots to begin with, and the fewest. */
const FRAME = 12;
const FIRST_ROBOTS = 100;
const FEWEST_ROBOTS = 12;

/** Camera: turned and raised by so many radians at first, and how far it may be raised. */
const YAW = 0.3;
const ELEVATION = 0.45;
const ELEVATIONS = /** @type {const} */ ([0.02, Math.PI / 2]);

/** Room around what the overview shows, in multiples of its size. */
const MARGIN = 1.15;

/** A followed robot takes this part of the canvas. */
const FOLLOWED_PART = 0.35;

export class View2D {
  software = true;
  /** @type {number|null} */
  followed = null;
  /** Environment with the arrow. @type {number|null} */
  marked = null;
  /** @type {{first: number, count: number, color: string}[]} */
  #tints = [];
  /** @type {number|'auto'} */
  limit = 'auto';
  /** @type {WebSim|null} */
  #sim = null;
  /** @type {Robots[]} */
  #groups = [];
  /** @type {import('../scene/layout.js').Layout|null} */
  #layout = null;
  #target = new Vector3();
  #yaw = YAW;
  #elevation = ELEVATION;
  #scale = 100;
  #robots = FIRST_ROBOTS;
  #cost = 0;
  #dirty = true;
  #full = 0;
  #inView = 0;
  /** Vectors of the projection: to the right, up, and away. */
  #right = new Vector3();
  #up = new Vector3();
  #away = new Vector3();
  #abort = new AbortController();
  /** @type {import('../scene/camera.js').Insets} */
  insets = { left: 0, right: 0, top: 0, bottom: 0 };

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
    listen(canvas, {
      orbit: (dx, dy) => this.#orbit(dx, dy),
      pan: (dx, dy) => this.#pan(dx, dy),
      zoom: (factor) => this.#zoom(factor),
    }, this.#abort.signal);
    this.applyTheme();
  }

  /** @param {WebSim} sim */
  async show(sim) {
    this.clear();
    const poses = sim.groups.map(({ scene, numEnvs }) => new Poses(scene.nbody, numEnvs, scene.trackBody));
    poses.forEach((of, g) => of.take(sim.poseShards(g)));
    const layout = layOut(sim.groups, poses);
    poses.forEach((of, g) => this.#hold(of, sim.groups[g]));
    poses.forEach((of, g) => of.take(sim.poseShards(g)));
    this.#layout = layout;
    this.#groups = sim.groups.map((group, g) => ({
      group,
      poses: poses[g],
      plot: layout.plots[g],
      strokes: strokesOf(group.scene),
      place: (env, out) => {
        const { cells, lift } = layout.plots[g];
        poses[g].position(env, group.scene.trackBody, out);
        return out.set(out.x + cells[2 * env], out.y + cells[2 * env + 1], out.z + lift);
      },
    }));
    this.#robots = Math.min(FIRST_ROBOTS, sim.numEnvs);
    this.#sim = sim;
    this.resize();
    this.home();
  }

  clear() {
    this.#sim = null;
    this.followed = null;
    this.marked = null;
    this.#tints = [];
    this.#groups = [];
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.max(1, clientWidth);
    this.canvas.height = Math.max(1, clientHeight);
    this.#dirty = true;
  }

  applyTheme() {
    this.colors = {
      field: themeColor('--field'),
      line: themeColor('--grid'),
      accent: themeColor('--accent'),
      figure: themeColor('--subtle'),
    };
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
    for (const { poses, group } of this.#groups) this.#hold(poses, group);
    if (this.followed === null) this.home();
    this.#dirty = true;
  }

  /** @param {Poses} poses @param {Group} group */
  #hold(poses, { scene }) {
    poses.hold(this.#overview === 'cells' && scene.travels);
  }

  home() {
    if (!this.#layout || !this.#sim) return;
    this.#yaw = YAW;
    this.#elevation = ELEVATION;
    this.#target.set(0, 0, 0);
    this.#aim();
    const box = new Box2();
    const place = new Vector3();
    for (const [g, { group, poses, plot: { reach, size }, place: placed }] of this.#groups.entries()) {
      poses.take(this.#sim.poseShards(g));
      for (let env = 0; env < group.numEnvs; env++) {
        placed(env, place);
        const [x, y] = [this.#right.dot(place), this.#up.dot(place)];
        const aside = Math.max(0.6 * size, reach.max.x, -reach.min.x);
        box.expandByPoint(new Vector2(x - aside, y + Math.min(reach.min.z, -0.6 * size)));
        box.expandByPoint(new Vector2(x + aside, y + Math.max(reach.max.z, 0.6 * size)));
      }
    }
    const middle = box.getCenter(new Vector2());
    const extents = box.getSize(new Vector2());
    const { canvas: { width, height }, insets: { left, right, top, bottom } } = this;
    this.#scale = Math.min(
      Math.max(1, width - left - right) / extents.x, Math.max(1, height - top - bottom) / extents.y,
    ) / MARGIN;
    this.#target.addScaledVector(this.#right, middle.x).addScaledVector(this.#up, middle.y);
    this.#dirty = true;
  }

  /** @param {number|null} index */
  follow(index) {
    if (index === this.followed) return;
    const before = this.followed;
    this.followed = index;
    if (index === null) this.home();
    else if (before === null) {
      const { size } = this.#plotOf(index);
      this.#scale = (FOLLOWED_PART * Math.min(this.canvas.width, this.canvas.height)) / size;
    }
    this.#dirty = true;
  }

  /** Puts an arrow above a robot. @param {number|null} index  of the environment, or null: no arrow */
  mark(index) {
    if (index === this.marked || !this.#sim) return;
    this.marked = index;
    this.#dirty = true;
  }

  /**
   * Tints parts of the robots.
   *
   * @param {{first: number, count: number, color: string}[]} parts  with names of colours of the stylesheet
   */
  tint(parts) {
    const colored = parts.map((part) => ({ ...part, color: themeColor(part.color) }));
    if (JSON.stringify(colored) === JSON.stringify(this.#tints) || !this.#sim) return;
    this.#tints = colored;
    this.#dirty = true;
  }

  /** @param {number} index */
  columns(index) {
    return this.#plotOf(index).columns;
  }

  get status() {
    const total = this.#sim?.numEnvs ?? 0;
    const reason = this.limit === 'auto' ? '2D view' : 'as set';
    return { full: this.#full, inView: this.#inView, total, reason, cost: this.#cost };
  }

  interval() {
    return Math.min(INTERVALS[1], Math.max(INTERVALS[0], this.#cost / SHARE));
  }

  /**
   * @param {number} now
   * @returns {boolean}  whether a frame was drawn
   */
  draw(now) {
    if (!this.#sim) return false;
    let moved = this.#dirty;
    for (const [g, { poses }] of this.#groups.entries()) {
      if (poses.take(this.#sim.poseShards(g))) moved = true;
      if (poses.advance(now)) moved = true;
    }
    if (!moved) return false;
    this.#dirty = false;
    const start = performance.now();
    this.#render();
    const cost = performance.now() - start;
    this.#cost += (cost - this.#cost) / 6;
    if (this.#cost > FRAME * 1.4) this.#setRobots(0.85);
    else if (this.#cost < FRAME * 0.6 && this.#robots < this.#inView) this.#setRobots(1.1);
    return true;
  }

  /** @param {number} factor */
  #setRobots(factor) {
    const most = this.#sim?.numEnvs ?? 0;
    this.#robots = Math.min(most, Math.max(FEWEST_ROBOTS, Math.round(this.#robots * factor)));
  }

  #render() {
    const { context, canvas: { width, height }, colors } = this;
    this.#aim();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colors?.field ?? '';
    context.fillRect(0, 0, width, height);
    const [x, y] = this.#middle();
    context.setTransform(1, 0, 0, 1, x, y);
    this.#renderFloor();
    const { full, figures } = this.#choose();
    this.#renderFigures(figures);
    for (const { group, env } of full) this.#renderRobot(group, env);
    if (this.marked !== null) this.#renderArrow(this.marked);
  }

  /** The middle of what is not covered of the canvas. */
  #middle() {
    const { canvas: { width, height }, insets: { left, right, top, bottom } } = this;
    return [(width + left - right) / 2, (height + top - bottom) / 2];
  }

  /** Sets the projection to the camera's angles, and the target to the followed robot. */
  #aim() {
    if (this.followed !== null) this.#placeOf(this.followed, this.#target);
    const [sin, cos] = [Math.sin(this.#yaw), Math.cos(this.#yaw)];
    const [rise, run] = [Math.sin(this.#elevation), Math.cos(this.#elevation)];
    this.#right.set(cos, sin, 0);
    this.#up.set(-sin * rise, cos * rise, run);
    this.#away.set(-sin * run, cos * run, -rise);
  }

  /** @param {Vector3} point */
  #x(point) {
    return (this.#right.dot(point) - this.#right.dot(this.#target)) * this.#scale;
  }

  /** @param {Vector3} point */
  #y(point) {
    return (this.#up.dot(this.#target) - this.#up.dot(point)) * this.#scale;
  }

  #renderFloor() {
    const { context, colors } = this;
    if (!this.#layout) return;
    const { bounds: { min, max }, spacing } = this.#layout;
    const [from, to] = [new Vector3(), new Vector3()];
    context.strokeStyle = colors?.line ?? '';
    context.lineWidth = 1;
    context.beginPath();
    const margin = spacing / 2;
    for (let x = min.x - margin; x <= max.x + spacing; x += spacing) {
      this.#line(from.set(x, min.y - margin, 0), to.set(x, max.y + margin, 0));
    }
    for (let y = min.y - margin; y <= max.y + spacing; y += spacing) {
      this.#line(from.set(min.x - margin, y, 0), to.set(max.x + margin, y, 0));
    }
    context.stroke();
    if (this.followed === null) return;
    const place = this.#placeOf(this.followed, from);
    const radius = 0.75 * this.#plotOf(this.followed).size * this.#scale;
    context.strokeStyle = colors?.accent ?? '';
    context.lineWidth = 3;
    context.beginPath();
    context.ellipse(
      this.#x(place), this.#y(place.setZ(0)), radius, radius * Math.sin(this.#elevation), 0, 0, 7,
    );
    context.stroke();
  }

  /** @param {Vector3} from @param {Vector3} to */
  #line(from, to) {
    this.context.moveTo(this.#x(from), this.#y(from));
    this.context.lineTo(this.#x(to), this.#y(to));
  }

  /**
   * The robots in view: up to the limit those nearest to the target in full, the furthest away first, and
   * the others as figures.
   */
  #choose() {
    const { width, height } = this.canvas;
    const place = new Vector3();
    const inView = [];
    for (const [g, group] of this.#groups.entries()) {
      const margin = (this.#layout?.plots[g].size ?? 1) * this.#scale;
      for (let env = 0; env < group.group.numEnvs; env++) {
        group.place(env, place);
        const [x, y] = [Math.abs(this.#x(place)), Math.abs(this.#y(place))];
        const index = group.group.offset + env;
        const always = index === this.followed || index === this.marked;
        if (x > width / 2 + margin || y > height / 2 + margin) continue;
        inView.push({ group, env, depth: this.#away.dot(place), aside: always ? -1 : x * x + y * y });
      }
    }
    this.#inView = inView.length;
    const limit = this.limit === 'auto' ? this.#robots : this.limit;
    inView.sort((a, b) => a.aside - b.aside);
    const figures = inView.splice(limit);
    this.#full = inView.length;
    return { full: inView.sort((a, b) => b.depth - a.depth), figures };
  }

  /** Robots as lines of one pixel, all at once. @param {{group: Robots, env: number}[]} robots */
  #renderFigures(robots) {
    const { context } = this;
    const [from, to, turn, origin] = [this.#from, this.#to, this.#turn, new Vector3()];
    context.strokeStyle = this.colors?.figure ?? '';
    context.lineWidth = 1;
    context.beginPath();
    for (const { group: { poses, plot: { cells, lift }, strokes }, env } of robots) {
      for (const stroke of strokes) {
        poses.position(env, stroke.body, origin);
        origin.set(origin.x + cells[2 * env], origin.y + cells[2 * env + 1], origin.z + lift);
        poses.orientation(env, stroke.body, turn);
        from.copy(stroke.from).applyQuaternion(turn).add(origin);
        to.copy(stroke.to).applyQuaternion(turn).add(origin);
        this.#line(from, to);
      }
    }
    context.stroke();
  }

  #from = new Vector3();
  #to = new Vector3();
  #turn = new Quaternion();

  /** @param {Robots} robots @param {number} env */
  #renderRobot({ group, poses, plot: { cells, lift, size }, strokes, place }, env) {
    const { context } = this;
    const index = group.offset + env;
    const tint = this.#tints.find(({ first, count }) => index >= first && index < first + count)?.color;
    const [from, to, turn] = [this.#from, this.#to, this.#turn];
    const origin = new Vector3();
    const lines = strokes.map((stroke) => {
      poses.position(env, stroke.body, origin);
      origin.set(origin.x + cells[2 * env], origin.y + cells[2 * env + 1], origin.z + lift);
      poses.orientation(env, stroke.body, turn);
      from.copy(stroke.from).applyQuaternion(turn).add(origin);
      to.copy(stroke.to).applyQuaternion(turn).add(origin);
      return {
        stroke, x: this.#x(from), y: this.#y(from), x2: this.#x(to), y2: this.#y(to),
        depth: this.#away.dot(from) + this.#away.dot(to),
      };
    });
    const ground = place(env, origin).setZ(0);
    const shadow = 0.3 * size * this.#scale;
    context.fillStyle = '#00000018';
    context.beginPath();
    context.ellipse(
      this.#x(ground), this.#y(ground), shadow, shadow * Math.sin(this.#elevation), 0, 0, 7,
    );
    context.fill();
    lines.sort((a, b) => b.depth - a.depth);
    for (const { stroke, x, y, x2, y2 } of lines) {
      const radius = Math.max(0.5, stroke.radius * this.#scale);
      context.lineCap = stroke.cap;
      // A line without length has no cap in some browsers.
      const end = Math.hypot(x2 - x, y2 - y) < 0.1 ? x2 + 0.1 : x2;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(end, y2);
      if (radius > 3) {
        context.strokeStyle = stroke.edge;
        context.lineWidth = 2 * radius + 1;
        context.stroke();
      }
      context.strokeStyle = tint ?? stroke.color;
      context.lineWidth = Math.max(1, 2 * radius - 1);
      context.stroke();
    }
  }

  /** @param {number} index  of an environment */
  #renderArrow(index) {
    const { context } = this;
    const size = this.#plotOf(index).size * this.#scale;
    const place = this.#placeOf(index, this.#from);
    const [x, y] = [this.#x(place), this.#y(place) - 0.8 * size];
    context.fillStyle = this.colors?.accent ?? '';
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - 0.18 * size, y - 0.5 * size);
    context.lineTo(x + 0.18 * size, y - 0.5 * size);
    context.fill();
  }

  /** @param {number} index */
  #find(index) {
    const g = this.#groups.findIndex(({ group }) => index < group.offset + group.numEnvs);
    return { g, env: index - this.#groups[g].group.offset };
  }

  /** @param {number} index */
  #plotOf(index) {
    const layout = /** @type {import('../scene/layout.js').Layout} */ (this.#layout);
    return layout.plots[this.#find(index).g];
  }

  /** @param {number} index @param {Vector3} out */
  #placeOf(index, out) {
    const { g, env } = this.#find(index);
    return this.#groups[g].place(env, out);
  }

  /** @param {number} x @param {number} y  in CSS pixels of the canvas */
  pick(x, y) {
    const [middleX, middleY] = this.#middle();
    const place = new Vector3();
    let [best, index] = [Infinity, /** @type {number|null} */ (null)];
    for (const [g, { group, place: placed }] of this.#groups.entries()) {
      const reach = Math.max(12, 0.6 * (this.#layout?.plots[g].size ?? 1) * this.#scale);
      for (let env = 0; env < group.numEnvs; env++) {
        placed(env, place);
        const distance = Math.hypot(this.#x(place) + middleX - x, this.#y(place) + middleY - y);
        if (distance < Math.min(best, reach)) [best, index] = [distance, group.offset + env];
      }
    }
    return index;
  }

  /** @param {number} dx @param {number} dy  in pixels */
  #pan(dx, dy) {
    const rise = Math.max(0.2, Math.sin(this.#elevation));
    this.#target.addScaledVector(this.#right, -dx / this.#scale);
    this.#target.x -= (Math.sin(this.#yaw) * dy) / this.#scale / rise;
    this.#target.y += (Math.cos(this.#yaw) * dy) / this.#scale / rise;
    this.#dirty = true;
  }

  /** @param {number} dx @param {number} dy  in pixels */
  #orbit(dx, dy) {
    this.#yaw -= dx * 0.006;
    const raised = this.#elevation + dy * 0.006;
    this.#elevation = Math.min(ELEVATIONS[1], Math.max(ELEVATIONS[0], raised));
    this.#dirty = true;
  }

  /** @param {number} factor */
  #zoom(factor) {
    this.#scale *= factor;
    this.#dirty = true;
  }

  dispose() {
    this.clear();
    this.#abort.abort();
  }
}
