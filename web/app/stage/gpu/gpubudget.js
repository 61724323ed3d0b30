/**
 * How much a GPU is given to draw: everything at the screen's rate. When frames take long there is less:
 * first the far robots take their cheap form, before frames are lost; then there are no shadows any more,
 * then fewer pixels.
 */

/** Frames that take longer than this are about to miss refreshes of an ordinary screen, in ms. */
const TIGHT = 14;

/** A frame that takes longer than this misses every other one. */
const SLOW = 22;

/** And one that takes longer than this is no work of a GPU, whatever the renderer calls itself. */
const HOPELESS = 100;

/** Frames up to this length leave room for more robots in full. */
const QUICK = 9;

/** Robots in full below which drawing fewer of them would not help much. */
const FEWEST = 40;

/** Where frames are hopeless and drawn all the same: the share of the time that they may take. */
const SHARE = 0.35;

/** A frame counts for so many times the mean at most. */
const OUTLIER = 3;

/** What to watch before the next change: frames, or fewer of them if they take longer than so many ms. */
const PATIENCE = { frames: 20, fewest: 4, time: 1000 };

export class GpuBudget {
  /** Whether this is no GPU. */
  hopeless = false;
  shadows = true;
  #cost = 0;
  #frames = 0;
  #calm = 1;

  /** @param {{robots: number, screenRatio: number}} all */
  constructor({ robots, screenRatio }) {
    this.total = robots;
    /** Drawn in full. */
    this.robots = robots;
    /** Pixels a CSS pixel: of what stands still, whatever it costs, and of what moves. */
    this.screenRatio = screenRatio;
    this.pixelRatio = screenRatio;
  }

  /** Time to leave between two frames, in ms. */
  interval() {
    return this.hopeless ? this.#cost / SHARE : 0;
  }

  /**
   * Takes in how long a frame took.
   *
   * @param {number} cost  ms of the main thread and the renderer
   * @returns {boolean}  whether the budget changed
   */
  note(cost) {
    // One frame that the whole machine was late with says little.
    const likely = this.#cost ? Math.min(cost, OUTLIER * this.#cost) : cost;
    this.#cost += (likely - this.#cost) / 8;
    this.#frames++;
    const { frames, fewest, time } = PATIENCE;
    const enough = Math.min(frames * this.#calm, Math.max(fewest, (time * this.#calm) / this.#cost));
    if (this.#frames < enough) return false;
    if (this.#cost < QUICK) return this.#setRobots(this.robots * 1.25);
    this.hopeless = this.#cost > HOPELESS;
    if (this.#cost < TIGHT) return false;
    // What had to be taken back once is tried again more and more rarely.
    this.#calm = Math.min(32, this.#calm * 2);
    if (this.#setRobots(this.robots * 0.7)) return true;
    if (this.#cost < SLOW) return false;
    this.#frames = 0;
    if (this.shadows) this.shadows = false;
    else if (this.pixelRatio > 1) this.pixelRatio = 1;
    else return false;
    return true;
  }

  /** @param {number} robots */
  #setRobots(robots) {
    const before = this.robots;
    this.robots = Math.min(this.total, Math.max(Math.min(FEWEST, this.total), Math.round(robots)));
    this.#frames = 0;
    return this.robots !== before;
  }
}
