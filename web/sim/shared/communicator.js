/**
 * Memory through which the ranks of a training run exchange arrays: the browser's `Transport` of
 * `websim/ranks/communicator.py`, which says what it promises. For workers only: `exchange` blocks.
 *
 * In shared memory: a bell, rung at every change; for each rank the last meeting that it came to, or
 * -1 - that once it is expelled; two slots for each rank.
 */

const BELL = 0;
const ARRIVALS = 1;

/** Sleeping ends at least so often, so that the worker can say that it lives, in milliseconds. */
const NAP_MS = 500;

/**
 * So long a rank looks for the others before it sleeps, in milliseconds: in an update they come at
 * nearly the same time, and to be woken takes longer than that.
 */
const SPIN_MS = 2;

/** What slots hold may be copied by 8 bytes. */
const ALIGNMENT = 8;

/** Shared memory for `ranks` ranks. @param {number} ranks @param {number} slotBytes */
export function createExchange(ranks, slotBytes) {
  return new SharedArrayBuffer(headerBytes(ranks) + 2 * ranks * slotBytes);
}

/**
 * Expels a rank from outside: the others need not wait for it. If it still lives, it learns of it at
 * its next meeting.
 *
 * @param {SharedArrayBuffer} buffer  of `createExchange`
 * @param {number} rank
 * @param {number} ranks
 */
export function expel(buffer, rank, ranks) {
  const words = new Int32Array(buffer, 0, ARRIVALS + ranks);
  for (;;) {
    const seen = Atomics.load(words, ARRIVALS + rank);
    if (seen < 0 || Atomics.compareExchange(words, ARRIVALS + rank, seen, -1 - seen) === seen) break;
  }
  Atomics.add(words, BELL, 1);
  Atomics.notify(words, BELL);
}

/** One rank's end of an exchange. */
export class ExchangeEnd {
  /**
   * @param {SharedArrayBuffer} buffer   of `createExchange`
   * @param {number} rank      whose end this is
   * @param {number} ranks
   * @param {() => ArrayBuffer} memory   Python's memory as it is now
   * @param {() => void} beat  called now and then while this rank waits for the others
   */
  constructor(buffer, rank, ranks, memory, beat) {
    const header = headerBytes(ranks);
    this.slot_bytes = (buffer.byteLength - header) / (2 * ranks);
    this.rank = rank;
    this.ranks = ranks;
    this.memory = memory;
    this.beat = beat;
    this.words = new Int32Array(buffer, 0, ARRIVALS + ranks);
    this.slots = new Uint8Array(buffer, header);
  }

  /** Whether this rank was expelled. */
  get expelled() {
    return Atomics.load(this.words, ARRIVALS + this.rank) < 0;
  }

  /**
   * One call from Python, which costs as much as copying thousands of numbers.
   *
   * @param {number} number
   * @param {Iterable<number>} members
   * @param {number} timeout  in seconds
   * @param {number} given    where in Python's memory the bytes are that this rank hands over
   * @param {number} bytes
   * @param {number} taken    where those of all members go, one after the other
   * @returns {number[] | undefined} the members that are expelled
   */
  exchange(number, members, timeout, given, bytes, taken) {
    const all = [...members];
    const turn = number % 2;
    this.slots.set(new Uint8Array(this.memory(), given, bytes), this.#offset(this.rank, turn));
    const lost = this.#meet(number, all, timeout);
    if (lost.length) return lost;
    const out = new Uint8Array(this.memory(), taken, all.length * bytes);
    all.forEach((member, i) => {
      const start = this.#offset(member, turn);
      out.set(this.slots.subarray(start, start + bytes), i * bytes);
    });
    return undefined;
  }

  /** @param {number} number @param {number[]} all @param {number} timeout @returns {number[]} who is expelled */
  #meet(number, all, timeout) {
    const { words, rank } = this;
    const mine = ARRIVALS + rank;
    // An exchange, not a store: to be expelled and to arrive exclude each other.
    if (Atomics.compareExchange(words, mine, number - 1, number) !== number - 1) return [rank];
    this.#ring();
    const isHere = (/** @type {number} */ member) => {
      const arrival = Atomics.load(words, ARRIVALS + member);
      return arrival >= number || arrival < 0;
    };
    const awake = performance.now() + SPIN_MS;
    while (!all.every(isHere) && performance.now() < awake);
    // Time that the page was suspended does not count: a nap lasts no longer than it should.
    let left = timeout * 1000;
    for (;;) {
      const heard = Atomics.load(words, BELL);
      const arrivals = all.map((member) => Atomics.load(words, ARRIVALS + member));
      const missing = all.filter((_, i) => arrivals[i] >= 0 && arrivals[i] < number);
      // Who has not come may still be reading what was written before the last meeting: even with a
      // rank lost, nobody writes on before all others are here.
      if (!missing.length) return all.filter((_, i) => arrivals[i] < 0 && -1 - arrivals[i] < number);
      if (left <= 0) {
        // Who arrives at this very moment wins: the exchange fails, and the next look sees it.
        for (const member of missing) {
          const seen = arrivals[all.indexOf(member)];
          Atomics.compareExchange(words, ARRIVALS + member, seen, -1 - seen);
        }
        this.#ring();
      } else {
        const before = performance.now();
        Atomics.wait(words, BELL, heard, Math.min(left, NAP_MS));
        left -= Math.min(performance.now() - before, NAP_MS);
        this.beat();
      }
    }
  }

  #ring() {
    Atomics.add(this.words, BELL, 1);
    Atomics.notify(this.words, BELL);
  }

  /** @param {number} rank @param {number} turn */
  #offset(rank, turn) {
    return (turn * this.ranks + rank) * this.slot_bytes;
  }
}

/** @param {number} ranks */
function headerBytes(ranks) {
  return Math.ceil((4 * (ARRIVALS + ranks)) / ALIGNMENT) * ALIGNMENT;
}
