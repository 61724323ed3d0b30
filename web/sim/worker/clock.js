/** Time in a worker, and how it lets messages in. */

/** Longer than this it does not sleep at once: a change of speed or a pause is not to be missed by much. */
const LONGEST_NAP_MS = 50;

export class Clock {
  #channel = new MessageChannel();

  /** Milliseconds. */
  now() {
    return performance.now();
  }

  /** Lets messages in; returns after `ms`, at once if that has passed. @param {number} ms @returns {Promise<void>} */
  sleep(ms) {
    return new Promise((resolve) => {
      if (ms > 1) {
        setTimeout(resolve, Math.min(ms, LONGEST_NAP_MS));
      } else {
        // A timer would be clamped to 4 ms.
        this.#channel.port1.onmessage = () => resolve();
        this.#channel.port2.postMessage(null);
      }
    });
  }
}
