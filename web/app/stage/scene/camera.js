/** The camera: orbit, pan and zoom by hand, an overview of the field, and following one robot. */

import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';

/** Vertical field of view, in degrees. */
const FIELD = 42;

/** Of a large field, the overview shows so many robots up close, counted along its front. */
const FRONT = { most: 9, fewest: 4 };

/** Directions from the target to the camera. */
const OVERVIEW = new THREE.Vector3(-0.3, -1, 0.8).normalize();
const CLOSE = new THREE.Vector3(-0.45, -1, 0.4).normalize();

/** Distance of the camera from a followed robot, in multiples of its size. */
const FOLLOW_DISTANCE = 3.4;

/** Flight to another view, and how quickly the camera goes after a robot, in ms. */
const FLIGHT = 450;
const LAG = 120;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** @typedef {{left: number, right: number, top: number, bottom: number}} Insets  what of the canvas is covered, in pixels */

export class CameraRig {
  #flight = { start: 0, active: false, offset: new THREE.Vector3(), target: new THREE.Vector3() };
  #goal = { offset: new THREE.Vector3(), target: new THREE.Vector3() };
  #step = new THREE.Vector3();
  /** @type {((out: THREE.Vector3) => THREE.Vector3)|null} */
  #leader = null;
  #seen = new THREE.Vector3(NaN);
  #seenTarget = new THREE.Vector3(NaN);

  /**
   * @param {HTMLElement} element  takes the pointer
   * @param {boolean} smooth  flights and inertia; they need frames to be seen
   */
  constructor(element, smooth) {
    this.smooth = smooth && !reducedMotion.matches;
    this.camera = new THREE.PerspectiveCamera(FIELD, 1, 0.05, 2000);
    this.camera.up.set(0, 0, 1);
    this.controls = new OrbitControls(this.camera, element);
    this.controls.enableDamping = this.smooth;
    this.controls.dampingFactor = 0.12;
    this.controls.zoomToCursor = true;
    this.controls.maxPolarAngle = Math.PI / 2 - 0.02;
    /** When the user last moved the camera, in ms. */
    this.touched = -Infinity;
    const touch = () => { this.touched = performance.now(); };
    for (const event of /** @type {const} */ (['start', 'change', 'end'])) {
      this.controls.addEventListener(event, touch);
    }
    this.controls.addEventListener('start', () => { this.#flight.active = false; });
  }

  /** @param {import('./layout.js').Layout} layout */
  setField({ bounds, spacing, plots }) {
    this.bounds = bounds;
    this.spacing = spacing;
    this.height = Math.max(...plots.map(({ centre, lift }) => centre.z + lift));
    const size = Math.min(...plots.map((plot) => plot.size));
    this.controls.minDistance = 0.5 * size;
    this.controls.maxDistance = 4 * bounds.getSize(new THREE.Vector2()).length() + 20 * spacing;
    this.camera.near = 0.02 * size;
    this.camera.far = 3 * this.controls.maxDistance;
    this.camera.updateProjectionMatrix();
  }

  /**
   * @param {number} width @param {number} height  of the canvas
   * @param {Insets} insets
   */
  resize(width, height, { left, right, top, bottom }) {
    this.camera.aspect = width / height;
    // What is looked at goes to the middle of what is not covered.
    this.camera.setViewOffset(width, height, (right - left) / 2, (bottom - top) / 2, width, height);
  }

  /** Shows the field from its front. @param {boolean} [fly] */
  overview(fly = true) {
    const { bounds, spacing = 1, height = 0 } = this;
    if (!bounds) return;
    this.#leader = null;
    const half = Math.min(
      Math.max(bounds.max.x - bounds.min.x, bounds.max.y - bounds.min.y) / 2 + spacing / 2,
      (Math.max(FRONT.fewest, FRONT.most * Math.min(1, this.camera.aspect)) * spacing) / 2,
    );
    const inFront = Math.max(0, (bounds.max.y - bounds.min.y) / 2 + spacing / 2 - half);
    this.#goal.target.set(0, -inFront, height * 0.8);
    const angle = THREE.MathUtils.degToRad(FIELD / 2);
    const distance = half / Math.tan(angle) / Math.min(1, this.camera.aspect);
    this.#goal.offset.copy(OVERVIEW).multiplyScalar(distance);
    this.#go(fly);
  }

  /**
   * Goes to a robot and stays with it.
   *
   * @param {(out: THREE.Vector3) => THREE.Vector3} leader  writes where the robot is
   * @param {number} size  of the robot
   * @param {boolean} fly
   */
  follow(leader, size, fly) {
    // From one robot to the next the view stays as the user turned it.
    const keep = this.#leader !== null;
    this.#leader = leader;
    leader(this.#goal.target);
    const width = Math.min(1, 1.4 * this.camera.aspect);
    if (keep) this.#goal.offset.subVectors(this.camera.position, this.controls.target);
    else this.#goal.offset.copy(CLOSE).multiplyScalar((FOLLOW_DISTANCE * size) / width);
    this.#go(fly);
  }

  /** @param {boolean} fly */
  #go(fly) {
    this.controls.zoomToCursor = this.#leader === null;
    this.#flight.active = fly && this.smooth;
    this.#flight.start = performance.now();
    this.#flight.target.copy(this.controls.target);
    this.#flight.offset.subVectors(this.camera.position, this.controls.target);
    if (this.#flight.active) return;
    this.controls.target.copy(this.#goal.target);
    this.camera.position.addVectors(this.#goal.target, this.#goal.offset);
  }

  /**
   * @param {number} now @param {number} elapsed  since the last update, in ms
   * @returns {boolean}  whether the view changed
   */
  update(now, elapsed) {
    const { camera, controls } = this;
    if (this.#leader) this.#leader(this.#goal.target);
    if (this.#flight.active) {
      const part = Math.min(1, (now - this.#flight.start) / FLIGHT);
      const eased = part * part * (3 - 2 * part);
      controls.target.lerpVectors(this.#flight.target, this.#goal.target, eased);
      camera.position.lerpVectors(this.#flight.offset, this.#goal.offset, eased).add(controls.target);
      this.#flight.active = part < 1;
    } else if (this.#leader) {
      const part = this.smooth ? 1 - Math.exp(-elapsed / LAG) : 1;
      this.#step.subVectors(this.#goal.target, controls.target).multiplyScalar(part);
      controls.target.add(this.#step);
      camera.position.add(this.#step);
    }
    controls.update();
    camera.updateMatrixWorld();
    const still = this.#seen.distanceToSquared(camera.position) < 1e-10
      && this.#seenTarget.distanceToSquared(controls.target) < 1e-10;
    if (still) return false;
    this.#seen.copy(camera.position);
    this.#seenTarget.copy(controls.target);
    return true;
  }

  dispose() {
    this.controls.dispose();
  }
}
