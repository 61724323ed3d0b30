/** What a worker does when the page asks: a method for each request of `protocol.js`. */

import { boot } from './boot.js';
import { Candidature } from './candidature.js';
import { ExchangeEnd } from '../shared/communicator.js';
import { mountPythonFiles } from './files.js';
import { InvalidArgument } from '../shared/errors.js';
import { Learner } from './learner.js';
import { Libraries } from './libraries.js';
import { WorkerError } from '../shared/errors.js';
import { Overture } from './overture.js';
import { BatchPhysics, embindObjects } from './physics.js';
import { pythonBytes, pythonExperiment, pythonMemory, toJs } from './python.js';
import { WorkerShard } from './shard.js';

/** Measuring a task's cost: environments and steps. */
const MEASURE = { envs: 2, steps: 10 };

/**
 * @typedef {import('../shared/protocol.js').RequestType} RequestType
 * @typedef {import('./boot.js').Mujoco} Mujoco
 */
/** @template {RequestType} T @typedef {import('../shared/protocol.js').Payload<T>} Payload */
/** @template {RequestType} T @typedef {import('../shared/protocol.js').Reply<T>} Reply */
/** @typedef {{[T in RequestType]: (payload: Payload<T>) => Reply<T> | Promise<Reply<T>>}} RequestHandlers */

/** @implements {RequestHandlers} */
export class Handlers {
  /** There once Python is. @type {import('./boot.js').Runtime | undefined} */
  #runtime;
  /** @type {(mujoco: Mujoco) => void} */
  #onMujoco = () => {};
  /** There before Python is. @type {Promise<Mujoco>} */
  #mujoco = new Promise((resolve) => (this.#onMujoco = resolve));
  /** There once this worker is a rank of a group. @type {ExchangeEnd | undefined} */
  #transport;
  /** `websim.browser.policies.Policies` of this worker. @type {any} */
  #policies;
  /** What learns here for a tournament. @type {Candidature | undefined} */
  #candidature;

  /** What was begun and goes on, as it is asked: an object of Python's. @type {any} */
  #work;
  /** What few workers need, and load when they do. */
  libraries;

  /**
   * @param {import('./inbox.js').PartInbox} parts
   * @param {import('./owned.js').Owned} owned
   * @param {import('./news.js').News} news
   * @param {import('./scheduler.js').Scheduler} scheduler
   * @param {(may: (request: import('../shared/protocol.js').RequestMessage) => boolean) => void} hear
   *   answers what hands are to do
   */
  constructor(parts, owned, news, scheduler, hear) {
    this.parts = parts;
    this.owned = owned;
    this.news = news;
    this.scheduler = scheduler;
    this.hear = hear;
    this.libraries = new Libraries((told) => news.tell({ event: 'library', ...told }));
  }

