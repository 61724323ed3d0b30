/**
 * The JavaScript API: a simulation of many MuJoCo environments in Web Workers.
 *
 *     const sim = await WebSim.create({ task: 'Ant-v5', numEnvs: 1000 });
 *     sim.play();
 *     console.log(sim.stats());
 *     await sim.close();
 *
 * This is what users may call; `page/simulation.js` is what works behind it.
 */

import {
  CONTROLLERS, checkAuthor, checkBytes, checkExperiment, checkInteger, checkNames, checkOptions, checkRange, checkSampleRate, checkSeed, checkSource, checkSpeed,
  checkText, checkTrusted, shown,
} from './page/arguments.js';
import { Arrival } from './page/arrival.js';
import { InvalidArgument, WorkerError, toPlain } from './shared/errors.js';
import { createExchange } from './shared/communicator.js';
import { fetchLanguageModel } from './page/conversation.js';
import { fetchManifest } from './page/manifest.js';
import { WHY_NOT_SHARED } from './shared/memory.js';
import { CODE, RANK_SLOT_BYTES } from './shared/constants.js';
import { checkHow, checkSeconds } from './page/hands.js';
import { Shards } from './page/shards.js';
import { Simulation } from './page/simulation.js';
import { start } from './page/start.js';
import { TournamentControls } from './page/tournamentcontrols.js';
import { TrainingControls } from './page/trainingcontrols.js';

/**
 * @typedef {object} Options
 * @property {string} [task]
 * @property {number | 'auto'} [numEnvs]
 * @property {Record<string, unknown>} [taskOptions] the task's constructor options
 * @property {import('./shared/protocol.js').Experiment} [experiment]  instead of both: what is simulated, with a robot of
 *   one's own perhaps, as `readRobot` and `readRun` give it
 * @property {import('./page/arguments.js').TaskRequest[]} [tasks]  several robot types, instead of `task` and `numEnvs`
 * @property {import('./page/trainingrun.js').TrainingOptions} [training]  what is to be learnt; the other environments are beside it
 * @property {number | 'auto'} [numWorkers]
 * @property {number} [seed]
 * @property {string} [controller]
 * @property {number} [speed]        multiples of real time; Infinity: unlimited
 * @property {boolean} [reproducible]  learning gives the same bits on every machine, for some speed
 * @property {WebSim | import('./page/arrival.js').Arrival} [replacing]    is closed; its workers are taken over, so that nothing has to boot
 * @property {(progress: Progress) => void} [onProgress]
 * @property {(sim: WebSim) => void} [onOverture]  where it is given, robots of one task under the random
 *   controller move before Python is up. It is called when they do; until `create` has returned, the
 *   simulation can be asked for `groups` and `poseShards()` only. The returns of the
 *   episodes under way lack their first steps then, and are not counted
 *
 * @typedef {object} LinkInfo  what a link carries
 * @property {string} id  of what is in it
 * @property {string} title @property {string} author  empty: nobody says
 * @property {import('./shared/messages.js').Claim | null} claim
 * @property {import('./shared/protocol.js').CompleteExperiment} experiment
 * @property {ArrayBuffer} archive  it as a run's file
 * @property {Arrival} workers  for `replacing` of `create`, which takes them over; otherwise they are to be closed
 *
 * @typedef {import('./page/fleet.js').Progress} Progress
 * @typedef {import('./page/dealing.js').Group} Group
 * @typedef {import('./page/lockstep.js').StepResult} StepResult
 * @typedef {import('./page/events.js').SimEvents} SimEvents
 */

/** Why what hands did would not come to the same again. */
const HELD = 'actions were held';

/** An experiment as Python writes it. @param {string} text @param {ArrayBuffer} archive  that it comes in */
function withArchive(text, archive) {
  const experiment = JSON.parse(text);
  return experiment.robot ? { ...experiment, archive } : experiment;
}

