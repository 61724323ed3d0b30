/**
 * Letters from the page to a worker, which it can read where it lets no message in: in the middle of a learner's
 * iteration. They lie in shared memory, as a ring of bytes: each its length, then JSON. The page alone
 * writes, the worker alone reads.
 */

const WRITTEN = 0;
const READ = 1;
const WORDS = 2;

/** Room for letters, a power of two: counts of bytes may overflow. */
const BYTES = 1 << 16;

/** Of a length. */
const LENGTH_BYTES = 4;

export class Mailbox {
  /** @param {SharedArrayBuffer} [buffer]  another end's */
  constructor(buffer = new SharedArrayBuffer(4 * WORDS + BYTES)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.bytes = new Uint8Array(buffer, 4 * WORDS);
  }

  /** @param {unknown} letter  plain data @returns {boolean} whether there was room, and JSON can say it */
  put(letter) {
    let sayable = true;
    const text = JSON.stringify(letter, (_, value) => {
      if (typeof value === 'number' && !Number.isFinite(value)) sayable = false;
      return value;
    });
    const content = new TextEncoder().encode(text);
    const { words } = this;
    const written = words[WRITTEN];
    const free = BYTES - ((written - Atomics.load(words, READ)) >>> 0);
    if (!sayable || LENGTH_BYTES + content.length > free) return false;
    this.#write(written, new Uint8Array(Uint32Array.of(content.length).buffer));
    this.#write(written + LENGTH_BYTES, content);
    Atomics.store(words, WRITTEN, (written + LENGTH_BYTES + content.length) | 0);
    return true;
  }

  /**
   * The next letter, if there is one.
   *
   * @param {(letter: any) => boolean} [may]  whether it may be taken; otherwise it stays
   */
  take(may = () => true) {
    const { words } = this;
    const read = words[READ];
    if (Atomics.load(words, WRITTEN) === read) return undefined;
    const [length] = new Uint32Array(this.#read(read, LENGTH_BYTES).buffer);
    const letter = JSON.parse(new TextDecoder().decode(this.#read(read + LENGTH_BYTES, length)));
    if (!may(letter)) return undefined;
    Atomics.store(words, READ, (read + LENGTH_BYTES + length) | 0);
    return letter;
  }

  /** @param {number} at  in bytes since the start @param {Uint8Array} content */
  #write(at, content) {
    const first = (at >>> 0) % BYTES;
    const end = content.subarray(0, BYTES - first);
    this.bytes.set(end, first);
    this.bytes.set(content.subarray(end.length), 0);
  }

  /** @param {number} at @param {number} length */
  #read(at, length) {
    const first = (at >>> 0) % BYTES;
    const content = new Uint8Array(length);
    const end = this.bytes.subarray(first, Math.min(BYTES, first + length));
    content.set(end);
    content.set(this.bytes.subarray(0, length - end.length), end.length);
    return content;
  }
}