  /** @param {Payload<'boot'>} payload */
  async boot({ manifest, isolated, taskFiles }) {
    this.news.isolated = isolated;
    this.libraries.manifest = manifest;
    const runtime = await boot(manifest, this.parts, (stage) => this.news.begin(stage), this.#onMujoco);
    mountPythonFiles(runtime.mujoco.FS, runtime.pyodide.FS);
    this.#runtime = runtime;
    const { mujoco, pyodide } = runtime;
    pyodide._api.on_fatal = this.scheduler.fail;
    pyodide.registerJsModule('websim_js', {
      createPhysics: (
        /** @type {string} */ source,
        /** @type {boolean} */ isPath,
        /** @type {number} */ numEnvs,
        /** @type {any} */ floor,
      ) => new BatchPhysics(
        mujoco, () => pythonMemory(pyodide), this.#beat, isPath ? { path: source } : { xml: source }, numEnvs,
        floor ? toJs(floor) : null,
      ),
      embindObjects,
      onnx: () => this.libraries.onnx,
      hdf5: () => this.libraries.hdf5,
      transport: () => this.#transport,
      engine: new URL(manifest.mujoco.wasm, location.href).pathname.split('/').at(-2),
    });
    this.#policies = pyodide.runPython('import websim.browser.policies; websim.browser.policies.Policies()');
    for (const file of taskFiles) this.defineTasks(file);
  }

  /** @param {Payload<'defineTasks'>} payload */
  defineTasks({ code, name }) {
    const module = this.#up.pyodide.pyimport('websim.tasks.own');
    try {
      return toJs(module.define(code, name));
    } finally {
      module.destroy();
    }
  }

  /** @param {Payload<'overture'>} payload */
  async overture({ spec, opening, drive }) {
    const mujoco = await this.#mujoco;
    if (this.#runtime) return null;
    const overture = new Overture(mujoco, opening, spec, this.news.isolated, this.#beat);
    this.owned.overture = overture;
    this.scheduler.set(drive);
    this.scheduler.play(overture);
    return overture.describe();
  }

  /** @param {Payload<'measure'>} payload */
  measure({ specs }) {
    return specs.map(({ experiment }) => {
      const spec = { group: 0, experiment, first: 0, numEnvs: MEASURE.envs, seed: 0 };
      const shard = WorkerShard.make(this.#up, spec, 'random', this.#policies, false);
      try {
        const before = shard.physics.elapsedMs;
        for (let i = 0; i < MEASURE.steps; i++) shard.step('controller');
        return (shard.physics.elapsedMs - before) / (MEASURE.steps * MEASURE.envs);
      } finally {
        shard.close();
      }
    });
  }

  /** @param {Payload<'create'>} payload */
  create({ specs, drive }) {
    const { owned, news } = this;
    news.begin('environments');
    this.#closeAll();
    this.#policies.clear();
    this.#transport = undefined;
    news.renew();
    const played = owned.overture;
    owned.overture = undefined;
    try {
      owned.shards = specs.map((spec) => WorkerShard.make(
        this.#up, spec, 'zero', this.#policies, news.isolated, played?.leadsTo(spec) ? played : undefined,
      ));
    } finally {
      played?.close();
    }
    this.#countMemory();
    this.scheduler.set(drive);
    const descriptions = owned.shards.map((shard) => shard.describe());
    news.begin('ready');
    return descriptions;
  }

  /** @param {Payload<'plan'>} payload */
  plan({ experiment, checkpoint, workers }) {
    const { pyodide } = this.#up;
    const wanted = experiment && pythonExperiment(pyodide, experiment, checkpoint);
    try {
      return this.#ask((module, data) => module.plan(wanted ?? undefined, data, workers), checkpoint);
    } finally {
      wanted?.destroy();
    }
  }

  /** @param {Payload<'learn'>} payload */
  learn(payload) {
    const { owned, news, scheduler } = this;
    const { exchange, checkpoint } = payload;
    if (exchange) this.join({ ...payload, exchange });
    else this.#transport = undefined;
    if (owned.learner) {
      owned.learner.rejoin(checkpoint);
      return { restarted: false, description: owned.learner.shard.describe() };
    }
    const learner = new Learner(this.#up, payload, this.#policies, news.isolated, {
      pulse: (now, stepped) => {
        // After a step hands act as they do again when the run is repeated; later something else has seen the state.
        this.hear(({ payload: deed }) => stepped || deed.group !== learner.shard.group);
        return scheduler.pulse(now);
      },
      expelled: () => this.#transport?.expelled ?? false,
      recoded: () => news.recoded(),
      tell: news.tell,
    });
    owned.learner = learner;
    this.#countMemory();
    return { restarted: learner.restartedEnvironments, description: learner.shard.describe() };
  }

  /** @param {Payload<'train'>} wish */
  train(wish) {
    this.owned.learner?.train(wish);
    this.scheduler.wake();
  }

  /** @param {Payload<'stepTournament'>} payload */
  stepTournament({ experiment, state, act, given, seconds }) {
    return this.#askOfTournament(experiment, (module, wanted) => module.step(wanted, state ?? undefined, act, given, seconds));
  }

  /** @param {Payload<'converse'>} payload */
  converse({ experiment, state, words, count, answers }) {
    return this.#askOfTournament(experiment, (module, wanted) => module.converse(wanted, state ?? undefined, words, count, answers));
  }

  /** @param {Payload<'writeTournament'>} payload */
  writeTournament({ experiment, state, runs }) {
    const files = this.#up.pyodide.toPy(new Map([...runs].map(([job, run]) => [job, new Uint8Array(run)])));
    try {
      return this.#askOfTournament(experiment, (module, wanted) => module.write(wanted, state, files));
    } finally {
      files.destroy();
    }
  }

  /** @param {Payload<'learnJob'>} payload */
  async learnJob(payload) {
    if (this.#candidature) throw new WorkerError('the worker has a job already');
    this.#candidature = new Candidature(this.#up, (now) => this.scheduler.pulse(now));
    try {
      return await this.#candidature.run(payload);
    } finally {
      this.#candidature = undefined;
    }
  }

  /** @param {Payload<'endJob'>} payload */
  endJob({ abandon }) {
    this.#candidature?.end(abandon);
  }

  /** @param {Payload<'playScenes'>} payload */
  playScenes({ experiment, checkpoint, seed }) {
    const { pyodide } = this.#up;
    const wanted = pythonExperiment(pyodide, experiment, checkpoint);
    const data = checkpoint && pythonBytes(pyodide, checkpoint);
    try {
      return this.#askOf('picks', (module) => toJs(module.play(wanted, data ?? undefined, seed)));
    } finally {
      for (const proxy of [wanted, data]) proxy?.destroy();
    }
  }

  /** @param {Payload<'judgePicks'>} payload */
  judgePicks({ known, picks, count, seed }) {
    return this.#askOf('picks', (module) => toJs(module.judge(known, picks, count, seed)));
  }

  /** @param {Payload<'readRun'>} payload */
  readRun({ data: run, trusted }) {
    return this.#ask((module, data) => module.describe(data, trusted), run);
  }

  /** @param {Payload<'readLink'>} payload */
  readLink({ link }) {
    return this.#askOf('links', (module) => toJs(module.read(link)));
  }

  /** @param {Payload<'beginMeasuring'>} payload */
  beginMeasuring({ data, trusted, share }) {
    const bytes = pythonBytes(this.#up.pyodide, data);
    const shown = share?.picture && pythonBytes(this.#up.pyodide, share.picture);
    this.#endWork();
    try {
      this.#work = this.#askOf('links', (module) => {
        if (!share) return module.proof(bytes, trusted);
        const { title, author, episodes, link } = share;
        return link
          ? module.sharing(bytes, trusted, title, author, episodes, link.maxCharacters, link.precision ?? undefined, link.size ?? undefined)
          : module.packing(bytes, trusted, title, author, episodes, shown ?? undefined);
      });
    } finally {
      bytes.destroy();
      shown?.destroy();
    }
  }

  /** @param {Payload<'beginTrial'>} payload */
  beginTrial({ policy, statistics, experiment, title }) {
    const { pyodide } = this.#up;
    const bytes = pythonBytes(pyodide, policy);
    const beside = statistics && pythonBytes(pyodide, statistics);
    const wanted = pythonExperiment(pyodide, experiment);
    this.#endWork();
    try {
      this.#work = this.#askOf('exchange', (module) => module.Trial(bytes, beside ?? undefined, wanted, title));
    } finally {
      for (const proxy of [bytes, beside, wanted]) proxy?.destroy();
    }
  }

  /** @param {Payload<'beginRecording'>} payload */
  async beginRecording({ data, experiment, trusted, order, files }) {
    const { pyodide } = this.#up;
    const library = order.format === 'minari' ? this.libraries.hdf5 : undefined;
    if (order.format === 'minari' && !library) throw new WorkerError('what writes HDF5 is not loaded');
    const handles = files && await (await import('../shared/disk.js')).createFiles(files);
    const hdf5 = library?.create(handles?.[0]);
    const run = data && pythonBytes(pyodide, data);
    const wanted = experiment && pythonExperiment(pyodide, experiment);
    const ordered = pyodide.toPy(order);
    this.#endWork();
    try {
      this.#work = this.#askOf('exchange', (module) => (
        module.Session(run ?? undefined, wanted ?? undefined, trusted, ordered, handles ?? undefined, hdf5)
      ));
    } catch (error) {
      for (const handle of handles ?? []) handle.close();
      throw error;
    } finally {
      for (const proxy of [run, wanted, ordered]) proxy?.destroy();
    }
  }

  /** @param {Payload<'exportPolicy'>} payload */
  exportPolicy({ data, trusted, format }) {
    const bytes = pythonBytes(this.#up.pyodide, data);
    try {
      return this.#askOf('exchange', (module) => toJs(module.exported(bytes, trusted, format)));
    } finally {
      bytes.destroy();
    }
  }

  /** @param {Payload<'beginCloning'>} payload */
  beginCloning({ data, experiment, title, seed, episodes }) {
    this.#learnOf(data, experiment, (module, recording, wanted) => module.Pupil(recording, wanted, title, seed, episodes));
  }

  /** @param {Payload<'readRecording'>} payload */
  readRecording({ data, experiment }) {
    this.#learnOf(data, experiment, (module, recording, wanted) => module.Player(recording, wanted));
    return toJs(this.#work.read());
  }

  /**
   * Begins something with a recording.
   *
   * @param {ArrayBuffer} data @param {import('../shared/protocol.js').Experiment} experiment
   * @param {(module: any, recording: any, wanted: any) => any} begin  of `websim.browser.exchange`
   */
  #learnOf(data, experiment, begin) {
    const { pyodide } = this.#up;
    const recording = pythonBytes(pyodide, data);
    const wanted = pythonExperiment(pyodide, experiment);
    this.#endWork();
    try {
      this.#work = this.#askOf('exchange', (module) => begin(module, recording, wanted));
    } finally {
      for (const proxy of [recording, wanted]) proxy.destroy();
    }
  }

  /** @param {Payload<'recordedPoses'>} payload */
  recordedPoses({ episode }) {
    return toJs(this.#work.poses(episode));
  }

  /** @param {Payload<'goOn'>} payload */
  goOn({ seconds }) {
    const told = toJs(this.#work.play(seconds));
    if (told.over) this.#endWork();
    return told;
  }

  #endWork() {
    this.#work?.close();
    this.#work?.destroy();
    this.#work = undefined;
  }

  /** @template T @param {string} name @param {(module: any) => T} ask  of a module of `websim.browser` */
  #askOf(name, ask) {
    const module = this.#up.pyodide.pyimport(`websim.browser.${name}`);
    try {
      return ask(module);
    } finally {
      module.destroy();
    }
  }

  /** @param {Payload<'readTasks'>} payload */
  readTasks({ file: { code, name }, present, trusted }) {
    const { pyodide } = this.#up;
    const module = pyodide.pyimport('websim.browser.experiments');
    const base = present && pythonExperiment(pyodide, present);
    try {
      return toJs(module.of_tasks(code, name, base ?? undefined, trusted));
    } finally {
      base?.destroy();
      module.destroy();
    }
  }

  /** @param {Payload<'writeExperiment'>} payload */
  writeExperiment({ experiment }) {
    const { pyodide } = this.#up;
    const wanted = pythonExperiment(pyodide, experiment);
    const module = pyodide.pyimport('websim.experiments.archive');
    try {
      return toJs(module.dump(wanted)).slice().buffer;
    } finally {
      wanted.destroy();
      module.destroy();
    }
  }

  /** @param {Payload<'readRobot'>} payload */
  readRobot({ files, main }) {
    const { pyodide } = this.#up;
    const module = pyodide.pyimport('websim.browser.experiments');
    const contents = pyodide.toPy(new Map(Object.entries(files).map(([path, data]) => [path, new Uint8Array(data)])));
    try {
      return toJs(module.of_files(contents, main ?? undefined));
    } finally {
      contents.destroy();
      module.destroy();
    }
  }

  /** @param {Payload<'sizesOfPolicy'>} payload */
  sizesOfPolicy({ data: checkpoint }) {
    return this.#ask((_, data) => this.#policies.sizes_of(data), checkpoint);
  }

  /** @param {Payload<'addPolicy'>} payload */
  addPolicy({ name, data }) {
    const bytes = pythonBytes(this.#up.pyodide, data);
    this.#policies.add(name, bytes);
    bytes.destroy();
  }

  /** @param {Payload<'setController'>} payload */
  setController({ group, first, count, name }) {
    this.owned.driven(group)?.setController(name, first, count);
  }

  /** @param {Payload<'vocabulary'>} payload */
  vocabulary({ group }) {
    return this.#askOfCode(group, (module, env) => module.vocabulary(env));
  }

  /** @param {Payload<'checkCode'>} payload */
  checkCode({ group, kind, source }) {
    return this.#askOfCode(group, (module, env) => module.check(env, kind, source));
  }

  /** @param {Payload<'tryCode'>} payload */
  tryCode({ group, code }) {
    this.owned.driven(group)?.tryCode(JSON.stringify(code));
  }

  /** @param {Payload<'useCode'>} payload */
  useCode({ group }) {
    this.owned.driven(group)?.useCode();
    this.news.recoded();
  }

  /** @param {Payload<'giveUpCode'>} payload */
  giveUpCode({ group, ...failed }) {
    this.owned.driven(group)?.giveUp(failed);
    this.news.recoded();
  }

  /** @param {Payload<'reset'>} payload */
  reset({ seed }) {
    for (const shard of this.owned.shards) shard.reset(seed);
    return this.news.copies();
  }

  /** @param {Payload<'step'>} payload */
  step({ actions }) {
    for (const shard of this.owned.shards) shard.step(actions?.get(shard.group) ?? shard.views.inputActions);
    this.news.episodes();
    return this.news.copies();
  }

  stepOnce() {
    for (const shard of this.owned.shards) shard.step('controller');
    this.news.episodes();
    return this.news.copies();
  }

  /** @param {Payload<'drive'>} change */
  drive(change) {
    this.scheduler.set(change);
  }

  /** @param {Payload<'setAction'>} payload */
  setAction({ group, index, action }) {
    this.owned.driven(group)?.setAction(index, action);
  }

  /** @param {Payload<'handle'>} deed */
  handle(deed) {
    const shard = this.owned.all.find(({ group }) => group === deed.group);
    if (!(shard instanceof WorkerShard)) throw new WorkerError('the robots are not there yet');
    const event = shard.handle(deed);
    if (this.scheduler.idle) this.news.samples();
    return event;
  }

  /** @param {Payload<'contacts'>} payload */
  contacts({ group, index }) {
    const shard = this.owned.all.find((one) => one.group === group);
    if (!(shard instanceof WorkerShard)) throw new WorkerError('the robots are not there yet');
    return shard.physics.contacts(index);
  }

  /** @param {Payload<'runPython'>} payload */
  async runPython({ code }) {
    const result = await this.#up.pyodide.runPythonAsync(code);
    if (typeof result?.toJs !== 'function') return result;
    const plain = result.toJs({ dict_converter: Object.fromEntries, create_pyproxies: false });
    result.destroy();
    return plain;
  }

  /** @param {Payload<'join'>} payload */
  join({ exchange, rank, ranks }) {
    this.#transport = new ExchangeEnd(exchange, rank, ranks, () => pythonMemory(this.#up.pyodide), this.#beat);
  }

  close() {
    this.scheduler.drive.running = false;
    this.#closeAll();
    return { embindObjects: embindObjects() };
  }

  get #up() {
    return /** @type {import('./boot.js').Runtime} */ (this.#runtime);
  }

  #beat = (compiles = false) => this.news.beat(compiles);

  /**
   * Asks Python about a checkpoint.
   *
   * @param {(module: any, data: any) => any} ask  of `websim.browser.learner`; gives a dictionary
   * @param {ArrayBuffer | null} checkpoint
   */
  #ask(ask, checkpoint) {
    const { pyodide } = this.#up;
    const module = pyodide.pyimport('websim.browser.learner');
    const data = checkpoint ? pythonBytes(pyodide, checkpoint) : undefined;
    try {
      return toJs(ask(module, data));
    } finally {
      data?.destroy();
      module.destroy();
    }
  }

  /** @param {number} group @param {(module: any, env: any) => any} ask  of `websim.browser.code` */
  #askOfCode(group, ask) {
    const shard = this.owned.learner?.shard.group === group ? this.owned.learner.shard : this.owned.driven(group);
    if (!shard) throw new InvalidArgument('the worker has none of these environments');
    const module = this.#up.pyodide.pyimport('websim.browser.code');
    const { env } = shard.python;
    try {
      return toJs(ask(module, env));
    } finally {
      env.destroy();
      module.destroy();
    }
  }

  /** @param {import('../shared/protocol.js').Experiment} experiment @param {(module: any, wanted: any) => any} ask  of `websim.browser.tournament` */
  #askOfTournament(experiment, ask) {
    const { pyodide } = this.#up;
    const module = pyodide.pyimport('websim.browser.tournament');
    const wanted = pythonExperiment(pyodide, experiment);
    try {
      return toJs(ask(module, wanted));
    } finally {
      wanted.destroy();
      module.destroy();
    }
  }

  #closeAll() {
    this.#candidature?.end(true);
    // What learns is a cycle of objects with large arrays.
    if (this.owned.close()) this.#up.pyodide.runPython('import gc; gc.collect()');
  }

  #countMemory() {
    this.owned.countMemory(({ physics }) => (
      pythonMemory(this.#up.pyodide).byteLength + physics.xpos.buffer.byteLength
    ));
  }
}
