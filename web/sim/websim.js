/**
 * The JavaScript API: a simulation of many MuJoCo environments in Web Workers.
 *
 *     const sim = await WebSim.create({ task: 'Ant-v5', numEnvs: 1000 });
 *     sim.play();
 *     console.log(sim.stats());
 *     await sim.close();
 */

import {
  CONTROLLERS, checkActions, checkBytes, checkController, checkInteger, checkSpeed, checkTasks, checkTotal,
  checkTraining,
} from './page/arguments.js';
import { divide } from './page/balance.js';
import { choose, count as counted, thisMachine } from './page/choice.js';
import { createExchange } from './shared/communicator.js';
import { Controllers, LEARNT } from './page/controllers.js';
import { ClosedError, InvalidArgument, WorkerError, toPlain } from './shared/errors.js';
import { Fleet } from './page/fleet.js';
import { fetchManifest, fetchOpening } from './page/manifest.js';
import { SHARES_MEMORY, WHY_NOT_SHARED } from './shared/memory.js';
import { MAX_ENVS, RANK_SLOT_BYTES } from './shared/protocol.js';
import { Shards } from './page/shards.js';
import { EpisodeMeter, RateMeter } from './page/statistics.js';
import { Training } from './page/training.js';

/**
 * @typedef {object} Options
 * @property {string} [task]
 * @property {number | 'auto'} [numEnvs]
 * @property {Record<string, unknown>} [taskOptions] the task's constructor options
 * @property {import('./page/arguments.js').TaskRequest[]} [tasks]  several robot types, instead of `task` and `numEnvs`
 * @property {import('./page/training.js').TrainingOptions} [training]  what is to be learnt; the other environments are beside it
 * @property {number | 'auto'} [numWorkers]
 * @property {number} [seed]
 * @property {string} [controller]
 * @property {number} [speed]        multiples of real time; Infinity: unlimited
 * @property {boolean} [reproducible]  learning gives the same bits on every machine, for some speed
 * @property {WebSim} [replacing]    is closed; its workers are taken over, so that nothing has to boot
 * @property {(progress: Progress) => void} [onProgress]
 * @property {(sim: WebSim) => void} [onOverture]  where it is given, robots of one task under the random
 *   controller move before Python is up. It is called when they do; until `create` has returned, the
 *   simulation can be asked for `groups` and `poseShards()` only. The returns of the
 *   episodes under way lack their first steps then, and are not counted
 *
 * @typedef {import('./page/fleet.js').Progress} Progress
 * @typedef {import('./page/rank.js').Rank} Rank
 *
 * @typedef {object} Group  the environments of one task
 * @property {string} task
 * @property {number} numEnvs
 * @property {number} offset           index of its first environment
 * @property {boolean} learns          whether a training run drives it; no other group can be the first then
 * @property {number} observationSize
 * @property {number} actionSize
 * @property {string[]} actionNames       empty texts where there is none
 * @property {string[]} observationNames  likewise; none at all where the task is not understood
 * @property {Float32Array} actionLow
 * @property {Float32Array} actionHigh
 * @property {string[]} rewardTerms
 * @property {number} dt               seconds an environment step
 * @property {number} frameSkip
 * @property {import('./worker/scene.js').Scene} scene
 *
 * @typedef {object} StepResult  arrays [environments, ...] of one group, valid until the next step
 * @property {Float64Array} observations
 * @property {Float64Array} rewards
 * @property {Uint8Array} terminations
 * @property {Uint8Array} truncations
 * @property {Float64Array} finalObservations  rows of the environments whose episode ended
 *
 * @typedef {{
 *   episode: {index: number, task: string, return: number, length: number},
 *   notice: {level: 'info' | 'warning' | 'error', message: string},
 *   workerRestart: {worker: number, reason: string},
 *   badState: {count: number},
 *   state: {running: boolean},
 *   error: {name: string, message: string, stack: string},
 *   training: import('./page/training.js').TrainingEvent,
 *   checkpoint: import('./page/training.js').CheckpointEvent,
 * }} SimEvents
 */

