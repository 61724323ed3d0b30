/** A run as a file for others: its checkpoint, and its curve in the same archive. */

import { MetricLog } from './metriclog.js';

/** A file is packed, or its curve read, in less, in milliseconds. */
const PATIENCE_MS = 30_000;

/** @param {import('./storage.js').Kept} kept @throws {Error} saying why there is no file */
export async function packRun(kept) {
  const file = await work({ pack: kept }, 'The file cannot be made');
  return new Blob([file], { type: 'application/zip' });
}

/**
 * The curve in a file; an empty one where there is none, as in checkpoints of `websim train`.
 *
 * @param {ArrayBuffer} file  a checkpoint that can be read
 * @throws {Error} saying why the curve is no table of numbers
 */
export async function curveOf(file) {
  return new MetricLog(await work({ open: file }, 'The file\'s curve cannot be read'));
}

/**
 * Has a worker of its own do it: the page goes on, whatever is in a file.
 *
 * @param {{pack: import('./storage.js').Kept} | {open: ArrayBuffer}} task
 * @param {string} failure  what to say where the worker cannot say it better
 */
async function work(task, failure) {
  const worker = new Worker(new URL('./runfileworker.js', import.meta.url), { type: 'module', name: 'run file' });
  try {
    return await new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ why) => reject(new Error(`${failure}: ${why}.`));
      setTimeout(fail, PATIENCE_MS, `it takes longer than ${PATIENCE_MS / 1000} s`);
      worker.onerror = ({ message }) => fail(message || 'its worker could not start');
      worker.onmessageerror = () => fail('it does not fit into memory');
      worker.onmessage = ({ data: { done, problem } }) => {
        if (problem === undefined) resolve(done);
        else fail(problem.replace(/\.$/, ''));
      };
      // A worker has no import map.
      worker.postMessage({ ...task, fflate: import.meta.resolve('fflate') });
    });
  } finally {
    worker.terminate();
  }
}
