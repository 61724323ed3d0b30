/**
 * Pulling robots with the pointer: Control and a drag, or a drag while the mode is on, takes hold of the body
 * that it begins on; the camera stands still meanwhile. What pulls is MuJoCo's spring in the worker; while nothing
 * moves, a robot that floats goes with the pointer as a whole. So it is in MuJoCo's viewer.
 */

import * as THREE from 'three';

/**
 * @typedef {import('./grip.js').Grip} Grip
 * @typedef {import('../../../sim/websim.js').WebSim} WebSim
 * @typedef {import('../../../sim/websim.js').Group} Group
 * @typedef {{first: number, count: number}} Range  of environments
 *
 * @typedef {object} Held
 * @property {Grip} grip
 * @property {number} pointer
 * @property {number} x  of the pointer, in CSS pixels
 * @property {number} y
 * @property {THREE.Vector3} began   where the point was, in its world
 * @property {THREE.Vector3} target  where it is pulled to; it stays there while the robot and the camera that
 *   follows it go on, as in MuJoCo's viewer, and moves as the pointer does
 * @property {Range[]|null} ranges  that are pulled; null: it alone
 * @property {THREE.Vector3} moved  by how much they have been moved at once
 * @property {boolean} fixed    it cannot be moved at once
 * @property {boolean} pulled   a spring has hold of it
 */

/** A target is told at most so often, in ms; another one is waited for until the last was heard of. */
const INTERVAL = 30;

/** A target that has moved by less, in metres, is the same. */
const SAME = 1e-3;

export class Pull {
  /** @type {Held|null} */
  #held = null;
  #told = new THREE.Vector3();
  #lastTold = 0;
  #waiting = false;

