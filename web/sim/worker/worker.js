/**
 * A Web Worker: boots Python and MuJoCo, owns shards of environments, steps them on request or runs
 * them freely, and tells the page. `protocol.js` lists all messages.
 */

import { boot } from './boot.js';
import { SharedTransport } from '../shared/communicator.js';
import { toPlain } from '../shared/errors.js';
import { Learner, pythonBytes } from './learner.js';
import { Overture } from './overture.js';
import { PartInbox } from './inbox.js';
import { BatchPhysics, embindObjects } from './physics.js';
import { WorkerShard, pythonMemory } from './shard.js';
import { moment } from '../shared/stages.js';

/** Free running looks for messages at least so often, in milliseconds; one batch is never cut. */
const SLICE_MS = 8;

/** Of a worker that learns, other environments take no more than this share of the time. */
const BESIDE_SHARE = 0.25;

/** Ended episodes are told at most so often, in milliseconds. */
const EPISODES_MS = 50;

const HEARTBEAT_MS = 1000;

/** In the middle of a learner's iteration samples are sent so often though none came back, in ms. */
const UNANSWERED_MS = 100;

/** Measuring a task's cost: environments and steps. */
const MEASURE = { envs: 2, steps: 10 };

/** @type {import('./boot.js').Runtime} */
let runtime;
let isolated = false;
/** There before Python is. @type {PromiseWithResolvers<import('./boot.js').Mujoco>} */
const mujocoUp = Promise.withResolvers();
/** Moves the robots until Python is up. @type {Overture | undefined} */
let overture;
const parts = new PartInbox();
let moved = false;
/** @type {SharedTransport | undefined} there once this worker is a rank of a group */
let transport;
/** @type {Learner | undefined} */
let learner;
/** `websim.browser.learner.Policies` of this worker. @type {any} */
let policies;
/** The environments that controllers drive. @type {WorkerShard[]} */
let shards = [];
/** @type {import('../shared/protocol.js').Drive} */
let drive = { speed: Infinity, sampleRate: 30, running: false };
let looping = false;
let lastSample = 0;
let samplesInFlight = false;
let lastEpisodes = 0;

/** @type {{[T in import('../shared/protocol.js').RequestType]:
 *   (payload: import('../shared/protocol.js').Payload<T>) => import('../shared/protocol.js').Reply<T> | Promise<import('../shared/protocol.js').Reply<T>>}} */
