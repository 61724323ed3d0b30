/** A worker that packs and opens runs' files: neither what takes long nor what is in a file gets at the page. */

import { MetricLog } from './metriclog.js';

/** @typedef {typeof import('fflate')} Zip */

const CURVE = 'metrics.csv';

/** Of the curve, unpacked. */
const MOST_BYTES = 256 << 20;

self.onmessage = async ({ data: { fflate, pack, open } }) => {
  try {
    const zip = await import(fflate);
    if (pack) {
      const file = packed(pack, zip);
      self.postMessage({ done: file }, { transfer: [file.buffer] });
    } else {
      const curve = curveIn(open, zip).stored();
      const buffers = [curve.steps, ...Object.values(curve.columns)].map(({ buffer }) => buffer);
      self.postMessage({ done: curve }, { transfer: buffers });
    }
  } catch (error) {
    self.postMessage({ problem: error instanceof SyntaxError ? error.message : `${error}` });
  }
};

/**
 * The checkpoint's members as they are, weights do not get smaller, and the curve beside them.
 *
 * @param {import('./storage.js').Kept} kept @param {Zip} zip
 */
function packed({ checkpoint, curve }, { strToU8, unzipSync, zipSync }) {
  /** @type {import('fflate').Zippable} */
  const members = unzipSync(new Uint8Array(checkpoint));
  members[CURVE] = [strToU8(new MetricLog(curve).csv()), { level: 6 }];
  // Of the same content the same bytes: members have no time of day.
  return zipSync(members, { level: 0, mtime: new Date(1980, 0, 1) });
}

/** @param {ArrayBuffer} file @param {Zip} zip */
function curveIn(file, { strFromU8, unzipSync }) {
  const { [CURVE]: csv } = unzipSync(new Uint8Array(file), {
    filter: ({ name, originalSize }) => {
      if (name !== CURVE) return false;
      if (originalSize <= MOST_BYTES) return true;
      throw new SyntaxError(`The file's curve unpacks to ${originalSize} bytes; up to ${MOST_BYTES} are allowed.`);
    },
  });
  // Checkpoints of `websim train` have none.
  return csv ? MetricLog.fromCsv(strFromU8(csv)) : new MetricLog();
}
