/**
 * A job of a tournament in this worker: one candidate learns, an iteration at a time, beside what else
 * the worker has to do. Python does it (`websim/browser/tournament.py`).
 */

import { Clock } from './clock.js';
import { WorkerError } from '../shared/errors.js';
import { pythonBytes, pythonExperiment, toJs } from './python.js';

/** How soon the next pulse may come, in milliseconds. */
const SHORTEST_PULSE_MS = 2;

export class Candidature {
  /** Its own: another's sleep is not to be ended. */
  #clock = new Clock();
  #end = false;
  #abandoned = false;

  /**
   * @param {import('./boot.js').Runtime} runtime
   * @param {(now: number) => number} pulse  does what else there is to do; returns when it is to be called again
   */
  constructor({ pyodide }, pulse) {
    this.pyodide = pyodide;
    this.pulse = pulse;
  }

  /** Has it come to its end. @param {boolean} abandon  nobody wants what has come of it */
  end(abandon) {
    this.#end = true;
    this.#abandoned ||= abandon;
  }

  /**
   * Resolves when it is done.
   *
   * @param {import('../shared/protocol.js').Payload<'learnJob'>} payload
   * @returns {Promise<import('../shared/messages.js').JobEnd>}
   */
  async run({ order, experiment, checkpoint }) {
    const { pyodide } = this;
    const module = pyodide.pyimport('websim.browser.tournament');
    const wanted = pythonExperiment(pyodide, experiment);
    const data = checkpoint && pythonBytes(pyodide, checkpoint);
    const job = module.WorkerJob(order, wanted, data ?? undefined, () => this.#pulse());
    for (const proxy of [module, wanted, data]) proxy?.destroy();
    try {
      while (!this.#abandoned && job.advance(this.#end)) await this.#clock.sleep(0); // messages are let in
      if (this.#abandoned) throw new WorkerError('nobody wants this job any longer');
      return toJs(job.end());
    } finally {
      job.close();
      job.destroy();
      pyodide.runPython('import gc; gc.collect()'); // what learns is a cycle of objects with large arrays
    }
  }

  /** @returns {number} in how many seconds the next one is due */
  #pulse() {
    const now = performance.now();
    return Math.max(SHORTEST_PULSE_MS, this.pulse(now) - performance.now()) / 1000;
  }
}
