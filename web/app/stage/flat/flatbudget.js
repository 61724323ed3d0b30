/**
 * How much is drawn without a GPU, and how often, so that physics never waits for pixels: the same processor
 * cores draw and step. Pictures get a small share of one core, whatever comes out at it.
 */

/** Length of a picture to aim at, in ms. */
const AIM = 24;

/** Share of one core for drawing, by the number of cores that no worker uses. */
const SHARES = [0.12, 0.3, 0.5];

/** Share that drawing may take while the user moves the camera, for its answer to be felt. */
const MOST_SHARE = 0.35;

/** What it takes to put the page together with the new picture, in ms. */
const COMPOSITING = 15;

/**
 * Limits of the time between two pictures, in ms. Pictures take long when the processor is busy elsewhere,
 * too: up to a point that is no reason to draw fewer of them.
 */
const INTERVALS = /** @type {const} */ ([1000 / 30, 225]);

/** Robots in full below which drawing fewer of them would not help much. */
const FEWEST = 40;

/** Pictures to watch before the next change, and how much longer than the mean one may count. */
const PATIENCE = 6;
const OUTLIER = 3;

export class FlatBudget {
  #cost = 0;
  #pictures = 0;

  /** @param {{robots: number, spareCores: number, screenRatio: number}} machine */
  constructor({ robots, spareCores, screenRatio }) {
    this.total = robots;
    /** Drawn in full. */
    this.robots = robots;
    /** Pixels a CSS pixel: of what stands still, whatever it costs, and of what moves. */
    this.screenRatio = screenRatio;
    this.pixelRatio = screenRatio;
    this.share = SHARES[Math.min(Math.max(0, spareCores), SHARES.length - 1)];
  }

  /**
   * Time to leave between two pictures, in ms.
   *
   * @param {boolean} handsOn  whether the user moves the camera
   */
  interval(handsOn) {
    const [shortest, longest] = INTERVALS;
    const share = handsOn ? Math.max(this.share, MOST_SHARE) : this.share;
    const cost = this.#cost + COMPOSITING;
    return Math.max(shortest, Math.min(Math.max(longest, cost / MOST_SHARE), cost / share));
  }

  /**
   * Takes in how long a picture took.
   *
   * @param {number} cost  ms
   * @returns {boolean}  whether the budget changed
   */
  note(cost) {
    // One picture that the whole machine was late with says little.
    const likely = this.#cost ? Math.min(cost, OUTLIER * this.#cost) : cost;
    this.#cost += (likely - this.#cost) / 4;
    if (++this.#pictures < PATIENCE) return false;
    if (this.#cost > 1.5 * AIM && this.pixelRatio > 1) {
      this.pixelRatio = 1;
      this.#pictures = 0;
      return true;
    }
    if (this.#cost > 1.5 * AIM) return this.#setRobots(this.robots * 0.75);
    return this.#cost < AIM / 2 && this.#setRobots(this.robots * 1.25);
  }

  /** @param {number} robots */
  #setRobots(robots) {
    const before = this.robots;
    this.robots = Math.min(this.total, Math.max(Math.min(FEWEST, this.total), Math.round(robots)));
    this.#pictures = 0;
    return this.robots !== before;
  }
}