export class WebSim {
  /** @type {Set<{name: string, listener: (detail: any) => void}>} */
  #listeners = new Set();
  /** Notices wait for a listener: there is none while `create` is under way. @type {SimEvents['notice'][]} */
  #unheard = [];
  /** @type {Fleet | undefined} */
  #fleet;
  #shards = new Shards([], 0);
  #drive = { speed: Infinity, sampleRate: 30, running: false };
  /** Actions held by environment, for workers that are replaced. @type {Map<number, Float32Array>} */
  #held = new Map();
  #rates = new RateMeter();
  #episodes;
  #frames = 0;
  #restarts = 0;
  /** Of the groups that do not learn. @type {StepResult[]} */
  #results = [];
  /** There once the groups are. @type {Controllers | undefined} */
  #controllers;
  /** Those added, for workers that are replaced. @type {Map<string, ArrayBuffer>} */
  #policies = new Map();
  #closed = false;

  /** The ids of all tasks. */
  static async tasks() {
    return (await fetchManifest()).tasks;
  }

  /** The algorithms by name: their hyperparameters and presets, as the server describes them. */
  static async algorithms() {
    return (await fetchManifest()).algorithms;
  }

  static controllers = CONTROLLERS;

  /**
   * Starts workers and makes the environments; they stand still until `play()` or `step()`.
   *
   * @param {Options} options
   * @returns {Promise<WebSim>}
   * @throws UnknownTask, InvalidArgument, ModelError, WorkerError, and of a checkpoint that cannot be
   *   read. What is seen to be wrong before environments are made leaves `replacing` as it is
   */
  static async create(options = {}) {
    options.onProgress?.({ stage: 'manifest', loaded: 0, total: 0, message: 'Asking the server' });
    const manifest = await fetchManifest();
    const sim = new WebSim(manifest, options);
    try {
      await sim.#start(options.replacing);
    } catch (error) {
      await sim.close();
      // Memory that a former simulation has used up is had again from workers that boot.
      if (options.replacing && /memory/i.test(toPlain(error).name)) return WebSim.create({ ...options, replacing: undefined });
      throw error;
    }
    return sim;
  }

  /**
   * Use `WebSim.create`.
   *
   * @param {import('./worker/boot.js').Manifest} manifest
   * @param {Options} options
   */
  constructor(manifest, options) {
    const {
      task = 'Ant-v5', numEnvs = 1000, taskOptions = {}, numWorkers = 'auto', seed = 0, training,
      controller = 'random', speed = Infinity, reproducible = false, onProgress = () => {},
      onOverture,
    } = options;
    const requests = options.tasks ?? (training ? [] : [{ task, numEnvs, options: taskOptions }]);
    if (training) checkTraining(training, manifest.tasks);
    checkTasks(requests, manifest.tasks, training !== undefined);
    const given = requests.map(({ numEnvs: n }) => (n === 'auto' ? 0 : n)).reduce((sum, n) => sum + n, 0);
    const open = requests.filter(({ numEnvs: n }) => n === 'auto').length;
    // How many learn is known when Python has been asked.
    const choice = choose(numWorkers, training && !open ? MAX_ENVS : given, open, thisMachine());
    /** Environments of all groups together. */
    this.numEnvs = given + open * choice.environments;
    checkTotal(this.numEnvs);
    /** Workers: at most one an environment, and as many as the browser had memory for. */
    this.numWorkers = choice.workers;
    /** Why there are so many workers and environments. */
    this.reasons = choice.reasons;
    this.seed = checkInteger('seed', seed, 0, 2 ** 31 - 1);
    checkController(controller, training ? [...CONTROLLERS, ...LEARNT] : CONTROLLERS);
    checkSpeed(speed);
    this.#drive = { ...this.#drive, speed };
    this.firstController = controller;
    this.requests = requests.map(({ task: id, numEnvs: n, options: own = {} }) => (
      { task: id, numEnvs: n === 'auto' ? choice.environments : n, options: own }
    ));
    this.trainingOptions = training;
    /** What is being learnt; there once `create` has returned. @type {Training | null} */
    this.training = null;
    /** Whether memory is shared with the workers; otherwise samples of it travel by message. */
    this.isolated = SHARES_MEMORY;
    /** One for each task asked for; there once `create` has returned. @type {Group[]} */
    this.groups = [];
    this.manifest = manifest;
    /** Whether learning gives the same bits on every machine. */
    this.reproducible = Boolean(reproducible);
    this.onProgress = onProgress;
    this.onOverture = onOverture;
    this.#episodes = new EpisodeMeter(this.numEnvs);
  }

