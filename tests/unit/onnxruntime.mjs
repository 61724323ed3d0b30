/** ONNX's runtime of the page, in Node.js. */

import { readFileSync } from 'node:fs';

import { OnnxRuntime } from '../../web/sim/worker/onnx.js';

const root = new URL('../../', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('server/websim_server/build/assets.lock.json', root), 'utf8'));
const { folder, files } = lock.packages.find((/** @type {{name: string}} */ { name }) => name === 'onnxruntime-web');

/** @type {URL[]} */
export const ADDRESSES = files.map((/** @type {{name: string}} */ { name }) => new URL(`web/vendor/${folder}/${name}`, root));

const [script, binary] = ADDRESSES;

export const makeRuntime = () => OnnxRuntime.create(script.href, binary.pathname);
