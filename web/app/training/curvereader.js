/** A worker that reads the curve in a run's file: what the file does to it, it does not do to the page. */

import { MetricLog } from './metriclog.js';

/** As packed by `packRun`. */
const CURVE = 'metrics.csv';

/** Of the curve, unpacked. */
const MOST_BYTES = 256 << 20;

self.onmessage = async ({ data: { file, fflate } }) => {
  try {
    const curve = (await read(file, fflate)).stored();
    const buffers = [curve.steps, ...Object.values(curve.columns)].map(({ buffer }) => buffer);
    self.postMessage({ curve }, { transfer: buffers });
  } catch (error) {
    self.postMessage({ problem: error instanceof SyntaxError ? error.message : `The file's curve cannot be read (${error}).` });
  }
};

/** @param {ArrayBuffer} file @param {string} fflate  where the library is: a worker has no import map */
async function read(file, fflate) {
  const { strFromU8, unzipSync } = await import(fflate);
  const { [CURVE]: csv } = unzipSync(new Uint8Array(file), {
    /** @param {{name: string, originalSize: number}} member */
    filter: ({ name, originalSize }) => {
      if (name !== CURVE) return false;
      if (originalSize <= MOST_BYTES) return true;
      throw new SyntaxError(`The file's curve unpacks to ${originalSize} bytes; up to ${MOST_BYTES} are allowed.`);
    },
  });
  // Checkpoints of `websim train` have none.
  return csv ? MetricLog.fromCsv(strFromU8(csv)) : new MetricLog();
}