const handlers = {
  async boot({ manifest, isolated: shared }) {
    isolated = shared;
    runtime = await boot(manifest, parts, begin, mujocoUp.resolve);
    const { mujoco, pyodide } = runtime;
    pyodide._api.on_fatal = fail;
    pyodide.registerJsModule('websim_js', {
      createPhysics: (/** @type {string} */ xml, /** @type {any} */ assets, /** @type {number} */ numEnvs) =>
        new BatchPhysics(mujoco, () => pythonMemory(pyodide), beat, xml, assets.toJs(), numEnvs),
      embindObjects,
      transport: () => transport,
    });
    policies = pyodide.runPython('import websim.browser.learner; websim.browser.learner.Policies()');
  },

  async overture({ spec, opening, drive: wanted }) {
    const mujoco = await mujocoUp.promise;
    if (runtime) return null;
    overture = new Overture(mujoco, opening, spec, isolated, beat);
    drive = wanted;
    play(overture).catch(fail);
    return overture.describe();
  },

  measure({ specs }) {
    return specs.map(({ task, options }) => {
      const spec = { group: 0, task, options, first: 0, count: MEASURE.envs, seed: 0 };
      const shard = WorkerShard.make(runtime, spec, 'random', policies, false);
      try {
        const before = shard.physics.elapsedMs;
        for (let i = 0; i < MEASURE.steps; i++) shard.step('controller');
        return (shard.physics.elapsedMs - before) / (MEASURE.steps * MEASURE.envs);
      } finally {
        shard.close();
      }
    });
  },

  create({ specs, drive: wanted }) {
    begin('environments');
    closeAll();
    policies.clear();
    transport = undefined;
    samplesInFlight = false;
    drive = wanted;
    const played = overture;
    overture = undefined;
    try {
      shards = specs.map((spec) => (
        WorkerShard.make(runtime, spec, 'zero', policies, isolated, played?.leadsTo(spec) ? played : undefined)
      ));
    } finally {
      played?.close();
    }
    countHeap();
    ensureLoop();
    const descriptions = shards.map((shard) => shard.describe());
    begin('ready');
    return descriptions;
  },

  plan({ spec, checkpoint, workers }) {
    const data = checkpoint && pythonBytes(runtime.pyodide, checkpoint);
    const python = runtime.pyodide.pyimport('websim.browser.learner').plan(spec ?? undefined, data ?? undefined, workers);
    data?.destroy();
    return toObject(python);
  },

  learn(payload) {
    const { exchange, rank, ranks, checkpoint } = payload;
    transport = exchange ? newTransport(exchange, rank, ranks) : undefined;
    if (learner) {
      learner.rejoin(checkpoint);
      return { restarted: false, description: learner.shard.describe() };
    }
    learner = new Learner(runtime, payload, policies, isolated, {
      pulse,
      expelled: () => transport?.expelled ?? false,
      tell,
    });
    countHeap();
    return { restarted: learner.restartedEnvironments, description: learner.shard.describe() };
  },

  train(wish) {
    learner?.train(wish);
    ensureLoop();
  },

  readCheckpoint({ data }) {
    const bytes = pythonBytes(runtime.pyodide, data);
    const python = runtime.pyodide.pyimport('websim.browser.learner').describe(bytes);
    bytes.destroy();
    const { spec, global_step: globalStep, ...rest } = toObject(python);
    return { spec: JSON.parse(spec), globalStep, ...rest };
  },

  sizesOfPolicy({ data }) {
    const bytes = pythonBytes(runtime.pyodide, data);
    const sizes = toObject(policies.sizes_of(bytes));
    bytes.destroy();
    return sizes;
  },

  addPolicy({ name, data }) {
    const bytes = pythonBytes(runtime.pyodide, data);
    policies.add(name, bytes);
    bytes.destroy();
  },

  setController({ group, first, count, name }) {
    shards.find((shard) => shard.group === group)?.setController(name, first, count);
  },

  reset({ seed }) {
    for (const shard of shards) shard.reset(seed);
    return samplesToSend();
  },

  step({ actions }) {
    for (const shard of shards) {
      shard.step(actions?.get(shard.group) ?? shard.views.inputActions);
    }
    tellEpisodes();
    return samplesToSend();
  },

  stepOnce() {
    for (const shard of shards) shard.step('controller');
    tellEpisodes();
    return samplesToSend();
  },

  drive(change) {
    drive = { ...drive, ...change };
    for (const shard of shards) shard.due = 0; // what is due was counted at the old speed
    ensureLoop();
  },

  setAction({ group, index, action }) {
    shards.find((shard) => shard.group === group)?.setAction(index, action);
  },

  async runPython({ code }) {
    const { pyodide } = runtime;
    const result = await pyodide.runPythonAsync(code);
    if (typeof result?.toJs !== 'function') return result;
    const plain = result.toJs({ dict_converter: Object.fromEntries, create_pyproxies: false });
    result.destroy();
    return plain;
  },

  join({ exchange, rank, ranks }) {
    transport = newTransport(exchange, rank, ranks);
  },

  close() {
    drive.running = false;
    closeAll();
    return { embindObjects: embindObjects() };
  },
};

self.onmessage = async ({ data }) => {
  if (data.part) {
    parts.receive(data);
    return;
  }
  if (data.recycle) {
    samplesInFlight = false;
    for (const { group, buffer } of /** @type {import('../shared/protocol.js').Sample[]} */ (data.recycle)) {
      allShards().find((shard) => shard.group === group)?.spare.push(buffer);
    }
    return;
  }
  const { id, type, payload } = /** @type {import('../shared/protocol.js').RequestMessage} */ (data);
  try {
    const reply = await handlers[type](payload);
    self.postMessage({ id, reply }, { transfer: transfersOf(reply) });
  } catch (error) {
    // After a trap MuJoCo's memory is as it may be; what Python's traps do, `on_fatal` is told.
    if (error instanceof WebAssembly.RuntimeError) fail(error);
    self.postMessage({ id, error: toPlain(error) });
  }
};

/** @param {import('../shared/protocol.js').EventMessage} message @param {Transferable[]} [transfer] */
function tell(message, transfer = []) {
  self.postMessage(message, { transfer });
}

/** @param {import('./boot.js').Stage | 'moving'} stage */
function begin(stage) {
  tell({ event: 'progress', stage, at: moment() });
}

function closeAll() {
  for (const shard of shards) shard.close();
  shards = [];
  if (!learner) return;
  learner.close();
  learner = undefined;
  // What learns is a cycle of objects with large arrays.
  runtime.pyodide.runPython('import gc; gc.collect()');
}

/** @param {SharedArrayBuffer} exchange @param {number} rank @param {number} ranks */
function newTransport(exchange, rank, ranks) {
  return new SharedTransport(exchange, rank, ranks, () => pythonMemory(runtime.pyodide), beat);
}

/** @param {any} python a dictionary @returns {any} */
function toObject(python) {
  const object = python.toJs({ dict_converter: Object.fromEntries });
  python.destroy();
  return object;
}

function beat() {
  lastBeat = performance.now();
  tell({ event: 'heartbeat' });
}
let lastBeat = 0;
setInterval(beat, HEARTBEAT_MS);

/** Starts the loop unless it runs. */
function ensureLoop() {
  if (looping || !hasWork()) return;
  looping = true;
  loop().catch((error) => {
    drive.running = false;
    fail(error);
  }).finally(() => {
    looping = false;
  });
}

