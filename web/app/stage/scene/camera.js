/** The camera: orbit, pan and zoom by hand, an overview of the field, and following one robot. */

import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { fit } from './fit.js';

/** Vertical field of view, in degrees. */
const FIELD = 42;

/** Room around what the overview shows, in multiples of its size. */
const MARGIN = 1.12;

/** The overview leaves this part of the picture's height to the sky. */
const SKY = 0.12;

/** Directions from the target to the camera. */
const OVERVIEW = new THREE.Vector3(-0.16, -1, 0.38).normalize();
const CLOSE = new THREE.Vector3(-0.45, -1, 0.3).normalize();

/** Distance of the camera from a followed robot, in multiples of its size. */
const FOLLOW_DISTANCE = 3.4;

/** What covers more of the canvas than all but this part of it is looked past. */
const SMALLEST = 0.2;

/** Flight to another view, and how quickly the camera goes after a robot, in ms. */
const FLIGHT = 450;
const LAG = 120;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** @typedef {{left: number, right: number, top: number, bottom: number}} Insets  what of the canvas is covered, in pixels */

export class CameraRig {
  #flight = { start: 0, active: false, offset: new THREE.Vector3(), target: new THREE.Vector3() };
  #smooth = false;
  #goal = { offset: new THREE.Vector3(), target: new THREE.Vector3() };
  #step = new THREE.Vector3();
  /** Parts of the canvas, along its width and height, that nothing covers. */
  #free = [1, 1];
  /** @type {((out: THREE.Vector3) => THREE.Vector3)|null} */
  #leader = null;
  #beside = new THREE.Vector3();
  /** Whether the leader is one robot. */
  #following = false;
  #seen = new THREE.Vector3(NaN);
  #seenTarget = new THREE.Vector3(NaN);

  /**
   * @param {HTMLElement} element  takes the pointer
   * @param {boolean} smooth  flights and inertia; they need frames to be seen
   */
  constructor(element, smooth) {
    this.camera = new THREE.PerspectiveCamera(FIELD, 1, 0.05, 2000);
    this.camera.up.set(0, 0, 1);
    this.controls = new OrbitControls(this.camera, element);
    this.#smooth = smooth;
    this.controls.dampingFactor = 0.12;
    this.controls.zoomToCursor = true;
    this.controls.maxPolarAngle = Math.PI / 2 - 0.02;
    /** Whether the user has left the overview as it was. */
    this.untouched = true;
    /** When the user last moved the camera, in ms. */
    this.touched = -Infinity;
    const touch = () => { this.touched = performance.now(); };
    for (const event of /** @type {const} */ (['start', 'change', 'end'])) {
      this.controls.addEventListener(event, touch);
    }
    this.controls.addEventListener('start', () => {
      this.#flight.active = false;
      this.untouched = false;
    });
  }

  /** @param {boolean} smooth  flights and inertia; they need frames to be seen */
  setSmooth(smooth) {
    this.#smooth = smooth;
  }

  /** Whether it flies: not for who asks for less motion, from then on. */
  get smooth() {
    return this.#smooth && !reducedMotion.matches;
  }

  /** @param {import('./layout.js').Layout} layout */
  setField({ bounds, spacing, plots }) {
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
    this.#free = [
      Math.max(SMALLEST, 1 - (left + right) / width), Math.max(SMALLEST, 1 - (top + bottom) / height),
    ];
    // What is looked at goes to the middle of what is not covered.
    this.camera.setViewOffset(width, height, (right - left) / 2, (bottom - top) / 2, width, height);
  }

  /**
   * Shows all of a box from its front.
   *
   * @param {THREE.Box3} box
   * @param {((out: THREE.Vector3) => THREE.Vector3)|null} leader  goes along with it, if it moves
   * @param {boolean} fly
   */
  overview(box, leader, fly) {
    const angle = Math.tan(THREE.MathUtils.degToRad(FIELD / 2));
    const [width, height] = this.#free;
    const { target, distance } = fit(box, OVERVIEW, angle * this.camera.aspect * width, angle * height * (1 - SKY));
    this.#goal.offset.copy(OVERVIEW).multiplyScalar(distance * MARGIN);
    this.#goal.target.copy(target);
    this.#goal.target.z += (SKY * angle * distance) / Math.hypot(OVERVIEW.x, OVERVIEW.y);
    this.#following = false;
    this.untouched = true;
    this.#lead(leader);
    this.#go(fly);
  }

  /** What is looked at stays at its place beside the leader. @param {((out: THREE.Vector3) => THREE.Vector3)|null} leader */
  #lead(leader) {
    this.#leader = leader;
    if (leader) this.#beside.copy(this.#goal.target).sub(leader(this.#step));
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
    const keep = this.#following;
    this.#following = true;
    leader(this.#goal.target);
    this.#lead(leader);
    const width = Math.min(1, 1.4 * this.camera.aspect);
    if (keep) this.#goal.offset.subVectors(this.camera.position, this.controls.target);
    else this.#goal.offset.copy(CLOSE).multiplyScalar((FOLLOW_DISTANCE * size) / width);
    this.#go(fly);
  }

  /** @param {boolean} fly */
  #go(fly) {
    this.controls.zoomToCursor = !this.#following;
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
    if (this.#leader) this.#leader(this.#goal.target).add(this.#beside);
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
    controls.enableDamping = this.smooth;
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