  /** @param {WebSim} [replaced] */
  async #start(replaced) {
    const { isolated, manifest, reproducible } = this;
    // Its workers can tell of most mistakes before it is closed.
    if (this.trainingOptions && replaced && !replaced.#closed) {
      await replaced.#plan(this.trainingOptions, this.numWorkers);
    }
    this.#fleet = await WebSim.#takeOver(replaced, { manifest, isolated, reproducible });
    /** @type {PromiseWithResolvers<void>} */
    const { promise: booted, resolve: allBooted } = Promise.withResolvers();
    // Ranks need shared memory; without it there is one, and no other worker could know the policy.
    if (this.trainingOptions && !isolated && this.numWorkers > 1) {
      this.numWorkers = 1;
      this.reasons.push('1 worker: without shared memory one learns alone.');
    }
    const wanted = this.numWorkers;
    this.#shards = new Shards(this.groups, wanted);
    const { onOverture } = this;
    const overture = onOverture && !this.#fleet.ranks.length ? this.#overture(onOverture) : null;
    await this.#fleet.employ({
      equip: async (rank) => {
        await booted; // only now it is known how many share the environments
        await this.#equip(rank);
      },
      // What goes wrong here is told when the environments are made.
      onStarted: (rank) => void overture?.(rank).catch(() => {}),
      onEvent: (rank, message) => this.#onEvent(rank, message),
      onLost: (rank, reason) => this.#onLost(rank, reason),
      onGivenUp: (rank, error) => this.#onGivenUp(rank, error),
      onProgress: (progress) => this.onProgress(progress),
      onTick: (now) => this.#onTick(now),
    }, wanted);
    this.numWorkers = this.#workers.length;
    this.#shards.shrink(this.numWorkers);
    if (this.numWorkers < wanted) {
      const message = `This browser has memory for ${this.numWorkers} workers, not for ${wanted}: all environments run in those.`;
      this.reasons.push(message);
      this.#emit('notice', { level: 'warning', message });
    }
    if (this.trainingOptions) await this.#planTraining(this.trainingOptions);
    allBooted();
    await this.ready();
    this.#controllers = new Controllers(this.groups, this.firstController);
    this.#workers.forEach((rank) => this.#tellControllers(rank));
    this.#results = this.groups.filter(({ learns }) => !learns).map(({ numEnvs: n, observationSize }) => ({
      observations: new Float64Array(n * observationSize),
      rewards: new Float64Array(n),
      terminations: new Uint8Array(n),
      truncations: new Uint8Array(n),
      finalObservations: new Float64Array(n * observationSize),
    }));
    if (!isolated) {
      this.#emit('notice', {
        level: 'warning',
        message:
          `Memory cannot be shared with the workers, so it runs in the slower mode, by messages${
            this.training ? ', and one worker learns alone' : ''}: ${WHY_NOT_SHARED}.`,
      });
    }
    this.onProgress({ ...this.#fleet.progress, stage: 'ready', message: 'Ready' });
  }

  /**
   * The workers of a simulation that is replaced, which is closed by it; new ones if they do not fit.
   *
   * @param {WebSim | undefined} replaced
   * @param {import('./shared/protocol.js').Payload<'boot'>} bootPayload
   */
  static async #takeOver(replaced, bootPayload) {
    if (replaced) {
      const fleet = replaced.#fleet;
      if (!replaced.#closed && fleet?.fits(bootPayload)) {
        replaced.#letGo();
        return fleet;
      }
      await replaced.close();
    }
    return new Fleet(bootPayload);
  }

  /** @param {import('./page/training.js').TrainingOptions} options @param {number} workers */
  async #plan({ spec, checkpoint }, workers) {
    const [rank] = this.#workers;
    await rank.booted;
    return rank.request('plan', { spec: spec ? JSON.stringify(spec) : null, checkpoint: checkpoint ?? null, workers });
  }

  /**
   * Deals a training run to the workers, as many as it can be dealt to evenly; the others are ended.
   *
   * @param {import('./page/training.js').TrainingOptions} options
   */
  async #planTraining(options) {
    const workers = this.numWorkers;
    const plan = await this.#plan(options, workers);
    this.numEnvs += plan.num_envs;
    checkTotal(this.numEnvs);
    this.#episodes = new EpisodeMeter(this.numEnvs);
    this.training = new Training(plan, options, this.isolated, {
      onTraining: (event) => this.#emit('training', event),
      onCheckpoint: (event) => this.#emit('checkpoint', event),
    });
    this.reasons.push(`${counted(plan.num_envs, 'environment')} learn, as num_envs says.`);
    if (plan.ranks === workers) return;
    await this.#fleet?.shrink(plan.ranks);
    this.numWorkers = plan.ranks;
    this.#shards.shrink(plan.ranks);
    const message =
      `${counted(plan.ranks, 'worker')} of ${workers}: ` +
      `${plan.num_envs} learning environments cannot be dealt evenly to more.`;
    this.reasons.push(message);
    this.#emit('notice', { level: 'info', message });
  }

  /**
   * Has workers move their robots while they boot.
   *
   * @param {(sim: WebSim) => void} onOverture
   * @returns {((rank: Rank) => Promise<void>) | null}  null: the robots have to wait for Python
   */
  #overture(onOverture) {
    const [request, ...others] = this.requests;
    if (others.length || this.trainingOptions || this.firstController !== 'random') return null;
    if (Object.keys(request.options).length) return null;
    const asked = fetchOpening(this.manifest, request.task);
    const ranges = divide([{ numEnvs: this.numEnvs, cost: 1 }], this.numWorkers);
    return async (rank) => {
      const opening = await asked;
      if (!opening) return;
      const [spec] = this.#specs(ranges[rank.index]);
      const description = await rank.request('overture', { spec, opening, drive: this.#drive });
      if (!description) return; // Python was quicker
      this.#shards.deal(ranges);
      this.#takeShards(rank, [description]);
      if (this.#shards.complete) onOverture(this);
    };
  }

  /** @type {Promise<import('./page/balance.js').Range[][]> | undefined} */
  #division;

  /** Makes a worker's environments. @param {Rank} rank */
  async #equip(rank) {
    const { requests, training } = this;
    // Only different robots need weighing; the first worker that is up does it for all.
    this.#division ??= (async () => {
      const costs = requests.length > 1 ? await rank.request('measure', { specs: requests }) : [1];
      return divide(requests.map(({ numEnvs }, g) => ({ numEnvs, cost: costs[g] })), this.numWorkers);
    })();
    const division = await this.#division.catch((error) => {
      this.#division = undefined;
      throw error;
    });
    const learners = training ? training.numEnvs / training.ranks : 0;
    this.#shards.deal(division.map((ranges, i) => (
      training ? [{ first: i * learners, count: learners }, ...ranges] : ranges
    )));
    const specs = this.#specs(this.#shards.rangesOf(rank.index));
    const drive = this.#drive;
    const descriptions = await rank.request('create', { specs, drive });
    if (training) {
      const { description, restarted } = await training.equip(rank);
      descriptions.push(description);
      if (restarted && rank.index === 0) {
        this.#emit('notice', {
          level: 'info',
          message: 'The checkpoint is of another number of workers: its environments start anew.',
        });
      }
    }
    this.#takeShards(rank, descriptions);
    rank.setRunning(this.running);
    if (this.#drive !== drive) this.#tell(rank, 'drive', this.#drive);
    for (const [name, data] of this.#policies) this.#tell(rank, 'addPolicy', { name, data });
    this.#tellControllers(rank);
    for (const [index, action] of this.#held) {
      const { worker, group, within } = this.#shards.locate(index);
      if (worker === rank.index) this.#tell(rank, 'setAction', { group, index: within, action });
    }
  }

  /**
   * What a worker is to make.
   *
   * @param {import('./page/balance.js').Range[]} ranges  its environments of each group
   * @returns {import('./shared/protocol.js').ShardSpec[]}
   */
  #specs(ranges) {
    return this.requests.flatMap(({ task, options }, i) => {
      const group = this.training ? i + 1 : i;
      const { first, count } = ranges[group];
      return count ? [{ group, task, options, first, count, seed: this.seed }] : [];
    });
  }

  /** Tells a worker of its environments' controllers. @param {Rank} rank */
  #tellControllers(rank) {
    for (const { group, first, count } of this.#shards.of(rank.index)) {
      if (this.groups[group].learns) continue;
      for (const run of this.#controllers?.runs(group, first, count) ?? []) this.#tell(rank, 'setController', run);
    }
  }

  /** How many workers and environments there are, and why. */
  get choice() {
    return { workers: this.numWorkers, environments: this.numEnvs, reason: this.reasons.join(' ') };
  }

  /** Whether the environments run freely. */
  get running() {
    return this.#drive.running;
  }

  /** That of all environments that do not learn; null where they differ. */
  get controller() {
    return this.#controllers?.common ?? null;
  }

  /** The names that `setController` takes now. */
  get controllers() {
    return this.#controllers?.names ?? CONTROLLERS;
  }

  get speed() {
    return this.#drive.speed;
  }

  /** Lets the environments run freely under the controller. */
  play() {
    this.#setDrive({ running: true });
  }

  /** Stops them after the batches under way. */
  pause() {
    this.#setDrive({ running: false });
  }

  /**
   * Starts all episodes anew.
   *
   * @param {{seed?: number}} [options] environment i of each group is seeded with seed + i; without
   *   a seed the random numbers go on, as in Gymnasium
   * @returns {Promise<Float64Array | Float64Array[]>} observations [numEnvs, observationSize]; one
   *   array for each group where there are several
   */
  async reset({ seed } = {}) {
    this.#checkOpen();
    if (seed !== undefined) this.seed = checkInteger('seed', seed, 0, 2 ** 31 - 1);
    await this.#everywhere((rank) => rank.request('reset', { seed: seed ?? null }));
    this.#episodes = new EpisodeMeter(this.numEnvs);
    const observations = this.#collect().map((result) => result.observations);
    return this.#driven.length === 1 ? observations[0] : observations;
  }

  /**
   * One step of every environment under actions from outside. Free running is paused by it.
   *
   * @param {ArrayLike<number> | ArrayLike<number>[]} actions  [numEnvs, actionSize]; one array for
   *   each group where there are several
   * @returns {Promise<StepResult | StepResult[]>} environments whose episode ended have restarted:
   *   `observations` has the first of the new episode, `finalObservations` the last of the old one
   * @throws InvalidArgument for a wrong length or a number that is not finite
   */
  async step(actions) {
    this.#checkOpen();
    const driven = this.#driven;
    const given = driven.length === 1 ? [actions] : Array.from(/** @type {any} */ (actions ?? []));
    if (given.length !== driven.length) {
      throw new InvalidArgument(`actions must be a list of ${driven.length} arrays, one for each task`);
    }
    const rows = driven.map(({ numEnvs, actionSize }, g) => checkActions(given[g], numEnvs * actionSize));
    if (this.running) this.pause();
    await this.#everywhere((rank) => {
      /** @type {Map<number, Float32Array>} */
      const messages = new Map();
      for (const { group, first, count, views } of this.#shards.of(rank.index)) {
        const { actionSize: size, learns } = this.groups[group];
        if (learns) continue;
        const own = rows[driven.indexOf(this.groups[group])].subarray(first * size, (first + count) * size);
        if (this.isolated) views.inputActions.set(own);
        else messages.set(group, own.slice());
      }
      return rank.request('step', { actions: this.isolated ? null : messages });
    });
    const results = this.#collect();
    return driven.length === 1 ? results[0] : results;
  }

  /** One step of every environment under the controller, while paused. */
  async stepOnce() {
    this.#checkOpen();
    if (this.running) this.pause();
    await this.#everywhere((rank) => rank.request('stepOnce', {}));
  }

  /**
   * Holds an environment's action instead of the controller's.
   *
   * @param {number} index
   * @param {ArrayLike<number> | null} action [actionSize]; null lets go
   */
  setAction(index, action) {
    this.#checkOpen();
    const { worker, shard, group, within } = this.#shards.locate(index);
    if (this.groups[group].learns) throw new InvalidArgument(`environment ${index} learns: its actions are the learner's`);
    const row = action === null ? null : checkActions(action, this.groups[group].actionSize);
    if (row) this.#held.set(index, row);
    else this.#held.delete(index);
    if (shard) this.#tell(this.#workers[worker], 'setAction', { group, index: within, action: row });
  }

  /**
   * Hands environments to a controller.
   *
   * @param {string} name one of `controllers`
   * @param {{first: number, count: number}} [range] environments, numbered over all groups; without
   *   it, all that the controller fits
   * @throws InvalidArgument for another name, environments that learn, or a policy of another task
   */
  setController(name, range) {
    this.#checkOpen();
    const controllers = /** @type {Controllers} */ (this.#controllers);
    for (const changed of controllers.set(name, range)) {
      for (const rank of this.#workers) {
        const shard = this.#shards.of(rank.index).find(({ group }) => group === changed.group);
        if (!shard) continue;
        const first = Math.max(shard.first, changed.first);
        const count = Math.min(shard.first + shard.count, changed.first + changed.count) - first;
        if (count > 0) this.#tell(rank, 'setController', { ...changed, first, count });
      }
    }
  }

  /**
   * Makes a controller of a saved policy.
   *
   * @param {string} name
   * @param {ArrayBuffer} checkpoint
   * @throws InvalidArgument for a name that is taken, or where no environments are of its task;
   *   DamagedCheckpoint, ForeignCheckpoint, FutureCheckpoint
   */
  async addPolicy(name, checkpoint) {
    this.#checkOpen();
    const controllers = /** @type {Controllers} */ (this.#controllers);
    controllers.checkNewName(name);
    const data = checkBytes(checkpoint).slice(0);
    const sizes = await this.#anyone((rank) => rank.request('sizesOfPolicy', { data }));
    controllers.addPolicy(name, sizes);
    this.#policies.set(name, data);
    for (const rank of this.#workers) if (rank.equipped) this.#tell(rank, 'addPolicy', { name, data });
  }

  /**
   * What a checkpoint is of.
   *
   * @param {ArrayBuffer} checkpoint
   * @returns {Promise<import('./shared/protocol.js').CheckpointInfo>}
   * @throws DamagedCheckpoint, ForeignCheckpoint, FutureCheckpoint
   */
  async readCheckpoint(checkpoint) {
    this.#checkOpen();
    return this.#anyone((rank) => rank.request('readCheckpoint', { data: checkBytes(checkpoint) }));
  }

  /** Asks a worker that is there. @template T @param {(rank: Rank) => Promise<T>} ask */
  async #anyone(ask) {
    const rank = this.#workers.find(({ equipped }) => equipped);
    if (!rank) throw new WorkerError('all workers are being replaced; try again in a few seconds');
    return ask(rank);
  }

  /** @param {number} speed multiples of real time; Infinity: as fast as it goes */
  setSpeed(speed) {
    checkSpeed(speed);
    this.#setDrive({ speed });
  }

  /** Where memory is not shared: how often samples of it come. @param {number} sampleRate a second */
  setSampleRate(sampleRate) {
    this.#setDrive({ sampleRate });
  }

  /**
   * One environment as its last sample shows it. The arrays are copies.
   *
   * @param {number} index
   */
  getEnvironmentState(index) {
    this.#checkOpen();
    const { worker, shard, group, within } = this.#shards.locate(index);
    if (!shard) throw new WorkerError(`worker ${worker} is being replaced; its environments restart soon`);
    const { task, rewardTerms } = this.groups[group];
    const row = Shards.row(shard, within - shard.first);
    return {
      ...row,
      index,
      task,
      worker,
      controller: this.#controllers?.of(index) ?? null,
      rewardTerms: Object.fromEntries(rewardTerms.map((name, k) => [name, row.rewardTerms[k]])),
    };
  }

  /**
   * The newest poses of a group, in one part for each worker. The arrays are written over by the
   * next call.
   *
   * @param {number} group
   * @returns {import('./page/poses.js').PoseShard[]}
   */
  poseShards(group) {
    return this.#shards.poses(group);
  }

  /** What happens, in numbers. Rates are means over the last seconds, returns over the last episodes. */
  stats() {
    const totals = this.#shards.totals();
    const rates = this.#rates;
    return {
      environments: this.numEnvs,
      workers: this.numWorkers,
      physicsSteps: totals.physicsSteps,
      physicsStepsPerSecond: rates.rate('physicsSteps'),
      environmentSteps: totals.environmentSteps,
      environmentStepsPerSecond: rates.rate('environmentSteps'),
      frames: this.#frames,
      framesPerSecond: rates.rate('frames'),
      episodes: this.#episodes.count,
      meanReturn: this.#episodes.meanReturn,
      meanLength: this.#episodes.meanLength,
      workerRestarts: this.#restarts,
      badStates: totals.badStates,
      isolated: this.isolated,
      memoryBytes: totals.memoryBytes,
      workerLoads: this.#workers.map(({ index, state }) => ({
        worker: index,
        state,
        environments: this.#shards.of(index).reduce((sum, { count }) => sum + count, 0),
        busy: Math.min(1, rates.rate(`busyMs ${index}`) / 1000),
        physicsSteps: this.#shards.counter(index, 'physicsSteps'),
        physicsStepsPerSecond: rates.rate(`physicsSteps ${index}`),
        physicsSeconds: this.#shards.counter(index, 'physicsMs') / 1000, // spent in the physics loop
        busySeconds: this.#shards.counter(index, 'busyMs') / 1000, // spent in whole batches
        memoryBytes: this.#shards.counter(index, 'memoryBytes'),
      })),
    };
  }

  /** To be called by whoever draws, once a frame: `stats().framesPerSecond` counts it. */
  countFrame() {
    this.#frames += 1;
  }

  /**
   * Runs Python in a worker, beside its environments; `await` is allowed at top level.
   *
   * @param {string} code
   * @param {{worker?: number}} [where]
   * @returns {Promise<any>} the value of the last expression, converted to JavaScript
   */
  async runPython(code, { worker = 0 } = {}) {
    this.#checkOpen();
    return this.#workers[checkInteger('worker', worker, 0, this.numWorkers - 1)].request('runPython', { code });
  }

  /**
   * Makes the workers ranks that can learn together: in each of them,
   * `websim.ranks.worker_communicator()` is its end. For one run; call it again for the next.
   */
  async joinRanks() {
    this.#checkOpen();
    if (!this.isolated) throw new WorkerError(`ranks need shared memory: ${WHY_NOT_SHARED}`);
    if (this.training) throw new InvalidArgument('the workers are ranks already: of the training run');
    const ranks = this.numWorkers;
    const exchange = createExchange(ranks, RANK_SLOT_BYTES);
    await Promise.all(this.#workers.map((rank) => rank.request('join', { exchange, rank: rank.index, ranks })));
  }

  /** Resolves when every worker is up, those that are being replaced included. */
  async ready() {
    await Promise.all(this.#workers.map((rank) => rank.ready));
  }

  /**
   * @template {keyof SimEvents} E
   * @param {E} name
   * @param {(detail: SimEvents[E]) => void} listener
   * @returns {() => void} call it to stop listening
   */
  on(name, listener) {
    const entry = { name, listener };
    this.#listeners.add(entry);
    if (name === 'notice') for (const notice of this.#unheard.splice(0)) listener(/** @type {any} */ (notice));
    return () => this.#listeners.delete(entry);
  }

  /**
   * Ends the workers and frees all they hold. The object cannot be used afterwards.
   *
   * @returns {Promise<{embindObjects: number}>} objects that the workers failed to free
   */
  async close() {
    if (this.#closed) return { embindObjects: 0 };
    const fleet = this.#fleet;
    this.#letGo();
    return { embindObjects: (await fleet?.close()) ?? 0 };
  }

  /** Leaves its workers to whoever has taken them. */
  #letGo() {
    this.#closed = true;
    this.training?.close();
    this.#shards.clear();
    this.#listeners.clear();
  }

  /** The workers, for tests that kill them. @returns {(Worker | undefined)[]} */
  get workers() {
    return this.#workers.map((rank) => rank.worker);
  }

  get #workers() {
    return this.#fleet?.ranks ?? [];
  }

  #checkOpen() {
    if (this.#closed) throw new ClosedError('the simulation was closed; make a new one');
  }

  /** @template {keyof SimEvents} E @param {E} name @param {SimEvents[E]} detail */
  #emit(name, detail) {
    let heard = false;
    for (const entry of this.#listeners) {
      if (entry.name !== name) continue;
      heard = true;
      entry.listener(detail);
    }
    if (name === 'notice' && !heard) this.#unheard.push(/** @type {SimEvents['notice']} */ (detail));
  }

  /**
   * Sends a request whose answer nobody waits for. That its worker did not live to answer is no
   * error: the loss has been told.
   *
   * @template {import('./shared/protocol.js').RequestType} T
   * @param {Rank} rank
   * @param {T} type
   * @param {import('./shared/protocol.js').Payload<T>} payload
   */
  #tell(rank, type, payload) {
    rank.request(type, payload).catch((error) => {
      if (!(error instanceof WorkerError || error instanceof ClosedError)) this.#emit('error', toPlain(error));
    });
  }

  /** @param {Partial<import('./shared/protocol.js').Drive>} change */
  #setDrive(change) {
    this.#checkOpen();
    const wasRunning = this.running;
    this.#drive = { ...this.#drive, ...change };
    for (const rank of this.#workers) {
      if (!rank.equipped) continue; // one that starts is told all of it
      rank.setRunning(this.running);
      this.#tell(rank, 'drive', change);
    }
    if (this.running !== wasRunning) this.#emit('state', { running: this.running });
  }

  /**
   * Sends a request to every worker. One that is lost over it comes back with its environments
   * restarted, which is as good as an answer.
   *
   * @param {(rank: Rank) => Promise<import('./shared/protocol.js').Sample[]>} send
   */
  async #everywhere(send) {
    await Promise.all(
      this.#workers.map(async (rank) => {
        try {
          await rank.ready;
          const samples = await send(rank);
          if (!this.isolated) this.#onSamples(rank, samples);
        } catch (error) {
          this.#checkOpen();
          if (!(error instanceof WorkerError)) throw error;
          await rank.ready;
          for (const { views } of this.#shards.of(rank.index)) views.truncations.fill(1);
        }
      }),
    );
  }

  /** The groups that do not learn. */
  get #driven() {
    return this.groups.filter(({ learns }) => !learns);
  }

  /** Gathers what the shards show into arrays of whole groups. */
  #collect() {
    const driven = this.#driven;
    for (const { group, first, views } of this.#shards.all()) {
      const result = this.#results[driven.indexOf(this.groups[group])];
      if (!result) continue; // it learns
      const size = this.groups[group].observationSize;
      result.observations.set(views.observations, first * size);
      result.finalObservations.set(views.finalObservations, first * size);
      result.rewards.set(views.rewards, first);
      result.terminations.set(views.terminations, first);
      result.truncations.set(views.truncations, first);
    }
    return this.#results;
  }

  /** @param {Rank} rank @param {import('./shared/protocol.js').ShardDescription[]} descriptions */
  #takeShards(rank, descriptions) {
    for (const description of descriptions) this.groups[description.group] ??= this.#describeGroup(description);
    this.#shards.take(rank.index, descriptions);
  }

  /** @param {import('./shared/protocol.js').ShardDescription} description @returns {Group} */
  #describeGroup({ group, sizes, frameSkip, dt, actionNames, observationNames, actionLow, actionHigh, rewardTermNames, scene }) {
    const { training } = this;
    const learning = training ? [{ task: training.spec.task, numEnvs: training.numEnvs }] : [];
    const all = [...learning, ...this.requests];
    const { task, numEnvs } = all[group];
    const offset = all.slice(0, group).reduce((sum, request) => sum + request.numEnvs, 0);
    const learns = group < learning.length;
    const { observationSize, actionSize } = sizes;
    return {
      task, numEnvs, offset, learns, observationSize, actionSize, actionNames, observationNames, actionLow, actionHigh,
      rewardTerms: rewardTermNames, dt, frameSkip, scene,
    };
  }

  /** @param {Rank} rank @param {import('./shared/protocol.js').EventMessage} message */
  #onEvent(rank, message) {
    switch (message.event) {
      case 'episodes': {
        const { task, offset } = this.groups[message.group];
        for (let i = 0; i < message.ended.length; i += 3) {
          const [index, episodeReturn, length] = message.ended.slice(i, i + 3);
          this.#episodes.add(episodeReturn, length);
          this.#emit('episode', { index: offset + index, task, return: episodeReturn, length });
        }
        break;
      }
      case 'samples':
        this.#onSamples(rank, message.samples);
        break;
      case 'iteration':
        this.training?.onIteration(rank, message);
        break;
      case 'diverged':
        this.training?.onDiverged(message.message);
        break;
    }
  }

  /** @param {Rank} rank @param {import('./shared/protocol.js').Sample[]} samples */
  #onSamples(rank, samples) {
    const replaced = this.#shards.update(rank.index, samples);
    rank.recycle(replaced); // even when empty: the worker waits for it before it sends more
  }

  /** @param {Rank} rank @param {string} reason */
  #onLost(rank, reason) {
    this.#shards.lose(rank.index);
    this.training?.onLost(rank, reason);
    this.#restarts += 1;
    this.#emit('workerRestart', { worker: rank.index, reason });
    this.#emit('notice', {
      level: 'warning',
      message: `Worker ${rank.index} is replaced and its environments restart; the others run on. What happened: ${reason}.`,
    });
  }

  /** @param {Rank} rank @param {Error} error */
  #onGivenUp(rank, error) {
    this.#shards.lose(rank.index);
    this.training?.onGivenUp();
    this.#emit('error', { ...toPlain(error), message: `${error.message}. The other workers run on.` });
  }

  /** @param {number} now */
  #onTick(now) {
    const before = this.#lastBadStates;
    const totals = this.#shards.totals();
    this.#lastBadStates = totals.badStates;
    if (totals.badStates > before) this.#emit('badState', { count: totals.badStates - before });
    /** @type {Record<string, number>} */
    const perRank = {};
    for (const { index } of this.#workers) {
      perRank[`busyMs ${index}`] = this.#shards.counter(index, 'busyMs');
      perRank[`physicsSteps ${index}`] = this.#shards.counter(index, 'physicsSteps');
    }
    this.#rates.add(now, { ...totals, ...perRank, frames: this.#frames });
  }

  #lastBadStates = 0;
}
