/** What a worker tells unasked: that it lives, which episodes have ended, what its memory looks like. */

import { moment } from '../shared/stages.js';

/** Ended episodes are told at most so often, in milliseconds. */
export const EPISODES_MS = 50;

export const HEARTBEAT_MS = 1000;

/** Robots that could not be paid are told of at most so often, in milliseconds. */
const UNPAID_MS = 1000;

/** In the middle of a learner's iteration samples are sent so often though none came back, in ms. */
const UNANSWERED_MS = 100;

/**
 * @typedef {import('../shared/protocol.js').Sample} Sample
 * @typedef {(message: import('../shared/protocol.js').EventMessage, transfer?: Transferable[]) => void} Tell
 */

export class News {
  /** Whether the page sees the memory itself, and needs no samples of it. */
  isolated = false;
  /** Samples a second at most. */
  sampleRate = 30;
  #moved = false;
  #lastBeat = 0;
  #lastEpisodes = 0;
  #lastUnpaid = 0;
  #lastSamples = 0;
  /** Whether the page has samples that it has not given back. */
  #awaited = false;

  /**
   * @param {import('./owned.js').Owned} owned
   * @param {Tell} tell  sends to the page
   * @param {{now: () => number}} clock
   */
  constructor(owned, tell, clock) {
    this.owned = owned;
    this.tell = tell;
    this.clock = clock;
  }

  /** A stage of the start begins. @param {import('./boot.js').Stage} stage */
  begin(stage) {
    this.tell({ event: 'progress', stage, at: moment() });
  }

  /** The robots move; told once. */
  moved() {
    if (!this.#moved) this.tell({ event: 'progress', stage: 'moving', at: moment() });
    this.#moved = true;
  }

  /** Says that the worker lives. @param {boolean} [compiles]  see `heartbeat` in `protocol.js` */
  beat(compiles = false) {
    this.#lastBeat = this.clock.now();
    this.tell({ event: 'heartbeat', compiles });
  }

  /** Tells what has happened, where it is time. @param {number} now */
  update(now) {
    this.recoded();
    if (now - this.#lastUnpaid >= UNPAID_MS) this.#unpaid(now);
    if (now - this.#lastEpisodes >= EPISODES_MS) this.episodes();
    if (!this.#awaited && now - this.#lastSamples >= 1000 / this.sampleRate) this.samples();
  }

  /** The same while no message is let in: timers and the page's answers wait. @param {number} now */
  updateInside(now) {
    if (now - this.#lastBeat >= HEARTBEAT_MS) this.beat();
    if (now - this.#lastSamples >= UNANSWERED_MS) this.#awaited = false;
    this.update(now);
  }

  /** Tells where something else is paid or judged by, and in which memory it is seen. */
  recoded() {
    for (const shard of this.owned.shown) {
      if (shard.recoded === undefined) continue;
      this.tell({ event: 'recoded', description: shard.describe(), ...shard.recoded });
      shard.recoded = undefined;
    }
  }

  /** What rewards could not pay; of learners their iterations tell. @param {number} now */
  #unpaid(now) {
    this.#lastUnpaid = now;
    for (const shard of this.owned.shards) {
      const message = shard.takeUnpaid();
      if (message) this.tell({ event: 'unpaid', message });
    }
  }

  episodes() {
    this.#lastEpisodes = this.clock.now();
    for (const shard of this.owned.all) {
      if (shard.ended.length) this.tell({ event: 'episodes', group: shard.group, ended: shard.takeEnded() });
    }
  }

  samples() {
    const samples = this.copies();
    if (!samples.length) return;
    this.#lastSamples = this.clock.now();
    this.#awaited = true;
    this.tell({ event: 'samples', samples }, samples.map(({ buffer }) => buffer));
  }

  /** Copies for a page that does not share the memory. @returns {Sample[]} */
  copies() {
    this.recoded();
    return this.isolated ? [] : this.owned.all.map((shard) => shard.sample());
  }

  /** Takes buffers back: more samples may be sent. @param {Sample[]} samples */
  recycle(samples) {
    this.#awaited = false;
    for (const { group, buffer } of samples) {
      this.owned.all.find((shard) => shard.group === group)?.recycle(buffer);
    }
  }

  /** Other environments have come: what was sent of the former ones is not waited for. */
  renew() {
    this.#awaited = false;
  }
}
