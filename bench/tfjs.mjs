/**
 * TensorFlow.js beside which our reading and writing of its models is tested and measured.
 *
 *     npm install --prefix /tmp/tfjs @tensorflow/tfjs@4.22.0
 *     NODE_PATH=/tmp/tfjs/node_modules node bench/tfjs.mjs write
 *     NODE_PATH=/tmp/tfjs/node_modules node bench/tfjs.mjs parts
 *     NODE_PATH=/tmp/tfjs/node_modules node bench/tfjs.mjs check MODEL.zip NUMBERS.json
 *
 * `write` makes the models in tests/python/exchange/models that `test_tfjs.py` reads, with what they do on some
 * observations; `parts` makes those that are no perceptrons, and `tfjs-parts.json`, a small model for each layer and each
 * operator that is read. `check` says how far a layers model of ours acts from what is known: {observations, actions}.
 */

import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');

const FOLDER = new URL('../tests/python/exchange/models/', import.meta.url);
const [OBSERVATIONS, ACTIONS, COUNT] = [11, 3, 50]; // Hopper-v5

/** @param {string} name @param {any} artifacts  of a model @param {any} predict  actions of observations */
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
  keep('layers-model', await artifactsOf(model), (seen) => model.predict(seen));

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

/** A model's file as `test_tfjs.py` makes it again, what goes in, and what comes out. @param {any} artifacts @param {any} seen @param {any} made */
const part = ({ modelTopology, weightSpecs, weightData }, seen, made) => ({
  modelTopology, weightSpecs, weights: Buffer.from(weightData).toString('base64'), seen: seen.arraySync(), made: made.arraySync(),
});

const COUNT_OF_PARTS = 3;

