/**
 * The canvas: picks the view that the browser can show, and asks it for frames as often as it is
 * good for the simulation.
 */

import { h } from '../dom.js';
import { measure } from '../../sim/shared/stages.js';
import { View2D } from './flat/view2d.js';
import { View3D } from './scene/view3d.js';

/**
 * @typedef {import('../../sim/websim.js').WebSim} WebSim
 * @typedef {View2D|View3D} View
 *
 * @typedef {object} Status  what is drawn
 * @property {number} full    robots in full
 * @property {number} inView  robots in view; those that are not drawn in full are simple figures
 * @property {number} total
 * @property {string} reason  why not all of them are drawn in full
 */

/** Waits shorter than this are left to the screen's refresh. */
const REFRESH = 20;

/** How often a view that stands still is asked again, in ms. */
const IDLE = 60;

/** While nothing is drawn the rest of the page changes at this interval, in ms. */
const LONGEST_TURN = 500;

/** Samples a second, where memory is not shared: motion between them is interpolated. */
const MOST_SAMPLES = 30;

export class Stage {
  /** @type {WebSim|null} */
  #sim = null;
  /** The simulation that is being prepared or shown. @type {WebSim|null} */
  #wanted = null;
  /** Done when that is shown. @type {Promise<void>} */
  #shown = Promise.resolve();
  #last = 0;
  #turned = 0;
  #sampleRate = 0;
  /** Whether robots have been seen to move. */
  #moving = false;
  /** @type {number|'auto'} */
  #fps = 'auto';

  /**
   * @param {'auto'|'2d'} renderer
   * @param {(now: number) => void} onTurn  called with each drawn frame, and now and then without one:
   *   the rest of the page changes along with the robots, which costs the compositor least
   */
  constructor(renderer, onTurn) {
    this.onTurn = onTurn;
    this.canvas = newCanvas();
    /** Told while no robot is in view. */
    this.empty = h('p', { class: 'empty card', role: 'status', hidden: true },
      'No robot is in view. ', h('button', { onclick: () => this.view.home() }, 'Show all (H)'));
    /** Why there is no 3D view, or empty. */
    this.fallback = '';
    /** @type {View} */
    this.view = this.#makeView(renderer);
    new ResizeObserver(() => this.view.resize()).observe(this.canvas);
    requestAnimationFrame(this.#tick);
  }

  /** @param {'auto'|'2d'} renderer @returns {View} */
  #makeView(renderer) {
    if (renderer !== '2d') {
      try {
        return new View3D(this.canvas);
      } catch (error) {
        this.fallback = `The robots are shown in 2D: ${/** @type {Error} */ (error).message}`;
        // A canvas that was asked for WebGL gives no 2D context.
        this.canvas = newCanvas();
      }
    }
    return new View2D(this.canvas);
  }

  /** Shows a simulation; one that is being shown, or is about to be, stays. @param {WebSim} sim */
  show(sim) {
    if (sim !== this.#wanted) {
      this.#wanted = sim;
      this.#shown = this.#prepare(sim);
    }
    return this.#shown;
  }

  /** @param {WebSim} sim */
  async #prepare(sim) {
    this.#sampleRate = 0;
    await this.view.show(sim);
    if (this.#wanted === sim) this.#sim = sim;
  }

  clear() {
    this.#wanted = null;
    this.#sim = null;
    this.empty.hidden = true;
    this.view.clear();
  }

  /** @param {{overview: 'cells'|'world', draw: number|'auto', fps: number|'auto'}} options */
  set({ overview, draw, fps }) {
    this.view.overview = overview;
    this.view.limit = draw;
    this.#fps = fps;
  }

  /**
   * Tells what covers the canvas, so that the robots come to the middle of the rest.
   *
   * @param {HTMLElement[]} covers
   */
  setCovers(covers) {
    const canvas = this.canvas.getBoundingClientRect();
    const insets = { left: 0, right: 0, top: 0, bottom: 0 };
    for (const box of covers.map((cover) => cover.getBoundingClientRect())) {
      const beside = box.left >= canvas.right;
      if (!box.width || beside) continue;
      if (box.width > canvas.width / 2) {
        if (box.top > canvas.height / 3) insets.bottom = canvas.bottom - box.top;
        else if (box.bottom < canvas.bottom) insets.top = box.bottom;
      } else if (box.width < canvas.width / 2) {
        insets.left = box.right;
      }
    }
    this.view.insets = insets;
    this.view.resize();
  }

  /** @param {number} now  in ms */
  #tick = (now) => {
    let wait = IDLE;
    try {
      wait = this.#draw(now);
    } finally {
      // One frame that failed is told on the console; the next one may be fine.
      if (wait < REFRESH) requestAnimationFrame(this.#tick);
      else setTimeout(() => requestAnimationFrame(this.#tick), wait - REFRESH / 2);
    }
  };

  /**
   * @param {number} now
   * @returns {number}  ms until the next frame
   */
  #draw(now) {
    const interval = this.#fps === 'auto' ? this.view.interval(now) : 1000 / this.#fps;
    const early = this.#last + interval - now;
    if (early > REFRESH / 2) return early;
    if (!this.#sim) return IDLE;
    const drawn = this.view.draw(performance.now());
    const { inView, total } = this.view.status;
    this.empty.hidden = inView > 0 || total === 0;
    if (drawn || now - this.#turned > LONGEST_TURN) {
      this.onTurn(now);
      this.#turned = now;
    }
    if (!drawn) return this.view.software ? IDLE : 0;
    this.#sim.countFrame();
    this.#noteMotion(this.#sim);
    this.#last = now;
    if (!this.#sim.isolated) this.#adaptSampling(this.#sim, interval);
    return interval;
  }

  /** The end of the start, as the user sees it. @param {WebSim} sim */
  #noteMotion(sim) {
    // The first sample shows how the robots stand.
    if (this.#moving || !sim.poseShards(0).some(({ sequence }) => sequence > 1)) return;
    this.#moving = true;
    measure('motion on screen', 0);
  }

  /**
   * Where memory is not shared, samples cost time: no more of them come than are drawn.
   *
   * @param {WebSim} sim @param {number} interval  ms between frames
   */
  #adaptSampling(sim, interval) {
    const rate = Math.min(MOST_SAMPLES, Math.max(1, Math.round(1000 / interval)));
    if (Math.abs(rate - this.#sampleRate) <= 0.25 * this.#sampleRate) return;
    this.#sampleRate = rate;
    sim.setSampleRate(rate);
  }
}

function newCanvas() {
  return h('canvas', {
    class: 'stage', tabindex: 0, role: 'img',
    'aria-label': 'The robots. Double click one to follow it; question mark lists the keys.',
  });
}
