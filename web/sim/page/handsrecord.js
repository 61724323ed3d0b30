/** What hands have done to robots that do not learn, since all began with a seed: a document can have it done again. */

import { InvalidArgument } from '../shared/errors.js';

/** @typedef {import('../shared/protocol.js').HandEvent} HandEvent */

/** Of events as JSON: far beyond what hands do by themselves. */
const MAX_BYTES = 8 << 20;

export class HandsRecord {
  /** Since the beginning. @type {HandEvent[]} */
  #events = [];
  #bytes = 0;
  /** Why the same would not come of it again. */
  #spoilt = '';
  /** Whether there have been steps since the beginning. */
  #moved = false;
  /** Grows with each beginning. */
  turn = 0;

  /** @param {HandEvent[]} given  that a document has done again, with each beginning */
  constructor(given) {
    this.given = given;
  }

  /** All begin anew with a seed. */
  begin() {
    this.turn += 1;
    this.#events = [];
    this.#bytes = 0;
    this.#spoilt = '';
    this.#moved = false;
  }

  /** There are steps from now on. */
  move() {
    this.#moved = true;
  }

  /** @param {HandEvent} event @param {number} turn  when it was asked for */
  note(event, turn) {
    if (turn !== this.turn) return;
    this.#bytes += JSON.stringify(event).length;
    if (this.#bytes > MAX_BYTES) this.spoil('hands have done more than can be kept');
    else this.#events.push(event);
  }

  /** @param {string} why  it would not come to the same again, as the end of a sentence */
  spoil(why) {
    this.#spoilt ||= why;
  }

  /** What drives them is another. */
  drive() {
    if (this.#moved) this.spoil('what moves the robots was changed meanwhile');
  }

  /** Whether there is anything to keep. */
  get any() {
    return this.#events.length > 0;
  }

  /** All of it in the order of its steps. @throws InvalidArgument where the same would not come of it */
  take() {
    if (this.#spoilt) {
      throw new InvalidArgument(`what hands did could not be done again, because ${this.#spoilt}; after a reset with a seed it can`);
    }
    return [...this.given, ...this.#events].sort((a, b) => a.step - b.step);
  }
}
