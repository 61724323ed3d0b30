/** A run as a file for others: its checkpoint, and its curve in the same archive. */

import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { MetricLog } from './metriclog.js';

const CURVE = 'metrics.csv';

/** Checkpoints are full of numbers that do not get smaller: little effort is enough. */
const LEVEL = 1;

/** @param {import('./storage.js').Kept} kept */
export function packRun({ checkpoint, curve }) {
  const members = unzipSync(new Uint8Array(checkpoint));
  members[CURVE] = strToU8(new MetricLog(curve).csv());
  return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (zipSync(members, { level: LEVEL }))], { type: 'application/zip' });
}

/**
 * The curve in a file; an empty one where there is none, as in checkpoints of `websim train`.
 *
 * @param {ArrayBuffer} file  a checkpoint that can be read
 * @throws {SyntaxError} the curve is no table of numbers
 */
export function curveOf(file) {
  const { [CURVE]: csv } = unzipSync(new Uint8Array(file), { filter: ({ name }) => name === CURVE });
  return csv ? MetricLog.fromCsv(strFromU8(csv)) : new MetricLog();
}
