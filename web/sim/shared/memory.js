/**
 * One block of memory a shard: everything that a worker publishes about its environments, as named
 * typed arrays in a single buffer. In an isolated page the buffer is a SharedArrayBuffer that the
 * page reads at any time; otherwise it is an ArrayBuffer that travels by `postMessage`. The readers
 * are the same.
 */

/**
 * @typedef {'f32' | 'f64' | 'i32' | 'u8'} ElementType
 * @typedef {{name: string, type: ElementType, length: number, offset: number}} Field
 * @typedef {{fields: Field[], bytes: number}} Layout
 * @typedef {Float32Array | Float64Array | Int32Array | Uint8Array} TypedArray
 */

/**
 * Whether memory can be shared with workers. WebKitGTK says of a page that it is isolated and has no
 * SharedArrayBuffer: what is there counts, not what is promised.
 */
export const SHARES_MEMORY = globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === 'function';

/** Why it cannot be, as the end of a sentence; empty where it can. */
export const WHY_NOT_SHARED = SHARES_MEMORY ? '' : globalThis.crossOriginIsolated === true
  ? 'this browser has no SharedArrayBuffer'
  : 'this page is not cross-origin isolated; a localhost or https address changes that';

const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };

/** Poses are written into the one slot while the page reads the other. */
export const POSE_SLOTS = 2;

/** Numbers a body's pose has: position x, y, z and unit quaternion w, x, y, z. */
export const POSE_SIZE = 7;

/** What `counters` counts, in the order of the array. Times are in milliseconds. */
export const COUNTERS = /** @type {const} */ ([
  'environmentSteps',
  'physicsSteps',
  'badStates',
  'busyMs',
  'physicsMs',
  'memoryBytes',
]);

/**
 * The layout of one shard's memory.
 *
 * @param {import('./messages.js').ShardSizes} sizes
 * @returns {Layout}
 */
export function shardLayout({ numEnvs: n, observationSize, actionSize, rewardTerms, worldValues, nq, nv, nbody }) {
  /** @type {[string, ElementType, number][]} */
  const wanted = [
    ['counters', 'f64', COUNTERS.length],
    ['observations', 'f64', n * observationSize],
    ['finalObservations', 'f64', n * observationSize],
    ['rewards', 'f64', n],
    ['rewardTerms', 'f64', n * rewardTerms],
    ['worldValues', 'f64', n * worldValues],
    ['episodeReturns', 'f64', n],
    ['qpos', 'f64', n * nq],
    ['qvel', 'f64', n * nv],
    ['time', 'f64', n],
    ['inputActions', 'f32', n * actionSize],
    ['actions', 'f32', n * actionSize],
    ['poses', 'f32', POSE_SLOTS * n * nbody * POSE_SIZE],
    ['sequence', 'i32', 1],
    ['episodeLengths', 'i32', n],
    ['unrewardedSteps', 'i32', n],
    ['terminations', 'u8', n],
    ['truncations', 'u8', n],
  ];
  let bytes = 0;
  const fields = wanted.map(([name, type, length]) => {
    const size = TYPES[type].BYTES_PER_ELEMENT;
    const offset = Math.ceil(bytes / size) * size;
    bytes = offset + length * size;
    return { name, type, length, offset };
  });
  return { fields, bytes };
}

/**
 * Typed arrays over a buffer that has this layout.
 *
 * @param {Layout} layout
 * @param {ArrayBuffer | SharedArrayBuffer} buffer of at least `layout.bytes`
 */
export function viewsOf(layout, buffer) {
  /** @type {Record<string, TypedArray>} */
  const views = {};
  for (const { name, type, length, offset } of layout.fields) {
    views[name] = new TYPES[type](/** @type {ArrayBuffer} */ (buffer), offset, length);
  }
  return /** @type {ShardViews} */ (/** @type {unknown} */ (views));
}

/** A reader waits so long for a writer: one that has ended in the middle never gets done. */
const PATIENCE_MS = 1000;

/** Writes a sample that readers see as a whole. @param {ShardViews} views @param {() => void} write */
export function writeWhole({ sequence }, write) {
  Atomics.add(sequence, 0, 1);
  try {
    write();
  } finally {
    Atomics.add(sequence, 0, 1);
  }
}

/**
 * What is read of one sample; if another is written meanwhile, it is read again.
 *
 * @template T @param {ShardViews} views @param {() => T} read @returns {T}
 */
export function readWhole({ sequence }, read) {
  const start = performance.now();
  for (;;) {
    const before = Atomics.load(sequence, 0);
    const result = read();
    const whole = before % 2 === 0 && Atomics.load(sequence, 0) === before;
    if (whole || performance.now() - start > PATIENCE_MS) return result;
  }
}

/** Number of the newest whole sample: its poses are in the slot of this number modulo POSE_SLOTS. @param {ShardViews} views */
export const newestSample = ({ sequence }) => Atomics.load(sequence, 0) >>> 1;

/** Whether the poses of a sample have not been written over since. @param {ShardViews} views @param {number} number */
export const hasPoses = ({ sequence }, number) => ((Atomics.load(sequence, 0) - 2 * number) | 0) <= 2 * (POSE_SLOTS - 1);

/**
 * @typedef {object} ShardViews
 * @property {Float64Array} counters
 * @property {Float64Array} observations
 * @property {Float64Array} finalObservations
 * @property {Float64Array} rewards
 * @property {Float64Array} rewardTerms
 * @property {Float64Array} worldValues    NaN where nothing has been drawn yet
 * @property {Float64Array} episodeReturns
 * @property {Float64Array} qpos
 * @property {Float64Array} qvel
 * @property {Float64Array} time
 * @property {Float32Array} inputActions  actions from outside, written by the page (lock-step)
 * @property {Float32Array} actions       the actions of the last step
 * @property {Float32Array} poses         POSE_SLOTS slots of [numEnvs, nbody, POSE_SIZE]
 * @property {Int32Array} sequence  grows when a sample is begun, and when it is complete: odd while one is written
 * @property {Int32Array} episodeLengths
 * @property {Int32Array} unrewardedSteps  steps of the running episode that its return lacks
 * @property {Uint8Array} terminations
 * @property {Uint8Array} truncations
 */
