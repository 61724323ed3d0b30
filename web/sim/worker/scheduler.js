/**
 * Whose turn it is in a worker: shards that run freely, each when it is due, a learner's iterations,
 * and messages in between.
 */

import { EPISODES_MS } from './news.js';

/** Free running looks for messages at least so often, in milliseconds; one batch is never cut. */
const SLICE_MS = 8;

/** Of a worker that learns, other environments take no more than this share of the time. */
const BESIDE_SHARE = 0.25;

/** @typedef {import('../shared/protocol.js').Drive} Drive */

export class Scheduler {
  /** @type {Drive} */
  drive = { speed: Infinity, sampleRate: 30, running: false };
  #looping = false;
  /** When others may be stepped again beside a learner. */
  #besideDue = 0;

  /**
   * @param {import('./owned.js').Owned} owned
   * @param {import('./news.js').News} news
   * @param {import('./clock.js').Clock} clock
   * @param {(error: unknown) => void} fail  told when the worker is of no more use
   */
  constructor(owned, news, clock, fail) {
    this.owned = owned;
    this.news = news;
    this.clock = clock;
    this.fail = fail;
  }

  /** @param {Partial<Drive>} change */
  set(change) {
    this.drive = { ...this.drive, ...change };
    this.news.sampleRate = this.drive.sampleRate;
    for (const shard of this.owned.shards) shard.due = 0; // what is due was counted at the old speed
    this.wake();
  }

  /** Starts the loop if there is something to do and it does not run. */
  wake() {
    if (this.#looping || !this.#hasWork) return;
    this.#looping = true;
    this.#loop().catch((error) => {
      this.drive.running = false;
      this.fail(error);
    }).finally(() => {
      this.#looping = false;
    });
  }

  /** Whether nothing is stepped until it is asked for. */
  get idle() {
    return !this.#looping;
  }

  get #hasWork() {
    const { learner, shards } = this.owned;
    return learner?.running || (this.drive.running && shards.length > 0);
  }

  async #loop() {
    const { clock, news, owned } = this;
    await clock.sleep(0); // the page is answered before it hears of what comes next
    while (this.#hasWork) {
      let due = 0;
      if (owned.learner?.running) owned.learner.iterate(); // its pulses step the others
      else due = this.#stepDue(clock.now() + SLICE_MS);
      news.update(clock.now());
      await clock.sleep(due - clock.now());
    }
    news.samples();
  }

  /** Steps an overture until the environments that it leads to are there. @param {import('./overture.js').Overture} overture */
  play(overture) {
    this.#play(overture).catch(this.fail);
  }

  /** @param {import('./overture.js').Overture} overture */
  async #play(overture) {
    const { clock, news } = this;
    while (this.owned.overture === overture) {
      const start = clock.now();
      overture.step();
      news.moved();
      const end = clock.now();
      news.update(end);
      await clock.sleep(overture.next(start, end, this.drive.speed) - end);
    }
  }

  /** Steps what is due, for a while. @param {number} end @returns {number} when something is due next */
  #stepDue(end) {
    let now = this.clock.now();
    let next = this.#earliest;
    while (next.due <= now && now < end) {
      next.step('controller');
      this.news.moved();
      now = this.clock.now();
      this.#schedule(next, now);
      next = this.#earliest;
    }
    return next.due;
  }

  /**
   * In the middle of a learner's iteration: what else is due, no more than one step of one shard.
   *
   * @param {number} now
   * @returns {number} when something is due again
   */
  pulse(now) {
    let due = now + EPISODES_MS;
    if (this.drive.running && this.owned.shards.length) {
      const next = this.#earliest;
      if (Math.max(next.due, this.#besideDue) <= now) {
        next.step('controller');
        const end = this.clock.now();
        this.#schedule(next, end);
        // The time that it took is the learner's several times over before the next one has its turn.
        this.#besideDue = end + (end - now) * (1 / BESIDE_SHARE - 1);
      }
      due = Math.min(due, Math.max(this.#earliest.due, this.#besideDue));
    }
    this.news.updateInside(now);
    return due;
  }

  get #earliest() {
    return this.owned.shards.reduce((first, shard) => (shard.due < first.due ? shard : first));
  }

  /**
   * Sets when the shard is due again. Unlimited shards take turns, step by step; one that cannot keep
   * up with its speed starts counting anew instead of running after it.
   *
   * @param {import('./shard.js').WorkerShard} shard
   * @param {number} now
   */
  #schedule(shard, now) {
    const { speed } = this.drive;
    if (speed === Infinity) {
      shard.due = now;
      return;
    }
    const interval = (shard.dt * 1000) / speed;
    const behind = now - shard.due > 2 * interval;
    shard.due = behind ? now : shard.due + interval;
  }
}