  /**
   * @param {HTMLElement} element  that the robots are drawn in
   * @param {object} host
   * @param {import('../view.js').View} host.view
   * @param {() => boolean} host.mode  whether a drag pulls without Control
   * @param {(grip: Grip, all: boolean) => Range[]|null|undefined} host.reach  those that are pulled besides the
   *   one that is held; null: it alone; undefined: it may not be
   * @param {(group: Group) => boolean} host.moves  whether robots of a group are simulated now
   * @param {(message: string) => void} host.tell
   * @param {(error: Error) => void} host.report
   */
  constructor(element, host) {
    this.element = element;
    this.host = host;
    const namespace = 'http://www.w3.org/2000/svg';
    /** From the body to the pointer. */
    this.line = document.createElementNS(namespace, 'svg');
    this.line.setAttribute('class', 'pull-line');
    this.line.setAttribute('aria-hidden', 'true');
    this.stroke = document.createElementNS(namespace, 'line');
    this.line.append(this.stroke);
    this.line.style.display = 'none';
    // Before the camera's own listeners, which are on the same element.
    element.addEventListener('pointerdown', (event) => this.#begin(event), { capture: true });
    element.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      element.addEventListener(end, ({ pointerId }) => {
        if (pointerId === this.#held?.pointer) this.end();
      });
    }
    element.addEventListener('contextmenu', (event) => {
      if (event.ctrlKey) event.preventDefault(); // on a Mac Control makes a click the second button's
    });
  }

  /** Lets go. */
  end() {
    const held = this.#held;
    if (!held) return;
    this.#held = null;
    this.line.style.display = 'none';
    this.host.view.rig.controls.enabled = true;
    if (!held.pulled) return;
    for (const where of held.ranges ?? [held.grip.index]) {
      held.grip.sim.release(where).catch((error) => this.#fail(error));
    }
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    const wanted = event.ctrlKey || event.metaKey || this.host.mode();
    if (!wanted || this.#held || !event.isPrimary) return;
    const view = this.host.view;
    const grip = view.seize(event.offsetX, event.offsetY);
    if (!grip) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const ranges = this.host.reach(grip, event.shiftKey);
    const began = grip.real(new THREE.Vector3());
    if (ranges === undefined || !began) return;
    view.rig.controls.enabled = false;
    this.element.setPointerCapture(event.pointerId);
    this.#held = {
      grip, pointer: event.pointerId, x: event.offsetX, y: event.offsetY, began, target: began.clone(), ranges,
      moved: new THREE.Vector3(), fixed: false, pulled: false,
    };
    // A spring holds at once; what is moved stays until the pointer moves.
    if (this.host.moves(grip.group)) this.#told.set(NaN, NaN, NaN);
    else this.#told.copy(began);
    const { clientWidth, clientHeight } = this.element;
    this.line.setAttribute('width', String(clientWidth));
    this.line.setAttribute('height', String(clientHeight));
    this.line.style.display = '';
    this.#follow();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const held = this.#held;
    if (event.pointerId !== held?.pointer) return;
    const [before, now] = [held, { x: event.offsetX, y: event.offsetY }].map((at) => this.#under(held, at));
    held.target.add(now.sub(before));
    held.x = event.offsetX;
    held.y = event.offsetY;
  }

  /** What is drawn at a place, as deep in the picture as the body. @param {Held} held @param {{x: number, y: number}} at */
  #under({ grip }, { x, y }) {
    const { camera } = this.host.view.rig;
    const { clientWidth, clientHeight } = this.element;
    const { z } = grip.drawn(new THREE.Vector3()).project(camera);
    return new THREE.Vector3((2 * x) / clientWidth - 1, 1 - (2 * y) / clientHeight, z).unproject(camera);
  }

  /** Draws the line and tells of the target, again and again. */
  #follow = () => {
    const held = this.#held;
    if (!held) return;
    const { grip, target } = held;
    const { camera } = this.host.view.rig;
    const { clientWidth: width, clientHeight: height } = this.element;
    const real = grip.real(new THREE.Vector3());
    const drawn = grip.drawn(new THREE.Vector3());
    const from = drawn.clone().project(camera);
    const to = drawn.add(target).sub(real ?? target).project(camera);
    for (const [name, value] of Object.entries({
      x1: ((from.x + 1) * width) / 2, y1: ((1 - from.y) * height) / 2, x2: ((to.x + 1) * width) / 2, y2: ((1 - to.y) * height) / 2,
    })) this.stroke.setAttribute(name, value.toFixed(1));
    const now = performance.now();
    const due = !this.#waiting && now - this.#lastTold >= INTERVAL;
    if (real && due && !(target.distanceTo(this.#told) < SAME)) {
      this.#lastTold = now;
      this.#told.copy(target);
      this.#tell(held);
    }
    requestAnimationFrame(this.#follow);
  };

  /** @param {Held} held */
  async #tell(held) {
    this.#waiting = true;
    try {
      if (held.fixed || this.host.moves(held.grip.group)) await this.#pull(held);
      else await this.#moveAtOnce(held);
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
      this.end();
    }
    this.#waiting = false;
  }

  /** @param {Held} held */
  async #pull(held) {
    held.pulled = true;
    await this.#act(held, 'pull');
  }

  /** @param {Held} held */
  async #moveAtOnce(held) {
    const by = this.#by(held);
    try {
      await this.#act(held, 'move');
      held.moved.add(by);
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'InvalidArgument') throw error;
      held.fixed = true;
      this.host.tell('This robot does not float: it is pulled when it goes on.');
      await this.#pull(held);
    }
  }

  /** How far all others are still to go: as far from where they were as this one. @param {Held} held */
  #by({ target, began, moved }) {
    return target.clone().sub(began).sub(moved);
  }

  /** @param {Held} held @param {'pull' | 'move'} how */
  #act(held, how) {
    const { grip: { sim, index, body, point: at }, ranges, target } = held;
    const point = at.toArray();
    const by = this.#by(held).toArray();
    return ranges
      ? Promise.all(ranges.map((range) => sim[how](range, body, by, { point, relative: true })))
      : sim[how](index, body, target.toArray(), { point });
  }

  /** @param {Error} error */
  #fail(error) {
    // A worker that is lost, or a simulation that goes, takes the pull with it.
    if (!['WorkerError', 'ClosedError'].includes(error.name)) this.host.report(error);
  }
}