export class WebSim {
  #simulation;
  /** @type {TrainingControls | null} */
  #training = null;

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
    const { replacing, onOverture } = options ?? {};
    const former = replacing instanceof WebSim ? replacing.#simulation : replacing;
    if (former !== undefined && !(former instanceof Simulation || former instanceof Arrival)) {
      throw new InvalidArgument(`replacing must be a WebSim, or the workers of readLink, not ${shown(replacing)}`);
    }
    const { onProgress } = options ?? {};
    if (typeof onProgress === 'function') onProgress({ stage: 'manifest', loaded: 0, total: 0, message: 'Asking the server' });
    const manifest = await fetchManifest();
    const tasks = [...manifest.tasks, ...former?.fleet?.tasks ?? []];
    const sim = new WebSim(new Simulation(manifest, checkOptions(options, tasks)));
    try {
      await start(sim.#simulation, former, onOverture && (() => onOverture(sim)));
    } catch (error) {
      await sim.close();
      // Memory that a former simulation has used up is had again from workers that boot.
      if (replacing && /memory/i.test(toPlain(error).name)) return WebSim.create({ ...options, replacing: undefined });
      throw error;
    }
    const { training } = sim.#simulation;
    if (training) sim.#training = new TrainingControls(training);
    return sim;
  }

  /**
   * What a link carries, read by the first of the workers that will simulate it; nothing of it runs yet.
   *
   * @param {string} link  its fragment, or a whole address with one
   * @param {import('./page/arrival.js').Wanted} [wanted]  as of `create`
   * @returns {Promise<LinkInfo>}
   * @throws CutLink, DamagedCheckpoint, FutureCheckpoint, ForeignCheckpoint
   */
  static async readLink(link, wanted = {}) {
    checkText('link', link);
    const workers = await Arrival.begin(wanted);
    try {
      const { experiment, ...about } = await workers.read(link);
      return { ...about, experiment: withArchive(experiment, about.archive), workers };
    } catch (error) {
      await workers.close();
      throw error;
    }
  }

  /** Use `WebSim.create`. @param {Simulation} simulation */
  constructor(simulation) {
    this.#simulation = simulation;
  }

  /** One for each task asked for. @returns {Group[]} */
  get groups() {
    return this.#simulation.dealing.groups;
  }

  /** Environments of all groups together. */
  get numEnvs() {
    return this.#simulation.numEnvs;
  }

  /** Workers: at most one an environment, and as many as the browser had memory for. */
  get numWorkers() {
    return this.#simulation.numWorkers;
  }

