/** A film as a GIF, which a worker of its own writes. */

/** The least time between two pictures, in ms: browsers show faster ones slowly. */
const INTERVAL = 70;

export class GifFilm {
  #worker;
  /** The picture that waits to know how long it is shown; `pixels` are [height, width, 4]. @type {{pixels: Uint8ClampedArray, time: number}|null} */
  #last = null;
  /** @type {Promise<BlobPart>} */
  #done;

  /** @param {number} width @param {number} height */
  constructor(width, height) {
    const worker = new Worker(new URL('./gifworker.js', import.meta.url), { type: 'module', name: 'GIF' });
    this.#worker = worker;
    this.#done = new Promise((resolve, reject) => {
      worker.onerror = ({ message }) => reject(new Error(`The GIF could not be written: ${message || 'its worker could not start'}.`));
      worker.onmessage = ({ data: { bytes, problem } }) => {
        if (bytes) resolve(bytes);
        else reject(new Error(`The GIF could not be written: ${problem}.`));
      };
    });
    this.#done.catch(() => {}); // told when it ends
    // A worker has no import map.
    worker.postMessage({ gifenc: import.meta.resolve('gifenc'), width, height });
  }

  /** Whether it is time for another picture. @param {number} now  in ms */
  wants(now) {
    return !this.#last || now - this.#last.time >= INTERVAL;
  }

  /** @param {CanvasRenderingContext2D} context  of a canvas with the picture @param {number} now  in ms */
  add(context, now) {
    this.#flush(now);
    const { width, height } = context.canvas;
    this.#last = { pixels: context.getImageData(0, 0, width, height).data, time: now };
  }

  /** @param {number} now */
  #flush(now) {
    if (!this.#last) return;
    const { pixels, time } = this.#last;
    this.#worker.postMessage({ pixels, delay: now - time }, [pixels.buffer]);
  }

  /** @param {number} now @returns {Promise<BlobPart>} */
  async end(now) {
    this.#flush(now);
    this.#last = null;
    this.#worker.postMessage({ end: true });
    try {
      return await this.#done;
    } finally {
      this.#worker.terminate();
    }
  }
}