/** What layers of a model may be, by what goes in: [shape, layers]. */
function layerCases() {
  const { layers } = tf;
  const seed = 5;
  const init = { kernelInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed }), biasInitializer: tf.initializers.randomNormal({ seed }) };
  const recurrent = { ...init, recurrentInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed: 7 }) };
  const rows = [6, 4];
  const picture = [6, 5, 2];
  /** @type {Record<string, [shape: number[], layers: any[]]>} */
  const cases = {
    'dense of rows': [rows, [layers.dense({ units: 3, activation: 'softsign', ...init })]],
    'softmax layer': [rows, [layers.softmax({ axis: 2 })]],
    'max relu': [rows, [layers.reLU({ maxValue: 0.5 })]],
    'elu layer': [rows, [layers.elu()]],
    'leaky relu': [rows, [layers.leakyReLU({ alpha: 0.2 })]],
    'thresholded relu': [rows, [layers.thresholdedReLU({ theta: 0.4 })]],
    prelu: [rows, [layers.prelu({ alphaInitializer: tf.initializers.randomNormal({ seed }) })]],
    'layer normalization': [rows, [layers.layerNormalization({ gammaInitializer: tf.initializers.randomNormal({ seed }), betaInitializer: tf.initializers.randomNormal({ seed: 8 }) })]],
    'batch normalization': [rows, [layers.batchNormalization({ gammaInitializer: tf.initializers.randomNormal({ seed }), betaInitializer: tf.initializers.randomNormal({ seed: 8 }) })]],
    'convolution of rows': [rows, [layers.conv1d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh', ...init })]],
    'dilated convolution': [rows, [layers.conv1d({ filters: 3, kernelSize: 2, dilationRate: 2, padding: 'same', ...init })]],
    convolution: [picture, [layers.conv2d({ filters: 3, kernelSize: [3, 2], strides: [2, 1], activation: 'relu', ...init })]],
    'same convolution': [picture, [layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', useBias: false, ...init })]],
    'depthwise convolution': [picture, [layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', depthwiseInitializer: tf.initializers.randomNormal({ seed }) })]],
    'separable convolution': [picture, [layers.separableConv2d({ filters: 4, kernelSize: 3, depthwiseInitializer: tf.initializers.randomNormal({ seed }), pointwiseInitializer: tf.initializers.randomNormal({ seed }) })]],
    'max pooling of rows': [rows, [layers.maxPooling1d({ poolSize: 2 })]],
    'mean pooling of rows': [rows, [layers.averagePooling1d({ poolSize: 3, strides: 2, padding: 'same' })]],
    'max pooling': [picture, [layers.maxPooling2d({ poolSize: [2, 2], padding: 'same' })]],
    'mean pooling': [picture, [layers.averagePooling2d({ poolSize: [3, 2], strides: [1, 2] })]],
    'greatest of rows': [rows, [layers.globalMaxPooling1d({})]],
    'mean of rows': [rows, [layers.globalAveragePooling1d({})]],
    greatest: [picture, [layers.globalMaxPooling2d({ dataFormat: 'channelsLast' })]],
    mean: [picture, [layers.globalAveragePooling2d({ dataFormat: 'channelsLast' })]],
    'zero padding': [picture, [layers.zeroPadding2d({ padding: [[1, 2], [0, 1]] })]],
    reshape: [rows, [layers.permute({ dims: [2, 1] }), layers.reshape({ targetShape: [2, 12] }), layers.flatten()]],
    rescaling: [rows, [layers.rescaling({ scale: 0.5, offset: 2 })]],
    repeat: [[4], [layers.repeatVector({ n: 3 })]],
    lstm: [rows, [layers.lstm({ units: 3, ...recurrent })]],
    'lstm of sequences': [rows, [layers.lstm({ units: 3, returnSequences: true, recurrentActivation: 'sigmoid', ...recurrent })]],
    gru: [rows, [layers.gru({ units: 3, ...recurrent })]],
    'simple rnn': [rows, [layers.simpleRNN({ units: 3, activation: 'relu', ...recurrent })]],
  };
  for (const activation of ['elu', 'selu', 'relu', 'relu6', 'sigmoid', 'hardSigmoid', 'softplus', 'softmax', 'logSoftmax', 'gelu', 'gelu_new', 'mish', 'swish']) {
    cases[activation] = [rows, [layers.activation({ activation })]];
  }
  return cases;
}

/** Models of several ways, beside each other. */
function joinedCases() {
  const { layers } = tf;
  const init = { kernelInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed: 3 }) };
  const made = {};
  for (const kind of ['add', 'multiply', 'average', 'maximum', 'minimum', 'concatenate']) {
    const input = tf.input({ shape: [4] });
    const shared = layers.dense({ units: 4, activation: 'tanh', ...init });
    const [one, other] = [shared.apply(input), shared.apply(layers.dense({ units: 4, ...init }).apply(input))];
    made[kind] = tf.model({ inputs: input, outputs: layers[kind]({}).apply([one, other]) });
  }
  const inner = tf.sequential({ layers: [layers.dense({ units: 3, inputShape: [4], activation: 'elu', ...init })] });
  const input = tf.input({ shape: [4] });
  made.nested = tf.model({ inputs: input, outputs: layers.dense({ units: 2, ...init }).apply(inner.apply(input)) });
  return made;
}

const number = (/** @type {number} */ i) => ({ i: String(i) });
const text = (/** @type {string} */ s) => ({ s: btoa(s) });
const list = (/** @type {number[]} */ i) => ({ list: { i: i.map(String) } });

/**
 * Operators, by what goes in: shape of x, constants, and nodes, the last of which gives what comes out.
 *
 * @returns {Record<string, [shape: number[], constants: Record<string, any>, nodes: [op: string, inputs: string[], attributes?: Record<string, any>][]]>}
 */
function operatorCases() {
  const [flat, picture] = [[3, 4], [6, 5, 2]];
  const random = (/** @type {number[]} */ shape, seed = 9) => tf.randomNormal(shape, 0, 0.5, 'float32', seed);
  const whole = (/** @type {any} */ values) => tf.tensor(values, undefined, 'int32');
  const window = { strides: list([1, 2, 1, 1]), dilations: list([1, 1, 1, 1]), data_format: text('NHWC'), padding: text('SAME') };
  const fused = (/** @type {string[]} */ ...ops) => ({ fused_ops: { list: { s: ops.map((op) => btoa(op)) } }, num_args: number(1) });
  const kernel = random([3, 3, 2, 4]);
  /** @type {any} */
  const cases = {};
  for (const op of ['Tanh', 'Exp', 'Neg', 'Abs', 'Sign', 'Floor', 'Ceil', 'Round', 'Sin', 'Cos', 'Tan', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Erf', 'Reciprocal', 'Softplus', 'Selu', 'Sigmoid', 'Relu', 'Relu6', 'Elu', 'Square', 'Expm1', 'Softmax', 'LogSoftmax', 'ZerosLike', 'OnesLike', 'Identity', 'StopGradient']) {
    cases[op] = [flat, {}, [[op, ['x']]]];
  }
  for (const op of ['Sqrt', 'Log', 'Rsqrt', 'Log1p']) cases[op] = [flat, {}, [['Abs', ['x']], [op, ['1']]]];
  for (const op of ['Asin', 'Acos', 'Atanh']) cases[op] = [flat, {}, [['Tanh', ['x']], [op, ['1']]]];
  for (const op of ['Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Div', 'FloorDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'BiasAdd', 'Prelu']) {
    cases[op] = [flat, { a: random([4]) }, [[op, ['x', 'a']]]];
  }
  for (const op of ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual']) {
    cases[op] = [flat, { a: random([4]) }, [[op, ['x', 'a']], ['Cast', ['1'], { SrcT: { type: 'DT_BOOL' }, DstT: { type: 'DT_FLOAT' } }]]];
  }
  for (const op of ['LogicalAnd', 'LogicalOr']) {
    cases[op] = [flat, { a: random([4]), b: tf.scalar(0) }, [['Greater', ['x', 'a']], ['Greater', ['x', 'b']], [op, ['1', '2']], ['LogicalNot', ['3']], ['SelectV2', ['4', 'x', 'a']]]];
  }
  for (const op of ['Mean', 'Sum', 'Max', 'Min', 'Prod']) {
    cases[op] = [flat, { axes: whole([1]) }, [[op, ['x', 'axes'], { keep_dims: { b: false } }]]];
  }
  cases['kept Mean'] = [flat, { axes: whole([1, -1]) }, [['Mean', ['x', 'axes'], { keep_dims: { b: true } }]]];
  for (const op of ['ArgMax', 'ArgMin']) cases[op] = [flat, { axis: whole(2) }, [[op, ['x', 'axis']], ['Cast', ['1'], { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } }]]];
  Object.assign(cases, {
    Pow: [flat, { two: tf.scalar(2) }, [['Pow', ['x', 'two']]]],
    AddN: [flat, { a: random([1, 3, 4]) }, [['Abs', ['x']], ['AddN', ['x', '1', 'x']]]],
    LeakyRelu: [flat, {}, [['LeakyRelu', ['x'], { alpha: { f: 0.1 } }]]],
    ClipByValue: [flat, { low: tf.scalar(-0.5), high: tf.scalar(0.25) }, [['ClipByValue', ['x', 'low', 'high']]]],
    MatMul: [[4], { w: random([5, 4]) }, [['MatMul', ['x', 'w'], { transpose_a: { b: false }, transpose_b: { b: true } }]]],
    _FusedMatMul: [[4], { w: random([4, 5]), b: random([5]) }, [['_FusedMatMul', ['x', 'w', 'b'], { transpose_a: { b: false }, transpose_b: { b: false }, ...fused('BiasAdd', 'LeakyRelu'), leakyrelu_alpha: { f: 0.3 } }]]],
    BatchMatMulV2: [flat, {}, [['BatchMatMulV2', ['x', 'x'], { adj_x: { b: false }, adj_y: { b: true } }]]],
    Einsum: [flat, { w: random([4, 2]) }, [['Einsum', ['x', 'w'], { equation: text('nij,jk->nki'), N: number(2) }]]],
    Conv2D: [picture, { kernel }, [['Conv2D', ['x', 'kernel'], window]]],
    'explicit Conv2D': [picture, { kernel }, [['Conv2D', ['x', 'kernel'], { ...window, padding: text('EXPLICIT'), explicit_paddings: list([0, 0, 1, 2, 0, 1, 0, 0]) }]]],
    _FusedConv2D: [picture, { kernel, b: random([4]) }, [['_FusedConv2D', ['x', 'kernel', 'b'], { ...window, padding: text('VALID'), ...fused('BiasAdd', 'Relu') }]]],
    DepthwiseConv2dNative: [picture, { kernel }, [['DepthwiseConv2dNative', ['x', 'kernel'], { ...window, strides: list([1, 1, 1, 1]) }]]],
    MaxPool: [picture, {}, [['MaxPool', ['x'], { ...window, ksize: list([1, 2, 3, 1]) }]]],
    AvgPool: [picture, {}, [['AvgPool', ['x'], { ...window, ksize: list([1, 2, 3, 1]) }]]],
    FusedBatchNormV3: [picture, { scale: random([2]), shift: random([2], 1), mean: random([2], 2), variance: tf.tensor1d([0.5, 2]) }, [['FusedBatchNormV3', ['x', 'scale', 'shift', 'mean', 'variance'], { epsilon: { f: 0.001 }, data_format: text('NHWC') }]]],
    Reshape: [flat, { shape: whole([-1, 2, 6]) }, [['Reshape', ['x', 'shape']]]],
    'computed Reshape': [flat, { zero: whole([0]), one: whole([1]), two: whole(12) }, [['Shape', ['x']], ['StridedSlice', ['1', 'zero', 'one', 'one'], { shrink_axis_mask: number(1) }], ['Pack', ['2', 'two'], { axis: number(0), N: number(2) }], ['Reshape', ['x', '3']]]],
    ExpandDims: [flat, { axis: whole(2) }, [['ExpandDims', ['x', 'axis']]]],
    Squeeze: [[1, 4], {}, [['Squeeze', ['x'], { squeeze_dims: list([1]) }]]],
    Transpose: [flat, { perm: whole([0, 2, 1]) }, [['Transpose', ['x', 'perm']]]],
    ConcatV2: [flat, { axis: whole(-1) }, [['ConcatV2', ['x', 'x', 'axis'], { N: number(2) }]]],
    Pack: [flat, {}, [['Pack', ['x', 'x'], { axis: number(1), N: number(2) }]]],
    Unpack: [flat, {}, [['Unpack', ['x'], { axis: number(1), num: number(3) }], ['Sub', ['1:1', '1:2']]]],
    Split: [flat, { axis: whole(2) }, [['Split', ['axis', 'x'], { num_split: number(2) }], ['Sub', ['1:1', '1']]]],
    SplitV: [flat, { sizes: whole([1, 3]), axis: whole(2) }, [['SplitV', ['x', 'sizes', 'axis'], { num_split: number(2) }], ['Neg', ['1:1']]]],
    Slice: [flat, { begin: whole([0, 1, 0]), size: whole([-1, 2, 3]) }, [['Slice', ['x', 'begin', 'size']]]],
    StridedSlice: [flat, { begin: whole([0, 2, 1]), end: whole([0, 0, 4]), step: whole([1, -1, 2]) }, [['StridedSlice', ['x', 'begin', 'end', 'step'], { begin_mask: number(1), end_mask: number(3) }]]],
    PadV2: [flat, { ends: whole([[0, 0], [1, 0], [0, 2]]), value: tf.scalar(0.5) }, [['PadV2', ['x', 'ends', 'value']]]],
    Pad: [flat, { ends: whole([[0, 0], [1, 0], [0, 2]]) }, [['Pad', ['x', 'ends']]]],
    MirrorPad: [flat, { ends: whole([[0, 0], [1, 1], [2, 0]]) }, [['MirrorPad', ['x', 'ends'], { mode: text('reflect') }]]],
    GatherV2: [flat, { places: whole([2, 0]), axis: whole(1) }, [['GatherV2', ['x', 'places', 'axis'], { batch_dims: number(0) }]]],
    Tile: [flat, { times: whole([1, 2, 1]) }, [['Tile', ['x', 'times']]]],
    BroadcastTo: [[1, 4], { shape: whole([3, 3, 4]) }, [['BroadcastTo', ['x', 'shape']]]],
    Cumsum: [flat, { axis: whole(1) }, [['Cumsum', ['x', 'axis'], { exclusive: { b: true }, reverse: { b: true } }]]],
    IdentityN: [flat, {}, [['Abs', ['x']], ['IdentityN', ['x', '1']], ['Add', ['2', '2:1']]]],
    Select: [flat, { b: tf.zeros([3, 3, 4]) }, [['Greater', ['x', 'b']], ['Select', ['1', 'x', 'b']]]],
    Fill: [flat, { shape: whole([1, 3, 4]), value: tf.scalar(2) }, [['Fill', ['shape', 'value']], ['Add', ['x', '1']]]],
  });
  return cases;
}

/** @param {any} model @returns {Promise<any>}  its artifacts */
async function artifactsOf(model) {
  let kept;
  await model.save(tf.io.withSaveHandler(async (/** @type {any} */ artifacts) => { kept = artifacts; return {}; }));
  return kept;
}

/** Policies that are no perceptrons: over the numbers of an observation as over a picture's, and with a memory. */
async function writeGraphs() {
  const { layers } = tf;
  const init = (/** @type {number} */ seed) => ({ kernelInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed }) });
  const seeing = tf.sequential({ layers: [
    layers.reshape({ inputShape: [OBSERVATIONS], targetShape: [OBSERVATIONS, 1] }),
    layers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', ...init(1) }),
    layers.maxPooling1d({ poolSize: 2 }), layers.flatten(), layers.dense({ units: ACTIONS, activation: 'tanh', ...init(2) }),
  ] });
  keep('convolution', await artifactsOf(seeing), (/** @type {any} */ seen) => seeing.predict(seen));
  const recurrent = { ...init(3), recurrentInitializer: tf.initializers.randomNormal({ stddev: 0.4, seed: 4 }) };
  const remembering = tf.sequential({ layers: [
    layers.lstm({ batchInputShape: [1, 1, OBSERVATIONS], units: 8, stateful: true, ...recurrent }),
    layers.dense({ units: ACTIONS, ...init(5) }),
  ] });
  keep('lstm', await artifactsOf(remembering), (/** @type {any} */ seen) => (
    tf.concat(tf.split(seen, COUNT).map((/** @type {any} */ one) => remembering.predict(one.reshape([1, 1, OBSERVATIONS]))))
  ));
}

async function writeParts() {
  /** @type {{layers: Record<string, any>, operators: Record<string, any>}} */
  const found = { layers: {}, operators: {} };
  const models = Object.entries(layerCases()).map(([name, [shape, layers]]) => {
    const model = tf.sequential();
    const input = tf.layers.inputLayer({ inputShape: shape });
    for (const layer of [input, ...layers]) model.add(layer);
    return [name, model];
  });
  for (const [name, model] of [...models, ...Object.entries(joinedCases())]) {
    const kept = await artifactsOf(model);
    const seen = tf.randomNormal([COUNT_OF_PARTS, ...model.inputs[0].shape.slice(1)], 0, 1, 'float32', 21);
    found.layers[name] = part(kept, seen, model.predict(seen));
  }
  for (const [name, [shape, constants, nodes]] of Object.entries(operatorCases())) {
    const dtypeOf = (/** @type {any} */ { dtype }) => (dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT');
    const T = { T: { type: 'DT_FLOAT' }, Tidx: { type: 'DT_INT32' } };
    const modelTopology = { node: [
      { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [-1, ...shape].map((size) => ({ size: String(size) })) } } } },
      ...Object.entries(constants).map(([name, tensor]) => ({ name, op: 'Const', attr: { dtype: { type: dtypeOf(tensor) }, value: { tensor: { dtype: dtypeOf(tensor), tensorShape: { dim: tensor.shape.map((/** @type {number} */ size) => ({ size: String(size) })) } } } } })),
      ...nodes.map(([op, input, attr = {}], i) => ({ name: String(i + 1), op, input, attr: { ...T, ...attr } })),
    ], versions: { producer: 1 } };
    const weightData = Buffer.concat(Object.values(constants).map((tensor) => Buffer.from(tensor.dataSync().slice().buffer)));
    const weightSpecs = Object.entries(constants).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
    const artifacts = { format: 'graph-model', modelTopology, weightSpecs, weightData: new Uint8Array(weightData).buffer };
    try {
      const graph = await tf.loadGraphModel({ load: async () => artifacts });
      const seen = tf.randomNormal([COUNT_OF_PARTS, ...shape], 0, 1, 'float32', 21);
      found.operators[name] = part(artifacts, seen, graph.execute({ x: seen }, String(nodes.length)));
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
  }
  writeFileSync(new URL('tfjs-parts.json', FOLDER), JSON.stringify(found, (_, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value)));
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
if (what === 'check') await check(files[0], files[1]);
else if (what === 'write') await write();
else {
  await writeGraphs();
  await writeParts();
}