  /** How many workers and environments there are, and why. */
  get choice() {
    return { workers: this.numWorkers, environments: this.numEnvs, reason: this.#simulation.reasons.join(' ') };
  }

  get seed() {
    return this.#simulation.seed;
  }

  /** Whether memory is shared with the workers; otherwise samples of it travel by message. */
  get isolated() {
    return this.#simulation.isolated;
  }

  /** What is being learnt, and what may be done with it; null where nothing is. */
  get training() {
    return this.#training;
  }

  /** Whether the environments run freely. */
  get running() {
    return this.#simulation.driving.drive.running;
  }

  get speed() {
    return this.#simulation.driving.drive.speed;
  }

  /** That of all environments that do not learn; null where they differ. */
  get controller() {
    return this.#simulation.driving.common;
  }

  /** The names that `setController` takes now. */
  get controllers() {
    return this.#simulation.driving.names;
  }

  /** Lets the environments run freely under the controller. */
  play() {
    this.#simulation.drive({ running: true });
  }

  /** Stops them after the batches under way. */
  pause() {
    this.#simulation.drive({ running: false });
  }

  /**
   * Starts all episodes anew.
   *
   * @param {{seed?: number}} [options] environment i of each group is seeded with seed + i; without
   *   a seed the random numbers go on, as in Gymnasium
   * @returns {Promise<Float64Array | Float64Array[]>} observations [numEnvs, observationSize]; one
   *   array for each group where there are several
   */
  async reset(options = {}) {
    const { lockStep, statistics, numEnvs, record, driving } = this.#open;
    checkNames('options of reset', options, ['seed']);
    const { seed } = options;
    if (seed === undefined) {
      record.spoil('episodes began anew without a seed');
    } else {
      this.#simulation.seed = checkSeed(seed);
      record.begin();
      if (driving.holds) record.spoil(HELD);
      if (this.running) record.move();
    }
    const observations = await lockStep.reset(seed ?? null);
    statistics.begin(numEnvs);
    return observations;
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
    const { lockStep, record } = this.#open;
    const step = lockStep.prepare(actions);
    record.spoil('actions came from outside');
    if (this.running) this.pause();
    return step();
  }

  /** One step of every environment under the controller, while paused. */
  async stepOnce() {
    const { lockStep, record } = this.#open;
    if (this.running) this.pause();
    record.move();
    await lockStep.stepOnce();
  }

  /**
   * Holds an environment's action instead of the controller's.
   *
   * @param {number} index
   * @param {ArrayLike<number> | null} action [actionSize]; null lets go
   */
  setAction(index, action) {
    const { driving, record } = this.#open;
    driving.hold(index, action);
    record.spoil(HELD);
  }

  /**
   * Pushes a body for some simulated time, or until its episode ends; see `env.apply_force` of Python.
   *
   * @param {import('./page/hands.js').Where} where  an index, a range, `'all'`, or `'driven'`: those that do not learn
   * @param {string | number} body  name or id
   * @param {ArrayLike<number>} force  [3] in newtons, in the world's frame
   * @param {number} seconds
   * @param {{torque?: ArrayLike<number>, point?: ArrayLike<number>}} [how]  point: of the body, in its frame
   * @returns {Promise<import('./shared/protocol.js').HandEvent[]>} what has been done, as it is recorded
   * @throws InvalidArgument
   */
  async push(where, body, force, seconds, how = {}) {
    const more = checkHow(how, ['torque', 'point']);
    return this.#open.hands.act(where, 'push', { body, force, seconds: checkSeconds(seconds), ...more });
  }

  /**
   * Pulls a body as MuJoCo's viewer does, until `release` or the end of its episode.
   *
   * @param {import('./page/hands.js').Where} where  see `push`
   * @param {string | number} body
   * @param {ArrayLike<number>} target  [3], in the world's frame
   * @param {{point?: ArrayLike<number>, relative?: boolean}} [how]  point: of the body, in its frame;
   *   relative: the target counts from where the point was when it was taken hold of
   */
  async pull(where, body, target, how = {}) {
    return this.#open.hands.act(where, 'pull', { body, target, ...checkHow(how, ['point', 'relative']) });
  }

  /**
   * Moves robots that float, as a whole and at once, by a point of a body: what MuJoCo's viewer does while it is paused.
   *
   * @param {import('./page/hands.js').Where} where  see `push`
   * @param {string | number} body
   * @param {ArrayLike<number>} target  [3], in the world's frame
   * @param {{point?: ArrayLike<number>, relative?: boolean}} [how]  relative: the target counts from where the point is
   * @throws InvalidArgument, also where what carries the body has no free joint
   */
  async move(where, body, target, how = {}) {
    return this.#open.hands.act(where, 'move', { body, target, ...checkHow(how, ['point', 'relative']) });
  }

  /** Ends pulls and pushes. @param {import('./page/hands.js').Where} where */
  async release(where) {
    return this.#open.hands.act(where, 'release', {});
  }

  /**
   * Puts robots elsewhere in the middle of their episodes.
   *
   * @param {import('./page/hands.js').Where} where
   * @param {{qpos: ArrayLike<number>, qvel: ArrayLike<number>}} pose
   */
  async setPose(where, pose) {
    return this.#open.hands.act(where, 'pose', checkHow(pose, ['qpos', 'qvel']));
  }

  /**
   * Sets a hinge or a slide.
   *
   * @param {import('./page/hands.js').Where} where
   * @param {string | number} joint  name, or place in the group's `joints`
   * @param {number} value  in radians or metres
   */
  async setJoint(where, joint, value) {
    return this.#open.hands.act(where, 'joint', { joint, value });
  }

  /** Puts robots into a keyframe of their model. @param {import('./page/hands.js').Where} where @param {string | number} keyframe */
  async setKeyframe(where, keyframe) {
    return this.#open.hands.act(where, 'keyframe', { keyframe });
  }

  /** Whether hands have done something that `saveExperiment` keeps. */
  get handled() {
    return this.#simulation.record.any;
  }

  /**
   * Saves the robots and what hands did to them since the last reset with a seed, or since they were made: of the
   * experiment that `readRun` makes of it again, a simulation does the same again.
   *
   * @returns {Promise<ArrayBuffer>}  a .websim file
   * @throws InvalidArgument where the same would not come of it: an action was held, for example
   */
  async saveExperiment() {
    const experiment = this.#open.experimentWithHands();
    return this.#simulation.anyone((worker) => worker.request('writeExperiment', { experiment }));
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
    const { driving, record } = this.#open;
    driving.setController(name, checkRange(range));
    record.drive();
  }

  /**
   * Pays a group by other code, while its environments go on; returns of episodes under way are not
   * counted. What learns is changed by `training.setReward`.
   *
   * @param {number} group
   * @param {string | null} source  of a file with `reward(now, before, action)`; null: the task's own
   * @throws UnsafeCode, CodeFailed, TooCostly, InvalidArgument; then the old one stays in force everywhere
   */
  async setReward(group, source) {
    await this.#open.recoding.change(this.#group(group), { reward: checkSource(source) });
  }

  /** The same for what judges. @param {number} group @param {string | null} source  of a file with `measure(now, before)`; null: none */
  async setMeasure(group, source) {
    await this.#open.recoding.change(this.#group(group), { measure: checkSource(source) });
  }

  /**
   * What a group was paid in its last step, by term: means over all environments.
   *
   * @param {number} group
   */
  rewardTerms(group) {
    return this.#open.shards.terms(this.#group(group));
  }

  /**
   * What the world has drawn for each environment of a group, by name: [numEnvs], NaN where nothing has been yet.
   *
   * @param {number} group
   */
  worldValues(group) {
    return this.#open.shards.drawn(this.#group(group));
  }

  /** What code may say of a group's robots. @param {number} group */
  async vocabulary(group) {
    return this.#askOwner(group, (worker) => worker.request('vocabulary', { group }));
  }

  /**
   * What is wrong with code for a group's robots; none of it is put in force.
   *
   * @param {number} group
   * @param {import('./shared/protocol.js').CodeKind} kind
   * @param {string} source
   */
  async checkCode(group, kind, source) {
    checkText('code', source);
    return this.#askOwner(group, (worker) => worker.request('checkCode', { group, kind, source }));
  }

  /** @template T @param {number} group @param {(worker: import('./page/keptworker.js').KeptWorker) => Promise<T>} ask  one that has some of a group */
  #askOwner(group, ask) {
    const { shards, workers } = this.#open;
    const owner = workers.find(({ index, equipped }) => equipped && shards.of(index).some((shard) => shard.group === this.#group(group)));
    if (!owner) throw new WorkerError('all workers are being replaced; try again in a few seconds');
    return ask(owner);
  }

  /** @param {number} group */
  #group(group) {
    return checkInteger('group', group, 0, this.groups.length - 1);
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
    const { driving } = this.#open;
    driving.checkNewName(name);
    const data = checkBytes(checkpoint).slice(0);
    const sizes = await this.#simulation.anyone((worker) => worker.request('sizesOfPolicy', { data }));
    driving.addPolicy(name, data, sizes);
  }

  /**
   * What a run is, and how far: a checkpoint, or an experiment in which nothing has been learnt yet.
   *
   * @param {ArrayBuffer} run
   * @param {{trusted?: boolean}} [how]  trusted: its code may do anything
   * @returns {Promise<import('./shared/protocol.js').RunInfo>}  its experiment with its own archive
   * @throws DamagedCheckpoint, ForeignCheckpoint, FutureCheckpoint; UnsafeCode where its code does more than calculate
   */
  async readRun(run, how = {}) {
    const data = checkBytes(run);
    const trusted = checkTrusted(how);
    const { experiment, ...rest } = await this.#open.anyone((worker) => worker.request('readRun', { data, trusted }));
    return { ...rest, experiment: { ...withArchive(experiment, data), ...(trusted ? { trusted: CODE } : {}) } };
  }

  /**
   * What Python that registers tasks comes to: an experiment with each, which is tried with two environments.
   *
   * @param {string} code
   * @param {{name?: string, present?: import('./shared/protocol.js').Experiment | null, trusted?: boolean}} [how]  name: of its file;
   *   present: whose robot, reward, measure and world they have; trusted: it may do anything, without which it does not run
   * @returns {Promise<import('./shared/protocol.js').CompleteExperiment[]>}
   * @throws UnsafeCode; TaskError, which names the line
   */
  async readTasks(code, how = {}) {
    checkText('code', code);
    checkNames('options of readTasks', how, ['name', 'present', 'trusted']);
    const { name = 'tasks.py', present = null } = how;
    const trusted = checkTrusted(how);
    const file = { name: checkText('name', name), code };
    const found = await this.#open.anyone((worker) => worker.request('readTasks', { file, present, trusted }));
    const trust = [...(present?.trusted ?? []).filter((part) => part !== 'task_code'), 'task_code'];
    return found.map((text) => {
      const experiment = { ...JSON.parse(text), trusted: trust };
      return experiment.robot ? { ...experiment, archive: present?.archive } : experiment;
    });
  }

  /**
   * What files of a robot come to: MJCF or URDF with all that they name, or one zip archive of that.
   *
   * @param {Record<string, ArrayBuffer>} files  by path
   * @param {string} [main]  which of them is the model, where there are several
   * @returns {Promise<{experiment: import('./shared/protocol.js').CompleteExperiment | null, missing: string[], models: string[], kind: 'robot' | 'run' | 'policy' | 'recording'}>}
   *   experiment: the robot is only observed; null where files are missing, one of several models is to
   *   be chosen, or the one file is something else: a run, for `readRun`, another program's policy, or recorded episodes
   * @throws ModelError in MuJoCo's words; InvalidArgument
   */
  async readRobot(files, main) {
    const { experiment, archive, ...open } = await this.#open.anyone((worker) => (
      worker.request('readRobot', { files, main: main ?? null })
    ));
    return { ...open, experiment: experiment && archive ? withArchive(experiment, archive.buffer) : null };
  }

  /**
   * Makes a few environments of an experiment in a worker and lets them take some steps, beside those that there are.
   *
   * @param {import('./shared/protocol.js').Experiment} experiment
   * @throws {Error} what `create` would throw of it: ModelError, UnsafeCode, InvalidArgument, ...
   */
  async check(experiment) {
    const { manifest, fleet } = this.#simulation;
    checkExperiment(experiment, [...manifest.tasks, ...fleet?.tasks ?? []]);
    await this.#open.anyone((worker) => worker.request('measure', { specs: [{ experiment }] }));
  }

  /** @param {number} speed multiples of real time; Infinity: as fast as it goes */
  setSpeed(speed) {
    this.#simulation.drive({ speed: checkSpeed(speed) });
  }

  /** Where memory is not shared: how often samples of it come. @param {number} sampleRate a second */
  setSampleRate(sampleRate) {
    this.#simulation.drive({ sampleRate: checkSampleRate(sampleRate) });
  }

  /**
   * What drives an environment; null: it learns.
   *
   * @param {number} index
   */
  controllerOf(index) {
    return this.#open.driving.of(checkInteger('index', index, 0, this.numEnvs - 1));
  }

  /**
   * One environment as its last sample shows it. The arrays are copies.
   *
   * @param {number} index
   */
  getEnvironmentState(index) {
    const { shards, driving } = this.#open;
    const { worker, shard, group, within } = shards.locate(index);
    if (!shard) throw new WorkerError(`worker ${worker} is being replaced; its environments restart soon`);
    const { task, worldValues } = this.groups[group];
    const row = Shards.row(shard, within - shard.first);
    return {
      ...row,
      index,
      task,
      worker,
      controller: driving.of(index),
      rewardTerms: Object.fromEntries(shard.rewardTerms.map((name, k) => [name, row.rewardTerms[k]])),
      worldValues: Object.fromEntries(worldValues.map((name, k) => [name, row.worldValues[k]])),
    };
  }

  /**
   * Contacts of one environment, as it is when its worker comes to it, with their forces.
   *
   * @param {number} index
   * @returns {Promise<Float64Array<ArrayBuffer>>}  [n, 6]: where it is, and the force on what is no part of the world, in N; both in
   *   the world's frame
   */
  async contacts(index) {
    const { shards, workers } = this.#open;
    const { worker, group, within, shard } = shards.locate(index);
    if (!shard) throw new WorkerError(`worker ${worker} is being replaced; its environments restart soon`);
    return workers[worker].request('contacts', { group, index: within - shard.first });
  }

  /**
   * The newest poses of a group, in one part for each worker. The arrays are written over by the
   * next call.
   *
   * @param {number} group
   * @returns {import('./page/poses.js').PoseShard[]}
   */
  poseShards(group) {
    return this.#simulation.shards.poses(this.#group(group));
  }

  /** What happens, in numbers. Rates are means over the last seconds, returns over the last episodes. */
  stats() {
    const { statistics, workers } = this.#simulation;
    return {
      environments: this.numEnvs,
      workers: this.numWorkers,
      isolated: this.isolated,
      ...statistics.read(workers),
    };
  }

  /** To be called by whoever draws, once a frame: `stats().framesPerSecond` counts it. */
  countFrame() {
    this.#simulation.statistics.frames += 1;
  }

  /**
   * Runs Python in a worker, beside its environments; `await` is allowed at top level.
   *
   * @param {string} code
   * @param {{worker?: number}} [where]
   * @returns {Promise<any>} the value of the last expression, converted to JavaScript
   */
  async runPython(code, where = {}) {
    const { workers } = this.#open;
    checkText('code', code);
    checkNames('options of runPython', where, ['worker']);
    const { worker = 0 } = where;
    return workers[checkInteger('worker', worker, 0, this.numWorkers - 1)].request('runPython', { code });
  }

  /**
   * Runs Python that registers tasks, in all workers and in those that replace them. A simulation that
   * replaces this one can be of these tasks.
   *
   * @param {string} code
   * @returns {Promise<string[]>} the ids of the tasks
   * @throws TaskError, which names the line
   */
  async defineTasks(code) {
    const { fleet } = this.#open;
    return /** @type {import('./page/fleet.js').Fleet} */ (fleet).defineTasks({ name: 'tasks.py', code: checkText('code', code) });
  }

  /**
   * Learns what words say, by a tournament of rewards in all workers, beside the robots
   * (`docs/tournament.md`); events `tournament` tell how it stands.
   *
   * @param {import('./page/arguments.js').AuthorOptions} options
   * @returns {Promise<TournamentControls>}  once its author has answered
   * @throws InvalidArgument for an option that is not allowed, or where the workers learn already
   */
  async author(options) {
    const { manifest, fleet } = this.#open;
    const checked = checkAuthor(options, [...manifest.tasks, ...fleet?.tasks ?? []]);
    return new TournamentControls(await this.#simulation.author(checked));
  }

  /** The language model that the author `llm` asks, through the server. @returns {Promise<import('./page/conversation.js').LanguageModel>} */
  languageModel() {
    return fetchLanguageModel();
  }

  /**
   * What a language model would be told for a wish: all that is sent, before it is.
   *
   * @param {import('./page/arguments.js').AuthorOptions} options  of `author`
   * @returns {Promise<{system: string, request: string}>}
   */
  async authorPrompt(options) {
    const { manifest, fleet } = this.#open;
    return this.#simulation.authorPrompt(checkAuthor(options, [...manifest.tasks, ...fleet?.tasks ?? []]));
  }

  /** Has a language model stop writing: what was written before goes on. Events `authoring` tell what it writes. */
  cancelAuthoring() {
    this.#simulation.tournament?.cancelAuthoring();
  }

  /**
   * Plays short scenes of the robots that learn, of which somebody picks those that move well.
   *
   * @param {number} [seed]  of the scenes
   * @returns {Promise<import('./shared/messages.js').ScenePool>}
   * @throws InvalidArgument where nothing learns, or where the reward is no sum of weighted terms
   */
  async playScenes(seed = 0) {
    const { training } = this.#open;
    if (!training) throw new InvalidArgument('scenes are of robots that learn: begin training first');
    checkSeed(seed);
    const checkpoint = await training.save().catch((error) => {
      if (error.name !== 'InvalidArgument') throw error;
      return null; // nothing has been learnt yet
    });
    return this.#simulation.anyone((worker) => worker.request('playScenes', { experiment: training.experiment, checkpoint, seed }));
  }

  /**
   * What picks among scenes say of the weights of the reward's terms, and which scenes to show next.
   *
   * @param {import('./shared/messages.js').ScenePool} pool  of `playScenes`
   * @param {{sums: number[][], chosen: number[]}[]} picks  that the run does not tell of yet: of the scenes that were shown
   *   their `sums`, and the places of those that were chosen
   * @param {{count?: number, seed?: number}} [how]  count: scenes to be shown next
   * @returns {Promise<import('./shared/messages.js').PicksStanding>}
   */
  async judgePicks({ known }, picks, how = {}) {
    checkNames('options of judgePicks', how, ['count', 'seed']);
    const { count = 6, seed = 0 } = how;
    checkInteger('count', count, 2, 16);
    return this.#open.anyone((worker) => (
      worker.request('judgePicks', { known, picks: JSON.stringify(picks), count, seed: checkSeed(seed) })
    ));
  }

  /**
   * Goes on with a tournament; jobs that were under way begin anew.
   *
   * @param {import('./page/tournamentrun.js').KeptTournament} kept  `TournamentControls.kept`, of this page or one before
   * @returns {Promise<TournamentControls>}
   */
  async resumeAuthor(kept) {
    this.#open; // throws when it is closed
    return new TournamentControls(await this.#simulation.author(kept.options, kept));
  }

  /**
   * Makes the workers ranks that can learn together: in each of them,
   * `websim.browser.transport.worker_communicator()` is its end. For one run; call it again for the next.
   */
  async joinRanks() {
    const { workers } = this.#open;
    if (!this.isolated) throw new WorkerError(`ranks need shared memory: ${WHY_NOT_SHARED}`);
    if (this.training) throw new InvalidArgument('the workers are ranks already: of the training run');
    const ranks = this.numWorkers;
    const exchange = createExchange(ranks, RANK_SLOT_BYTES);
    await Promise.all(workers.map((worker) => worker.request('join', { exchange, rank: worker.index, ranks })));
  }

  /** Resolves when every worker is up, those that are being replaced included. */
  async ready() {
    await this.#simulation.ready();
  }

  /**
   * @template {keyof SimEvents} E
   * @param {E} name
   * @param {(detail: SimEvents[E]) => void} listener
   * @returns {() => void} call it to stop listening
   */
  on(name, listener) {
    return this.#simulation.events.on(name, listener);
  }

  /**
   * Ends the workers and frees all they hold. The object cannot be used afterwards.
   *
   * @returns {Promise<{embindObjects: number}>} objects that the workers failed to free
   */
  async close() {
    return { embindObjects: await this.#simulation.close() };
  }

  /** The threads of the workers, for tests that kill them. @returns {(Worker | undefined)[]} */
  get workers() {
    return this.#simulation.workers.map(({ thread }) => thread);
  }

  /** What works behind this, if it was made and is not closed. */
  get #open() {
    this.#simulation.checkOpen();
    const { lockStep } = this.#simulation;
    if (!lockStep) throw new WorkerError('the simulation is still being made');
    return /** @type {Simulation & {lockStep: import('./page/lockstep.js').LockStep}} */ (this.#simulation);
  }
}
