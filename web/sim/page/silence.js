/** For how long nothing has been heard from a worker, and whether that is to be worried about. */

/** A worker that is silent for so long is taken for hung, in milliseconds. */
export const HUNG_MS = 10_000;

/** A robot is compiled in one go, with large meshes for long: so much silence is allowed then. */
export const COMPILE_HUNG_MS = 300_000;

/** While it boots, a worker compiles and imports for seconds at a time. */
export const BOOT_HUNG_MS = 60_000;

export class Silence {
  /** When the worker was heard last, in milliseconds of the page's clock. */
  #since;
  /** Whether it has said that it has MuJoCo compile a robot, and nothing after that. */
  #compiles = false;

  /** @param {number} now */
  constructor(now) {
    this.#since = now;
  }

  /** @param {{event?: string, compiles?: boolean}} message @param {number} now */
  heard({ event, compiles = false }, now) {
    this.#since = now;
    this.#compiles = event === 'heartbeat' && compiles;
  }

  /** The page itself was suspended: what was before does not count. @param {number} now */
  forgive(now) {
    this.#since = now;
  }

  /** Milliseconds after which the worker is taken for hung; 0 where it is not. @param {number} now @param {boolean} booted */
  hung(now, booted) {
    const silent = now - this.#since;
    const allowed = Math.max(booted ? HUNG_MS : BOOT_HUNG_MS, this.#compiles ? COMPILE_HUNG_MS : 0);
    return silent > allowed ? silent : 0;
  }

  /** Milliseconds for which MuJoCo has been compiling, where that is so long that people should know; else 0. @param {number} now */
  compiling(now) {
    const silent = now - this.#since;
    return this.#compiles && silent > HUNG_MS ? silent : 0;
  }
}
