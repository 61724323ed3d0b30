/** The robots in three dimensions, drawn by three.js on WebGL 2. */

import * as THREE from 'three';
import { breathe } from '../../dom.js';
import { themeColor } from '../../theme.js';
import { Budget } from './budget.js';
import { CameraRig } from './camera.js';
import { Choice } from './choice.js';
import { FrameTimer } from './frametimer.js';
import { Ground } from './ground.js';
import { layOut } from './layout.js';
import { SUN } from './materials.js';
import { pick } from './pick.js';
import { Poses } from './poses.js';
import { Robots } from './robots.js';

/** @typedef {import('../../../sim/websim.js').WebSim} WebSim */

/** The arrow above the best robot: its height and width, and its place, in multiples of the robot's size. */
const ARROW = { height: 0.36, width: 0.13, above: 0.9 };

/** Time between two choices of the robots to draw while the camera rests, in ms. */
const CHOICE_INTERVAL = 250;

/** After its last movement the user's hand is taken to be on the camera for so long, in ms. */
const HANDS_ON = 600;

/**
 * Where not all robots are drawn: those around this point of the way from what is looked at to the
 * camera. At 0 the foreground would be empty, at 1 the background.
 */
const FOREGROUND = 0.2;

const SHADOW_MAP = 2048;

/** Without a GPU, what has not moved for so long is drawn once more with all pixels, in ms. */
const STILL = 300;

/** In the overview of the world robots count that are within so many standard deviations of the centroid. */
const OUTLIERS = 3;

/** Without a GPU, robots that are smaller than so many CSS pixels where the camera looks are mere lines. */
const SMALL = 40;

/** A floor that is further below the robots, in multiples of their size, is left out of the overview. */
const FLOOR_IN_VIEW = 4;

export class View3D {
  /** @type {Robots[]} */
  #groups = [];
  /** @type {Choice|null} */
  #choice = null;
  #chosen = -Infinity;
  /** @type {WebSim|null} */
  #sim = null;
  /** The simulation that is being prepared or shown: another one may be wanted meanwhile. @type {WebSim|null} */
  #wanted = null;
  #last = 0;
  #dirty = true;
  /** When something was last seen to move, and whether what stands still has been drawn with all pixels. */
  #moved = 0;
  #sharp = false;
  #place = new THREE.Vector3();
  #centre = new THREE.Vector3();

  /**
   * @param {HTMLCanvasElement} canvas
   * @throws {Error} when there is no WebGL 2
   */
  constructor(canvas) {
    const wanted = { powerPreference: /** @type {const} */ ('high-performance'), alpha: false };
    // Smooth edges are for a GPU: the first call gives nothing where there is none.
    const gl = canvas.getContext('webgl2', { ...wanted, antialias: true, failIfMajorPerformanceCaveat: true })
      ?? canvas.getContext('webgl2', { ...wanted, antialias: false });
    if (!gl) throw new Error('This browser offers no WebGL 2.');
    this.budget = new Budget({ software: isSoftware(gl), robots: 0, spareCores: 0, screenRatio: 1 });
    this.canvas = canvas;
    this.renderer = new THREE.WebGLRenderer({ canvas, context: gl });
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    this.rig = new CameraRig(canvas, !this.software);
    this.scene = new THREE.Scene();
    this.scene.fog = new THREE.Fog(0, 1, 2);
    this.sky = new THREE.HemisphereLight(0xffffff, 0x8090a0, 1.4);
    this.sky.position.set(0, 0, 1);
    this.sun = new THREE.DirectionalLight(0xffffff, 2.2);
    this.sun.shadow.mapSize.setScalar(SHADOW_MAP);
    this.sun.shadow.bias = -0.0005;
    this.sun.shadow.normalBias = 0.02;
    this.ring = new THREE.Mesh(
      new THREE.RingGeometry(0.96, 1, 64), new THREE.MeshBasicMaterial({ transparent: true, opacity: 0.9 }),
    );
    this.ring.visible = false;
    this.arrow = new THREE.Mesh(
      new THREE.ConeGeometry(ARROW.width, ARROW.height, 24).rotateX(-Math.PI / 2), new THREE.MeshBasicMaterial(),
    );
    this.arrow.visible = false;
    this.scene.add(this.sky, this.sun, this.sun.target, this.ring, this.arrow);
    this.timer = new FrameTimer(gl, (cost) => {
      if (this.budget.note(cost)) this.#dirty = true;
    });
    /** @type {number|null} */
    this.followed = null;
    /** Environment with the arrow. @type {number|null} */
    this.marked = null;
    /** @type {number|'auto'} */
    this.limit = 'auto';
    /** @type {import('./camera.js').Insets} */
    this.insets = { left: 0, right: 0, top: 0, bottom: 0 };
    this.applyTheme();
  }