/** Tells that this worker is of no more use. @param {unknown} error */
function fail(error) {
  tell({ event: 'failed', error: toPlain(error) });
}

function hasWork() {
  return learner?.running || (drive.running && shards.length > 0);
}

async function loop() {
  await untilDue(0); // the page is answered before it hears of what comes next
  while (hasWork()) {
    let due = 0;
    if (learner?.running) learner.iterate(); // its pulses step the others
    else due = stepDue(performance.now() + SLICE_MS);
    tellNews(performance.now());
    await untilDue(due - performance.now());
  }
  tellSamples();
}

/** Steps an overture until the environments that it leads to are there. @param {Overture} played */
async function play(played) {
  while (overture === played) {
    const start = performance.now();
    played.step();
    if (!moved) begin('moving');
    moved = true;
    const end = performance.now();
    tellNews(end);
    await untilDue(played.next(start, end, drive.speed) - end);
  }
}

/** Steps what is due, for a while. @param {number} end @returns {number} when something is due next */
function stepDue(end) {
  let now = performance.now();
  let next = earliest();
  while (next.due <= now && now < end) {
    next.step('controller');
    if (!moved) begin('moving');
    moved = true;
    now = performance.now();
    schedule(next, now);
    next = earliest();
  }
  return next.due;
}

/**
 * In the middle of a learner's iteration: what else is due, no more than one step of one shard.
 *
 * @param {number} now
 * @returns {number} when something is due again
 */
function pulse(now) {
  if (now - lastBeat >= HEARTBEAT_MS) beat();
  let due = now + EPISODES_MS;
  if (drive.running && shards.length) {
    const next = earliest();
    if (Math.max(next.due, besideDue) <= now) {
      next.step('controller');
      const end = performance.now();
      schedule(next, end);
      // The time that it took is the learner's several times over before the next one has its turn.
      besideDue = end + (end - now) * (1 / BESIDE_SHARE - 1);
    }
    due = Math.min(due, Math.max(earliest().due, besideDue));
  }
  // The page's answers wait until the iteration ends: samples are told without them.
  if (samplesInFlight && now - lastSample >= UNANSWERED_MS) samplesInFlight = false;
  tellNews(now);
  return due;
}
let besideDue = 0;

/** Tells the page what has happened, where it is time. @param {number} now */
function tellNews(now) {
  if (now - lastEpisodes >= EPISODES_MS) tellEpisodes();
  if (!samplesInFlight && now - lastSample >= 1000 / drive.sampleRate) tellSamples();
}

function earliest() {
  return shards.reduce((first, shard) => (shard.due < first.due ? shard : first));
}

/**
 * Sets when the shard is due again. Unlimited shards take turns, step by step; one that cannot keep
 * up with its speed starts counting anew instead of running after it.
 *
 * @param {WorkerShard} shard
 * @param {number} now
 */
function schedule(shard, now) {
  if (drive.speed === Infinity) {
    shard.due = now;
    return;
  }
  const interval = (shard.dt * 1000) / drive.speed;
  const behind = now - shard.due > 2 * interval;
  shard.due = (behind ? now : shard.due) + interval;
}

const channel = new MessageChannel();

/** Lets messages in; returns after `ms`, at once if that has passed. @param {number} ms */
function untilDue(ms) {
  return new Promise((resolve) => {
    if (ms > 1) {
      // Not past a change of speed or a pause by much.
      setTimeout(resolve, Math.min(ms, 50));
    } else {
      // A timer would be clamped to 4 ms.
      channel.port1.onmessage = () => resolve(undefined);
      channel.port2.postMessage(null);
    }
  });
}

function tellEpisodes() {
  lastEpisodes = performance.now();
  for (const shard of allShards()) {
    if (shard.ended.length) tell({ event: 'episodes', group: shard.group, ended: shard.takeEnded() });
  }
}

function tellSamples() {
  const samples = samplesToSend();
  if (!samples.length) return;
  lastSample = performance.now();
  samplesInFlight = true;
  tell({ event: 'samples', samples }, samples.map(({ buffer }) => buffer));
}

/** Copies for a page that does not share the memory. */
function samplesToSend() {
  return isolated ? [] : allShards().map((shard) => shard.sample());
}

function allShards() {
  if (overture) return [overture];
  return learner ? [learner.shard, ...shards] : shards;
}

/** Has one of the shards count the memory of Python and MuJoCo. */
function countHeap() {
  const [first, ...others] = allShards();
  for (const shard of others) shard.heapBytes = () => 0;
  if (!first) return;
  first.heapBytes = () => pythonMemory(runtime.pyodide).byteLength + first.physics.xpos.buffer.byteLength;
}

/** @param {unknown} reply @returns {Transferable[]} */
function transfersOf(reply) {
  if (!Array.isArray(reply)) return [];
  return reply.map((item) => item?.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
