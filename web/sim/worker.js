/**
 * A Web Worker: boots Python and MuJoCo, owns shards of environments, steps them on request or runs
 * them freely, and tells the page. `protocol.js` lists all messages.
 */

import { boot } from './boot.js';
import { SharedTransport } from './communicator.js';
import { toPlain } from './errors.js';
import { PartInbox } from './parts.js';
import { BatchPhysics, embindObjects } from './physics.js';
import { WorkerShard, pythonMemory } from './shard.js';
import { moment } from './stages.js';

/** Free running looks for messages at least so often, in milliseconds; one batch is never cut. */
const SLICE_MS = 8;

/** Ended episodes are told at most so often, in milliseconds. */
const EPISODES_MS = 50;

const HEARTBEAT_MS = 1000;

/** Measuring a task's cost: environments and steps. */
const MEASURE = { envs: 2, steps: 10 };

/** @type {import('./boot.js').Runtime} */
let runtime;
let isolated = false;
const parts = new PartInbox();
let moved = false;
/** @type {SharedTransport | undefined} there once this worker is a rank of a group */
let transport;
/** @type {WorkerShard[]} */
let shards = [];
/** @type {import('./protocol.js').Drive} */
let drive = { controller: 'random', speed: Infinity, sampleRate: 30, running: false };
let looping = false;
let lastSample = 0;
let samplesInFlight = false;
let lastEpisodes = 0;

/** @type {{[T in import('./protocol.js').RequestType]:
 *   (payload: import('./protocol.js').Payload<T>) => import('./protocol.js').Reply<T> | Promise<import('./protocol.js').Reply<T>>}} */
const handlers = {
  async boot({ manifest, isolated: shared }) {
    isolated = shared;
    runtime = await boot(manifest, parts, begin);
    const { mujoco, pyodide } = runtime;
    pyodide.registerJsModule('websim_js', {
      createPhysics: (/** @type {string} */ xml, /** @type {any} */ assets, /** @type {number} */ numEnvs) =>
        new BatchPhysics(mujoco, () => pythonMemory(pyodide), beat, xml, assets.toJs(), numEnvs),
      embindObjects,
      transport: () => transport,
    });
    pyodide.runPython('import websim.shard');
  },

  measure({ specs }) {
    return specs.map(({ task, options }) => {
      const spec = { group: 0, task, options, first: 0, count: MEASURE.envs, seed: 0 };
      const shard = new WorkerShard(runtime, spec, 'random', false);
      try {
        shard.reset(0);
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
    closeShards();
    transport = undefined;
    samplesInFlight = false;
    drive = wanted;
    shards = specs.map((spec) => {
      const shard = new WorkerShard(runtime, spec, drive.controller, isolated);
      shard.reset(spec.seed);
      return shard;
    });
    if (shards.length) shards[0].heapBytes = heapBytes;
    ensureLoop();
    const descriptions = shards.map((shard) => shard.describe());
    begin('ready');
    return descriptions;
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
    if (change.controller !== undefined && change.controller !== drive.controller) {
      for (const shard of shards) shard.setController(change.controller);
    }
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
    transport = new SharedTransport(exchange, rank, ranks, () => pythonMemory(runtime.pyodide), beat);
  },

  close() {
    drive.running = false;
    closeShards();
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
    for (const { group, buffer } of /** @type {import('./protocol.js').Sample[]} */ (data.recycle)) {
      shards.find((shard) => shard.group === group)?.spare.push(buffer);
    }
    return;
  }
  const { id, type, payload } = /** @type {import('./protocol.js').RequestMessage} */ (data);
  try {
    const reply = await handlers[type](payload);
    self.postMessage({ id, reply }, { transfer: transfersOf(reply) });
  } catch (error) {
    self.postMessage({ id, error: toPlain(error) });
  }
};

/** @param {import('./protocol.js').EventMessage} message @param {Transferable[]} [transfer] */
function tell(message, transfer = []) {
  self.postMessage(message, { transfer });
}

/** @param {import('./boot.js').Stage | 'moving'} stage */
function begin(stage) {
  tell({ event: 'progress', stage, at: moment() });
}

function closeShards() {
  for (const shard of shards) shard.close();
  shards = [];
}

function beat() {
  tell({ event: 'heartbeat' });
}
setInterval(beat, HEARTBEAT_MS);

/** Starts the free-running loop unless it runs. */
function ensureLoop() {
  if (looping || !drive.running) return;
  looping = true;
  loop().catch((error) => {
    drive.running = false;
    tell({ event: 'failed', error: toPlain(error) });
  }).finally(() => {
    looping = false;
  });
}

async function loop() {
  await untilDue(0); // the page is answered before it hears of what comes next
  while (drive.running && shards.length) {
    const sliceEnd = performance.now() + SLICE_MS;
    let now = performance.now();
    let next = earliest();
    while (next.due <= now && now < sliceEnd) {
      next.step('controller');
      if (!moved) begin('moving');
      moved = true;
      now = performance.now();
      schedule(next, now);
      next = earliest();
    }
    if (now - lastEpisodes >= EPISODES_MS) tellEpisodes();
    if (!samplesInFlight && now - lastSample >= 1000 / drive.sampleRate) tellSamples();
    await untilDue(next.due - performance.now());
  }
  tellSamples();
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
  for (const shard of shards) {
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
  return isolated ? [] : shards.map((shard) => shard.sample());
}

function heapBytes() {
  return pythonMemory(runtime.pyodide).byteLength + (shards[0]?.physics.xpos.buffer.byteLength ?? 0);
}

/** @param {unknown} reply @returns {Transferable[]} */
function transfersOf(reply) {
  if (!Array.isArray(reply)) return [];
  return reply.map((item) => item?.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