  /** Whether there is no GPU, as far as is known. */
  get software() {
    return this.budget.software;
  }

  /**
   * Shows another simulation.
   *
   * @param {WebSim} sim
   */
  async show(sim) {
    this.clear();
    this.#wanted = sim;
    const poses = sim.groups.map(({ scene, numEnvs }) => new Poses(scene.nbody, numEnvs, scene.trackBody));
    poses.forEach((of, g) => of.take(sim.poseShards(g)));
    const layout = layOut(sim.groups, poses);
    this.budget = new Budget({
      software: this.software,
      robots: sim.numEnvs,
      spareCores: navigator.hardwareConcurrency - sim.numWorkers,
      screenRatio: devicePixelRatio,
    });
    this.layout = layout;
    this.rig.setField(layout);
    this.ground = new Ground(niceSquare(layout.spacing), 2 * this.rig.camera.far, this.software);
    this.scene.add(this.ground.mesh);
    for (const [g, group] of sim.groups.entries()) {
      const robots = new Robots(group, poses[g], layout.plots[g], this.ground, this.software);
      robots.hold(this.#overview === 'cells');
      poses[g].take(sim.poseShards(g));
      this.#groups.push(robots);
      this.scene.add(robots.root);
      await breathe();
      if (this.#wanted !== sim) return;
    }
    this.#choice = new Choice(this.#groups);
    this.resize();
    this.applyTheme();
    this.home(false);
    this.rig.update(performance.now(), 0);
    this.#light();
    await this.renderer.compileAsync(this.scene, this.rig.camera);
    if (this.#wanted !== sim) return;
    this.#sim = sim;
    this.#dirty = true;
  }

  clear() {
    this.#wanted = null;
    this.#sim = null;
    this.followed = null;
    this.marked = null;
    this.#tints = '';
    this.ring.visible = this.arrow.visible = false;
    for (const robots of this.#groups) {
      this.scene.remove(robots.root);
      robots.dispose();
    }
    this.#groups = [];
    if (this.ground) {
      this.scene.remove(this.ground.mesh);
      this.ground.dispose();
    }
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setPixelRatio(this.#pixelRatio);
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.rig.resize(clientWidth, clientHeight, this.insets);
    // A canvas that changes its size is black until something is drawn.
    if (this.#sim) this.renderer.render(this.scene, this.rig.camera);
    else this.renderer.clear();
    this.#dirty = true;
  }

  get #pixelRatio() {
    return this.#sharp ? this.budget.screenRatio : this.budget.pixelRatio;
  }

  applyTheme() {
    const background = new THREE.Color(themeColor('--field'));
    this.scene.background = background;
    this.renderer.setClearColor(background);
    if (!this.#sim) this.renderer.clear();
    /** @type {THREE.Fog} */ (this.scene.fog).color.copy(background);
    this.ground?.setColors(themeColor('--floor-one'), themeColor('--floor-other'));
    this.ring.material.color.set(themeColor('--accent'));
    this.arrow.material.color.set(themeColor('--accent'));
    this.#dirty = true;
  }

  /** @param {number|null} index  of the environment, or null for the overview */
  follow(index) {
    if (index === this.followed) return;
    this.followed = index;
    this.ring.visible = index !== null;
    this.#dirty = true;
    if (index === null) {
      this.home();
      return;
    }
    const { robots, env } = this.#find(index);
    this.ring.scale.setScalar(0.75 * robots.plot.size);
    this.rig.follow((out) => robots.place(env, out), robots.plot.size, true);
  }

  /** Puts the arrow above a robot. @param {number|null} index  of the environment, or null: no arrow */
  mark(index) {
    if (index === this.marked || !this.#sim) return;
    this.marked = index;
    this.arrow.visible = index !== null;
    this.#dirty = true;
  }

  #tints = '';

  /**
   * Tints parts of the robots.
   *
   * @param {{first: number, count: number, color: string}[]} parts  with names of colours of the stylesheet
   */
  tint(parts) {
    const colored = parts.map((part) => ({ ...part, color: themeColor(part.color) }));
    const tints = JSON.stringify(colored);
    if (tints === this.#tints || !this.#sim) return;
    this.#tints = tints;
    for (const robots of this.#groups) robots.tint(colored);
    this.#dirty = true;
  }

  /** Shows all robots. @param {boolean} [fly] */
  home(fly = true) {
    if (!this.#groups.length) return;
    // Robots that travel over the world are accompanied.
    const together = this.overview === 'world' && this.#groups.some(({ travels }) => travels);
    this.rig.overview(this.#field(), together ? (out) => this.#centroid(out) : null, fly);
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
    this.#groups.forEach((robots, g) => {
      robots.hold(overview === 'cells');
      if (this.#sim) robots.poses.take(this.#sim.poseShards(g));
    });
    if (this.followed === null) this.home(false);
    this.#dirty = true;
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
   * The environment whose robot is at a place of the canvas, or null.
   *
   * @param {number} x @param {number} y  in CSS pixels
   */
  pick(x, y) {
    const { clientWidth, clientHeight } = this.canvas;
    const pointer = new THREE.Vector2((2 * x) / clientWidth - 1, 1 - (2 * y) / clientHeight);
    return pick(this.#groups, pointer, this.rig.camera);
  }

  /** Robots in a row of the followed one's grid. @param {number} index */
  columns(index) {
    return this.#find(index).robots.plot.columns;
  }

  /** What is drawn, for the panel. */
  get status() {
    const choice = this.#choice;
    return {
      full: choice?.full ?? 0,
      inView: choice?.inView ?? 0,
      total: choice?.total ?? 0,
      reason: this.limit !== 'auto' ? 'as set' : this.software ? 'software renderer' : 'frames were slow',
      cost: this.budget.cost,
    };
  }

  /** Time to leave between frames, in ms. @param {number} now */
  interval(now) {
    return this.budget.interval(now - this.rig.touched < HANDS_ON);
  }

  /**
   * Draws if there is anything new to be seen.
   *
   * @param {number} now  in ms
   * @returns {boolean}  whether a frame was drawn
   */
  draw(now) {
    // A GPU may lag a frame behind; without one, frames that queue up would take physics' time.
    if (!this.#sim || (this.software && this.timer.busy)) return false;
    this.timer.begin();
    let moved = false;
    for (const [g, { poses }] of this.#groups.entries()) {
      if (poses.take(this.#sim.poseShards(g))) moved = true;
      if (poses.advance(now)) moved = true;
    }
    const turned = this.rig.update(now, now - this.#last);
    this.#last = now;
    if (moved || turned) this.#moved = now;
    const still = now - this.#moved > STILL;
    if (!moved && !turned && !this.#dirty && this.#sharp === still) return false;
    this.#sharp = still;
    if (this.renderer.getPixelRatio() !== this.#pixelRatio) this.resize();
    if (turned || this.#dirty || now - this.#chosen > CHOICE_INTERVAL) this.#choose(now);
    if (turned || this.#dirty) this.#light();
    if (this.followed !== null) this.#markFollowed(this.followed);
    if (this.marked !== null) this.#placeArrow(this.marked);
    this.#dirty = false;
    this.renderer.render(this.scene, this.rig.camera);
    this.timer.end();
    return true;
  }

  /** @param {number} now */
  #choose(now) {
    this.#chosen = now;
    const { camera, controls: { target } } = this.rig;
    const pixel = (2 * Math.tan(THREE.MathUtils.degToRad(camera.fov / 2))) / this.canvas.clientHeight;
    const size = Math.max(...this.#groups.map(({ plot }) => plot.size));
    const small = this.software && size < SMALL * pixel * camera.position.distanceTo(target);
    const limit = this.limit !== 'auto' ? this.limit : small ? 0 : this.budget.robots;
    this.#centre.lerpVectors(target, camera.position, FOREGROUND);
    this.#choice?.update(camera, this.#centre, limit, [this.followed, this.marked]);
    for (const robots of this.#groups) {
      robots.pixel.value = pixel;
      robots.simplify(small);
      robots.blobs.visible = !small && !this.budget.shadows;
    }
  }

  /** Brings sun, shadows and fog to where the camera looks. */
  #light() {
    const { camera, controls: { target } } = this.rig;
    const { spacing = 1, bounds } = this.layout ?? {};
    const distance = camera.position.distanceTo(target);
    const { sun } = this;
    const { shadows } = this.budget;
    if (this.renderer.shadowMap.enabled !== shadows) {
      this.renderer.shadowMap.enabled = shadows;
      sun.castShadow = shadows;
      this.scene.traverse((object) => {
        if (object instanceof THREE.Mesh) object.material.needsUpdate = true;
      });
    }
    const reach = Math.max(1.1 * distance, 2 * spacing);
    sun.target.position.copy(target).setZ(0);
    sun.position.copy(SUN).multiplyScalar(2 * reach).add(sun.target.position);
    const box = sun.shadow.camera;
    box.left = box.bottom = -reach;
    box.right = box.top = reach;
    box.near = 0.1 * reach;
    box.far = 4 * reach;
    box.updateProjectionMatrix();
    const field = bounds ? bounds.getSize(this.#size).length() : 0;
    const fog = /** @type {THREE.Fog} */ (this.scene.fog);
    fog.near = distance + 0.3 * field + 4 * spacing;
    fog.far = 2.5 * distance + 1.5 * field + 24 * spacing;
  }

  #size = new THREE.Vector2();

  /** @param {number} index */
  #markFollowed(index) {
    const { robots, env } = this.#find(index);
    robots.place(env, this.#place);
    this.ring.position.set(this.#place.x, this.#place.y, 0.004 * robots.plot.size);
  }

  /** @param {number} index */
  #placeArrow(index) {
    const { robots, env } = this.#find(index);
    const { size } = robots.plot;
    robots.place(env, this.#place);
    this.arrow.scale.setScalar(size);
    this.arrow.position.copy(this.#place);
    this.arrow.position.z += ARROW.above * size;
  }

  /** @param {number} index  of the environment */
  #find(index) {
    const robots = this.#groups.find(({ group }) => index < group.offset + group.numEnvs)
      ?? this.#groups[0];
    return { robots, env: index - robots.group.offset };
  }

  dispose() {
    this.clear();
    this.rig.dispose();
    this.renderer.dispose();
  }
}

/** A square of the floor that suits the robots: 1, 2 or 5 times a power of ten metres. */
function niceSquare(/** @type {number} */ spacing) {
  const power = 10 ** Math.floor(Math.log10(spacing / 2));
  return [5, 2, 1].map((digit) => digit * power).find((side) => side <= spacing / 2) ?? power;
}

/** Whether WebGL runs on the processor. @param {WebGL2RenderingContext} gl */
function isSoftware(gl) {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
