/**
 * Where the robots are shown: asks for frames as often as it is good for the simulation.
 */

import { h } from '../dom.js';
import { measure } from '../../sim/shared/stages.js';
import { flatPainter, paintingBy } from './painters.js';
import { View } from './view.js';

/**
 * @typedef {import('./view.js').Shown} Shown
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

/** Time between two pictures of a film at most, in ms. */
const FILM = 1000 / 25;

/** Samples a second, where memory is not shared: motion between them is interpolated. */
const MOST_SAMPLES = 30;

export class Stage {
  /** @type {Shown|null} */
  #sim = null;
  /** The simulation that is being prepared or shown. @type {Shown|null} */
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
  #closed = false;
  /** Whether something else lies over it, so that nothing need be drawn. */
  covered = false;
  /** Whether a film is made of it: then it is drawn often enough for one. */
  filming = false;

  /**
   * @param {import('../panel/options.js').Options['renderer']} renderer
   * @param {(now: number) => void} onTurn  as in the constructor
   */
  static async make(renderer, onTurn) {
    const stage = new Stage(await paintingBy(renderer), onTurn);
    stage.yielding = renderer === 'auto';
    return stage;
  }

  /**
   * @param {import('./painters.js').Painting} painting
   * @param {(now: number) => void} onTurn  called with each drawn frame, and now and then without one:
   *   the rest of the page changes along with the robots, which costs the compositor least
   */
  constructor({ painter, fallback }, onTurn) {
    this.onTurn = onTurn;
    this.element = h('div', {
      class: 'stage', tabindex: 0, role: 'img',
      'aria-label': 'The robots. Double click one to follow it; question mark lists the keys.',
    });
    /** Told while no robot is in view. */
    this.empty = h('p', { class: 'empty card', role: 'status', hidden: true },
      'No robot is in view. ', h('button', { onclick: () => this.view.home() }, 'Show all (H)'));
    /** Why the processor draws though a GPU was asked for, or empty. */
    this.fallback = fallback;
    this.view = new View(this.element, painter);
    /** Whether the processor may go on where the GPU is none. */
    this.yielding = false;
    this.resizes = new ResizeObserver(() => this.view.resize());
    this.resizes.observe(this.element);
    requestAnimationFrame(this.#tick);
  }

  /** Shows a simulation; one that is being shown, or is about to be, stays. @param {Shown} sim */
  show(sim) {
    if (sim !== this.#wanted) {
      this.#wanted = sim;
      this.#shown = this.#prepare(sim);
    }
    return this.#shown;
  }

  /** What is shown stands on other ground. @param {Shown} sim */
  showAgain(sim) {
    if (sim !== this.#wanted) return this.#shown;
    this.#sim = null; // nothing is drawn meanwhile
    this.#shown = this.#prepare(sim);
    return this.#shown;
  }

  /** @param {Shown} sim */
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

  /** Draws no more, and frees what that has taken. */
  close() {
    this.#closed = true;
    this.clear();
    this.resizes.disconnect();
    this.view.close();
  }

  /** @param {Pick<import('../panel/options.js').Options, 'overview'|'show'|'draw'|'fps'>} options */
  set({ overview, show, draw, fps }) {
    this.view.overview = overview;
    this.view.showParts(new Set(/** @type {import('./parts.js').Part[]} */ (show.split(',').filter(Boolean))));
    this.view.limit = draw;
    this.#fps = fps;
  }

  /**
   * Tells what covers the canvas, so that the robots come to the middle of the rest.
   *
   * @param {HTMLElement[]} covers
   */
  setCovers(covers) {
    const canvas = this.element.getBoundingClientRect();
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
    if (this.#closed) return;
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
    const asked = this.#fps === 'auto' ? this.view.interval(now) : 1000 / this.#fps;
    const interval = this.filming ? Math.min(FILM, asked) : asked;
    const early = this.#last + interval - now;
    if (early > REFRESH / 2) return early;
    if (!this.#sim) return IDLE;
    const drawn = !this.covered && this.view.draw(performance.now());
    const { inView, total } = this.view.status;
    this.empty.hidden = inView > 0 || total === 0;
    if (drawn || now - this.#turned > LONGEST_TURN) {
      this.onTurn(now);
      this.#turned = now;
    }
    if (!drawn) return this.view.software || this.covered ? IDLE : 0;
    if (this.yielding && this.view.painter.hopeless) this.#yield();
    this.#sim.countFrame();
    this.#noteMotion(this.#sim);
    this.#last = now;
    if (!this.#sim.isolated) this.#adaptSampling(this.#sim, interval);
    return interval;
  }

  /** WebGL turned out to be the processor's work: it is better at painting by itself. */
  async #yield() {
    this.yielding = false;
    const painter = await flatPainter();
    if (!this.#closed) await this.view.paintWith(painter);
  }

  /** The end of the start, as the user sees it. @param {Shown} sim */
  #noteMotion(sim) {
    // The first sample shows how the robots stand.
    if (this.#moving || !sim.poseShards(0).some(({ sequence }) => sequence > 1)) return;
    this.#moving = true;
    measure('motion on screen', 0);
  }

  /**
   * Where memory is not shared, samples cost time: no more of them come than are drawn.
   *
   * @param {Shown} sim @param {number} interval  ms between frames
   */
  #adaptSampling(sim, interval) {
    const rate = Math.min(MOST_SAMPLES, Math.max(1, Math.round(1000 / interval)));
    if (Math.abs(rate - this.#sampleRate) <= 0.25 * this.#sampleRate) return;
    this.#sampleRate = rate;
    sim.setSampleRate(rate);
  }
}
