/**
 * Runs models of ours with ONNX Runtime as workers of the page do:
 *
 *     node tests/unit/onnx_actions.mjs FOLDER
 *
 * Of each FOLDER/NAME.onnx and NAME.f64, which are 1,000 observations, comes NAME.f32, its actions.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { makeRuntime } from './onnxruntime.mjs';

const DOUBLE = 11;
const ROWS = 1000;

const runtime = await makeRuntime();
const [path] = process.argv.slice(2);
for (const file of readdirSync(path).filter((name) => name.endsWith('.onnx'))) {
  const name = `${path}/${file.replace(/\.onnx$/, '')}`;
  const observations = new Uint8Array(readFileSync(`${name}.f64`));
  const session = runtime.session(new Uint8Array(readFileSync(`${name}.onnx`)));
  const shape = [ROWS, observations.length / Float64Array.BYTES_PER_ELEMENT / ROWS];
  const [[, , actions]] = session.run([['observation', [DOUBLE, shape, observations]]], ['action']);
  session.close();
  writeFileSync(`${name}.f32`, actions);
}
