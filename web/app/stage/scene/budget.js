/**
 * How much may be drawn, and how often, so that physics never waits for pixels.
 *
 * With a GPU everything is drawn at the screen's rate, and only when frames take too long there is
 * less: first without shadows, then with fewer pixels, then with fewer robots. Without one the same
 * processor cores draw and step: frames get a small share of one core, whatever comes out at it.
 */

/** @typedef {{software: boolean, robots: number, spareCores: number, screenRatio: number}} Machine */

/** A frame that takes longer than this misses every other refresh of an ordinary screen. */
const SLOW = 22;

/** And one that takes longer than this is no work of a GPU, whatever the renderer calls itself. */
const HOPELESS = 100;

/** Frames up to this length leave room for more robots. */
const QUICK = 9;

/** Without a GPU: length to aim at, and robots to begin with. */
const SOFTWARE_FRAME = 40;
const SOFTWARE_ROBOTS = 64;
const SOFTWARE_PIXEL_RATIO = 0.6;

/** Without a GPU: share of one core for drawing, by the number of cores that no worker uses. */
const SHARES = [0.1, 0.25, 0.5];

/** Without a GPU: what it takes to put the page together with the new frame, in ms. */
const COMPOSITING = 15;

/**
 * Limits of the time between two frames without a GPU, in ms. Frames are long when the processor is
 * busy elsewhere, too: up to a point that is no reason to draw fewer of them.
 */
const SOFTWARE_INTERVALS = /** @type {const} */ ([1000 / 30, 500]);

/** Share that drawing may take while the user moves the camera, for its answer to be felt. */
const MOST_SHARE = 0.35;

/** Robots below which drawing less would not help much. */
const FEWEST = 40;

/** A frame counts for so many times the mean at most. */
const OUTLIER = 3;

/** What to watch before the next change: frames, or fewer of them if they take longer than so many ms. */
const PATIENCE = { frames: 20, fewest: 4, time: 1000 };

export class Budget {
  #cost = 0;
  #frames = 0;
  #calm = 1;

  /** @param {Machine} machine */
  constructor({ software, robots, spareCores, screenRatio }) {
    this.total = robots;
    this.software = false;
    this.robots = robots;
    this.shadows = true;
    /** Of what stands still, whatever it costs. */
    this.screenRatio = Math.min(screenRatio, 2);
    this.pixelRatio = this.screenRatio;
    if (software) this.#doWithoutGpu();
    this.share = SHARES[Math.min(Math.max(0, spareCores), SHARES.length - 1)];
  }

  #doWithoutGpu() {
    this.software = true;
    this.robots = Math.min(this.total, SOFTWARE_ROBOTS);
    this.shadows = false;
    this.pixelRatio = SOFTWARE_PIXEL_RATIO;
    this.#frames = 0;
  }

  /** Mean length of a frame, in ms of the main thread and the renderer. */
  get cost() {
    return this.#cost;
  }

  /**
   * Time to leave between two frames, in ms.
   *
   * @param {boolean} handsOn  whether the user moves the camera
   */
  interval(handsOn) {
    if (!this.software) return 0;
    const [shortest, longest] = SOFTWARE_INTERVALS;
    const share = handsOn ? Math.max(this.share, MOST_SHARE) : this.share;
    const cost = this.#cost + COMPOSITING;
    return Math.max(shortest, Math.min(Math.max(longest, cost / MOST_SHARE), cost / share));
  }

  /**
   * Takes in how long a frame took.
   *
   * @param {number} cost  ms
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
    return this.software ? this.#fit() : this.#relieve();
  }

  /** Without a GPU: as many robots as fit into a frame. */
  #fit() {
    const ratio = SOFTWARE_FRAME / this.#cost;
    if (ratio > 0.75 && ratio < 1.5) return false;
    return this.#setRobots(this.robots * Math.min(1.3, Math.max(0.6, ratio)));
  }

  /** With a GPU: one step down when frames are slow, robots come back when they are quick. */
  #relieve() {
    if (this.#cost > HOPELESS) {
      this.#doWithoutGpu();
      return true;
    }
    if (this.#cost > SLOW) {
      // What had to be taken back once is tried again more and more rarely.
      this.#calm = Math.min(32, this.#calm * 2);
      if (this.shadows) this.shadows = false;
      else if (this.pixelRatio > 1) this.pixelRatio = 1;
      else return this.#setRobots(this.robots * 0.7);
      this.#frames = 0;
      return true;
    }
    return this.#cost < QUICK && this.robots < this.total && this.#setRobots(this.robots * 1.25);
  }

  /** @param {number} robots */
  #setRobots(robots) {
    const before = this.robots;
    this.robots = Math.min(this.total, Math.max(Math.min(FEWEST, this.total), Math.round(robots)));
    this.#frames = 0;
    return this.robots !== before;
  }
}
