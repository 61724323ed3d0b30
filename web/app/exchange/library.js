/** A library that few visits need is being loaded: somebody waits for it. */

import { bytes } from '../format.js';

/** @typedef {import('../../sim/shared/protocol.js').Events['library']} Library */

/** What each is for. @type {Record<Library['name'], string>} */
const PURPOSES = { h5wasm: 'What reads and writes HDF5', 'onnxruntime-web': 'What plays graphs' };

/** @param {import('../sharing/work.js').Say} say @returns {(told: Library) => void} */
export const loading = (say) => ({ name, loaded, bytes: all }) => (
  say(`${PURPOSES[name]} is loaded, once: ${bytes(loaded)} of ${bytes(all)}`, loaded / all)
);
