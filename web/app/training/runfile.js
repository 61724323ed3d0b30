/** A run as a file for others: its checkpoint, and its curve in the same archive. */

import { strToU8, unzipSync, zipSync } from 'fflate';
import { MetricLog } from './metriclog.js';

const CURVE = 'metrics.csv';

/** Checkpoints are full of numbers that do not get smaller: little effort is enough. */
const LEVEL = 1;

/** A curve is read in less, in milliseconds. */
const PATIENCE_MS = 30_000;

/** @param {import('./storage.js').Kept} kept */
export function packRun({ checkpoint, curve }) {
  const members = unzipSync(new Uint8Array(checkpoint));
  members[CURVE] = strToU8(new MetricLog(curve).csv());
  return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (zipSync(members, { level: LEVEL }))], { type: 'application/zip' });
}

/**
 * The curve in a file; an empty one where there is none, as in checkpoints of `websim train`. It is
 * read by a worker of its own: nobody knows what is in a file.
 *
 * @param {ArrayBuffer} file  a checkpoint that can be read
 * @returns {Promise<MetricLog>}
 * @throws {Error} saying why the curve is no table of numbers
 */
export async function curveOf(file) {
  const worker = new Worker(new URL('./curvereader.js', import.meta.url), { type: 'module', name: 'curve' });
  try {
    const { curve, problem } = await new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ why) => reject(new Error(`The file's curve cannot be read: ${why}.`));
      setTimeout(fail, PATIENCE_MS, `it takes longer than ${PATIENCE_MS / 1000} s`);
      worker.onerror = ({ message }) => fail(message || 'its reader could not start');
      worker.onmessageerror = () => fail('it does not fit into memory');
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage({ file, fflate: import.meta.resolve('fflate') });
    });
    if (problem) throw new SyntaxError(problem);
    return new MetricLog(curve);
  } finally {
    worker.terminate();
  }
}
