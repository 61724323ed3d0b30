/**
 * TensorFlow.js beside which our reading and writing of its models is tested and measured.
 *
 *     npm install --prefix /tmp/tfjs @tensorflow/tfjs@4.22.0
 *     NODE_PATH=/tmp/tfjs/node_modules node bench/tfjs.mjs write
 *     NODE_PATH=/tmp/tfjs/node_modules node bench/tfjs.mjs check MODEL.zip NUMBERS.json
 *
 * `write` makes the models in tests/python/exchange/models that `test_tfjs.py` reads, with what they do on some
 * observations. `check` says how far a layers model of ours acts from what is known: {observations, actions}.
 */

import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');

const FOLDER = new URL('../tests/python/exchange/models/', import.meta.url);
const [OBSERVATIONS, ACTIONS, COUNT] = [11, 3, 50]; // Hopper-v5

/** @param {string} name @param {any} artifacts  of a model @param {any} predict */
function keep(name, artifacts, predict) {
  const { modelTopology, weightSpecs, weightData } = artifacts;
  const half = Math.ceil(weightData.byteLength / 2);
  const files = {
    'model.json': strToU8(JSON.stringify({ format: name, modelTopology, weightsManifest: [{ paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights: weightSpecs }] })),
    'group1-shard1of2.bin': new Uint8Array(weightData.slice(0, half)),
    'group1-shard2of2.bin': new Uint8Array(weightData.slice(half)),
  };
  writeFileSync(new URL(`tfjs-${name}.zip`, FOLDER), zipSync(files));
  const seen = tf.randomNormal([COUNT, OBSERVATIONS], 0, 2, 'float32', 7);
  const numbers = { observations: seen.arraySync(), actions: predict(seen).arraySync() };
  writeFileSync(new URL(`tfjs-${name}.json`, FOLDER), JSON.stringify(numbers));
}

async function write() {
  const init = (/** @type {number} */ seed) => ({ kernelInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed }), biasInitializer: tf.initializers.randomNormal({ stddev: 0.3, seed: seed + 1 }) });
  const model = tf.sequential({ layers: [
    tf.layers.batchNormalization({ inputShape: [OBSERVATIONS], momentum: 0.5 }),
    tf.layers.dense({ units: 8, activation: 'elu', ...init(1) }),
    tf.layers.dropout({ rate: 0.5 }),
    tf.layers.dense({ units: 6, ...init(3) }),
    tf.layers.activation({ activation: 'elu' }),
    tf.layers.dense({ units: ACTIONS, activation: 'tanh', ...init(5) }),
  ] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  await model.fit(tf.randomNormal([64, OBSERVATIONS], 1, 3, 'float32', 3), tf.zeros([64, ACTIONS]), { epochs: 2, verbose: 0 });
  let kept;
  await model.save(tf.io.withSaveHandler(async (artifacts) => { kept = artifacts; return {}; }));
  keep('layers-model', kept, (seen) => model.predict(seen));

  // As tensorflowjs_converter writes perceptrons: a product with what is fused with it.
  const weight = (/** @type {string} */ name, /** @type {number[]} */ shape, /** @type {number} */ seed) => ({ name, shape, dtype: 'float32', data: tf.randomNormal(shape, 0, 0.4, 'float32', seed).dataSync() });
  const weights = [weight('mean', [OBSERVATIONS], 11), weight('k0', [OBSERVATIONS, 8], 12), weight('b0', [8], 13), weight('k1', [8, ACTIONS], 14), weight('b1', [ACTIONS], 15)];
  const type = { T: { type: 'DT_FLOAT' } };
  const fused = (/** @type {string[]} */ ...ops) => ({ ...type, transpose_a: { b: false }, transpose_b: { b: false }, num_args: { i: '1' }, epsilon: { f: 0 }, fused_ops: { list: { s: ops.map((op) => btoa(op)) } } });
  const modelTopology = {
    node: [
      { name: 'observation', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: '-1' }, { size: String(OBSERVATIONS) }] } } } },
      ...weights.map(({ name, shape }) => ({ name, op: 'Const', attr: { dtype: { type: 'DT_FLOAT' }, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: { dim: shape.map((size) => ({ size: String(size) })) } } } } })),
      { name: 'centred', op: 'Sub', input: ['observation', 'mean'], attr: type },
      { name: 'hidden', op: '_FusedMatMul', input: ['centred', 'k0', 'b0'], attr: fused('BiasAdd', 'Relu') },
      { name: 'product', op: 'MatMul', input: ['hidden', 'k1'], attr: { ...type, transpose_a: { b: false }, transpose_b: { b: false } } },
      { name: 'sum', op: 'AddV2', input: ['product', 'b1'], attr: type },
      { name: 'actions', op: 'Tanh', input: ['sum'], attr: type },
    ],
    versions: { producer: 1 },
  };
  const artifacts = {
    format: 'graph-model', modelTopology, weightSpecs: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    weightData: Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))),
  };
  artifacts.weightData = artifacts.weightData.buffer.slice(artifacts.weightData.byteOffset, artifacts.weightData.byteOffset + artifacts.weightData.byteLength);
  const graph = await tf.loadGraphModel({ load: async () => artifacts });
  keep('graph-model', artifacts, (seen) => graph.predict(seen));
}

/** @param {string} file @param {string} numbers */
async function check(file, numbers) {
  const { 'model.json': text, 'weights.bin': data } = unzipSync(readFileSync(file));
  const { modelTopology, weightsManifest: [{ weights }] } = JSON.parse(strFromU8(text));
  const model = await tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs: weights, weightData: data.slice().buffer }) });
  const { observations, actions } = JSON.parse(readFileSync(numbers, 'utf8'));
  const off = tf.max(tf.abs(tf.sub(model.predict(tf.tensor(observations)), tf.tensor(actions)))).arraySync();
  console.log(`${file}: ${off} at most`);
}

const [what, ...files] = process.argv.slice(2);
await tf.setBackend('cpu');
await (what === 'write' ? write() : check(files[0], files[1]));
