/**
 * What the page may ask of a simulation, checked before anything is started. Whatever is not allowed
 * raises an InvalidArgument that says what is.
 */

import { InvalidArgument, UnknownTask } from '../shared/errors.js';
import { MAX_CANDIDATES, MAX_JUDGING_EPISODES } from '../shared/constants.js';

export const MAX_ENVS = 4096;
export const MAX_WORKERS = 64;

export const CONTROLLERS = ['random', 'zero', 'sinusoid'];

/** What a training run adds: the policy being learnt, and the best so far. */
export const LEARNT = ['current', 'best'];

const MAX_SEED = 2 ** 31 - 1;
const MAX_SAMPLE_RATE = 1000;

/** Deeper than this nobody nests options. */
const MAX_DEPTH = 16;

/** More of a wrong value is not shown. */
const MAX_SHOWN = 80;

/**
 * @typedef {object} TaskRequest
 * @property {string} [task]
 * @property {Record<string, unknown>} [options] the task's constructor options
 * @property {Experiment} [experiment]  instead of both: what is simulated, with a robot of one's own perhaps
 * @property {number | 'auto'} numEnvs
 *
 * @typedef {import('../shared/protocol.js').Experiment} Experiment
 *
 * @typedef {object} Settings  of a simulation: its options, checked, the defaults filled in
 * @property {{experiment: Experiment, numEnvs: number | 'auto'}[]} requests  the groups that do not learn
 * @property {import('./trainingrun.js').TrainingOptions} [training]
 * @property {number | 'auto'} numWorkers
 * @property {number} seed
 * @property {string} controller
 * @property {number} speed
 * @property {boolean} reproducible
 * @property {(progress: import('./fleet.js').Progress) => void} onProgress
 */

const OPTIONS = [
  'task', 'numEnvs', 'taskOptions', 'experiment', 'tasks', 'training', 'numWorkers', 'seed', 'controller', 'speed',
  'reproducible', 'replacing', 'onProgress', 'onOverture',
];

/**
 * @param {import('../websim.js').Options} options  of `WebSim.create`
 * @param {string[]} known  ids of all tasks
 * @returns {Settings}
 */
export function checkOptions(options, known) {
  checkNames('options', options, OPTIONS);
  const {
    experiment, task = experiment ? undefined : 'Ant-v5', numEnvs = 1000, taskOptions, training, tasks, numWorkers = 'auto', seed = 0,
    controller = 'random', speed = Infinity, reproducible = false, onProgress = () => {}, onOverture = () => {},
  } = options;
  if (training !== undefined) checkTraining(training, known);
  const requests = tasks ?? (training ? [] : [{ task, numEnvs, options: taskOptions, experiment }]);
  if (numWorkers !== 'auto') checkInteger("numWorkers, unless 'auto',", numWorkers, 1, MAX_WORKERS);
  checkName('controller', controller, training ? [...CONTROLLERS, ...LEARNT] : CONTROLLERS);
  checkFunction('onProgress', onProgress);
  checkFunction('onOverture', onOverture);
  return {
    requests: checkTasks(requests, known, training !== undefined),
    training,
    numWorkers,
    seed: checkSeed(seed),
    controller,
    speed: checkSpeed(speed),
    reproducible: checkBoolean('reproducible', reproducible),
    onProgress,
  };
}

/**
 * @typedef {object} AuthorOptions
 * @property {string} words  what the robots should do
 * @property {Experiment} experiment  task, robot and settings
 * @property {'offline' | 'llm' | 'hand'} [author]  who writes rewards
 * @property {string[]} [rewards]  by hand: sources of files with `reward(now, before, action)`
 * @property {string} [measure]  likewise: source of a file with `measure(now, before)`, what the words mean
 * @property {number} [candidates]  how many learn at first
 * @property {number} [minutes]  that it may take; 10 without `steps`
 * @property {number} [steps]  environment steps in all
 * @property {number} [episodes]  by which a policy is judged
 * @property {number} [seed]
 */

/**
 * @param {AuthorOptions} options  of `sim.author`
 * @param {string[]} known  ids of all tasks
 * @returns {import('./tournamentrun.js').TournamentOptions}
 */
export function checkAuthor(options, known) {
  checkNames('options of author', options, [
    'words', 'experiment', 'author', 'rewards', 'measure', 'candidates', 'minutes', 'steps', 'episodes', 'seed',
  ]);
  const { words, experiment, author = 'offline', rewards = [], measure = '', candidates = 8, minutes, steps, episodes = 16, seed = 1 } = options;
  checkName('author', author, ['offline', 'llm', 'hand']);
  if (!Array.isArray(rewards)) refuse('rewards', 'a list of texts', rewards);
  if (minutes !== undefined && !(typeof minutes === 'number' && minutes > 0 && minutes < Infinity)) refuse('minutes', 'a number above 0', minutes);
  return {
    words: checkText('words', words),
    experiment: checkExperiment(experiment, known),
    author,
    rewards: rewards.map((reward) => checkText('a reward', reward)),
    measure: checkText('measure', measure),
    candidates: checkInteger('candidates', candidates, 1, MAX_CANDIDATES),
    minutes: minutes ?? (steps === undefined ? 10 : null),
    steps: steps === undefined ? null : checkInteger('steps', steps, 1, Number.MAX_SAFE_INTEGER),
    episodes: checkInteger('episodes', episodes, 2, MAX_JUDGING_EPISODES),
    seed: checkSeed(seed),
  };
}

/** A value as an error message shows it. @param {unknown} value */
export function shown(value) {
  let text;
  if (typeof value === 'string') text = `'${value}'`;
  else if (typeof value === 'bigint') text = `${value}n`;
  else if (typeof value === 'function') text = 'a function';
  else if (Array.isArray(value)) text = `a list of ${value.length}`;
  else if (typeof value === 'object' && value) text = 'an object';
  else text = String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** @param {string} name @param {string} allowed @param {unknown} value @returns {never} */
function refuse(name, allowed, value) {
  throw new InvalidArgument(`${name} must be ${allowed}, not ${shown(value)}`);
}

/** @param {string} name @param {unknown} value @param {number} min @param {number} max */
export function checkInteger(name, value, min, max) {
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
    refuse(name, `a whole number from ${min} to ${max}`, value);
  }
  return Number(value);
}

/** @param {unknown} seed */
export function checkSeed(seed) {
  return checkInteger('seed', seed, 0, MAX_SEED);
}

/** @param {string} name @param {unknown} value @returns {boolean} */
function checkBoolean(name, value) {
  return typeof value === 'boolean' ? value : refuse(name, 'true or false', value);
}

/** @param {string} name @param {unknown} value @returns {string} */
export function checkText(name, value) {
  return typeof value === 'string' ? value : refuse(name, 'a text', value);
}

/** Code, or null for what is there without any. @param {unknown} source */
export function checkSource(source) {
  return source === null ? null : checkText('code', source);
}

/** @param {string} name @param {unknown} value */
export function checkFunction(name, value) {
  if (typeof value !== 'function') refuse(name, 'a function', value);
}

/** @param {string} what @param {unknown} name @param {readonly string[]} names  those that there are */
export function checkName(what, name, names) {
  if (!names.includes(/** @type {string} */ (name))) refuse(what, `one of ${names.join(', ')}`, name);
}

/** @param {string} name @param {unknown} value @returns {Record<string, unknown>} */
function checkObject(name, value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'an object', value);
  return /** @type {Record<string, unknown>} */ (value);
}

/** @param {string} what  in the plural @param {unknown} value @param {string[]} names  that it may have */
export function checkNames(what, value, names) {
  const unknown = Object.keys(checkObject(what, value)).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgument(`there are no ${what} named ${shown(unknown)}; there are ${names.join(', ')}`);
  }
}

/**
 * What Python can be handed: numbers, texts, true, false, null, and lists and objects of those.
 *
 * @param {string} name @param {unknown} value @param {number} [depth]
 */
export function checkPlain(name, value, depth = 0) {
  if (depth > MAX_DEPTH) throw new InvalidArgument(`${name} must not be nested deeper than ${MAX_DEPTH} levels`);
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return;
  const plain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(Object(value)));
  if (typeof value !== 'object' || !plain) {
    refuse(name, 'plain data (numbers, texts, true, false, null, lists and objects)', value);
  }
  for (const [key, inner] of Object.entries(/** @type {object} */ (value))) checkPlain(`${name}.${key}`, inner, depth + 1);
}

/** @param {string} name @param {unknown} value @returns {Record<string, unknown>} */
function checkPlainObject(name, value) {
  const object = checkObject(name, value);
  checkPlain(name, object);
  return object;
}

/** @param {unknown} speed */
export function checkSpeed(speed) {
  if (typeof speed !== 'number' || !(speed > 0)) refuse('speed', 'a number above 0 (1 is real time) or Infinity', speed);
  return /** @type {number} */ (speed);
}

/** @param {unknown} rate */
export function checkSampleRate(rate) {
  if (typeof rate !== 'number' || !(rate > 0) || rate > MAX_SAMPLE_RATE) {
    refuse('sampleRate', `a number above 0 and at most ${MAX_SAMPLE_RATE}`, rate);
  }
  return /** @type {number} */ (rate);
}

/** @param {unknown} range  of environments; undefined: all @returns {{first: number, count: number} | undefined} */
export function checkRange(range) {
  if (range === undefined) return undefined;
  checkNames('bounds of a range', range, ['first', 'count']);
  return /** @type {{first: number, count: number}} */ (range);
}

/** @param {unknown} task @param {string[]} known */
function checkTask(task, known) {
  if (!known.includes(/** @type {string} */ (task))) {
    throw new UnknownTask(`there is no task ${shown(task)}; the tasks are ${known.join(', ')}`);
  }
}

/**
 * @param {unknown} requests
 * @param {string[]} known ids of all tasks
 * @param {boolean} few  whether there need not be any
 * @returns {Settings['requests']}
 */
function checkTasks(requests, known, few) {
  if (!Array.isArray(requests)) refuse('tasks', 'a list of { task, numEnvs, options } or { experiment, numEnvs }', requests);
  const list = /** @type {unknown[]} */ (requests);
  if (!list.length && !few) throw new InvalidArgument('tasks must name at least one task');
  return list.map((request) => {
    checkNames('properties of a task', request, ['task', 'numEnvs', 'options', 'experiment']);
    const { task, numEnvs, options, experiment } = /** @type {TaskRequest} */ (request);
    if (numEnvs !== 'auto') checkInteger("numEnvs, unless 'auto',", numEnvs, 1, MAX_ENVS);
    if (experiment === undefined) {
      checkTask(task, known);
      const checked = checkPlainObject('taskOptions', options === undefined ? {} : options);
      return { experiment: { task: /** @type {string} */ (task), task_options: checked }, numEnvs };
    }
    if (task !== undefined || options !== undefined) {
      throw new InvalidArgument('an experiment says what the task and its options are: leave those away');
    }
    return { experiment: checkExperiment(experiment, known), numEnvs };
  });
}

/**
 * What Python will look at as a whole is looked at here as far as it crosses to it.
 *
 * @param {unknown} experiment @param {string[]} known  ids of all tasks
 * @returns {Experiment}
 */
export function checkExperiment(experiment, known) {
  const { archive, ...fields } = checkObject('experiment', experiment);
  if (archive !== undefined) checkBytes(archive);
  checkPlain('experiment', fields);
  if (fields.robot === undefined && fields.task_code === undefined) checkTask(fields.task, known);
  return /** @type {Experiment} */ (experiment);
}

/** @param {number} numEnvs  of all groups */
export function checkTotal(numEnvs) {
  checkInteger('numEnvs of all tasks together', numEnvs, 0, MAX_ENVS);
}

/** @param {unknown} data @returns {ArrayBuffer} */
export function checkBytes(data) {
  return data instanceof ArrayBuffer ? data : refuse('a run', 'an ArrayBuffer', data);
}

/** @param {{trusted?: unknown}} how  whether code may do anything */
export function checkTrusted({ trusted = false }) {
  return typeof trusted === 'boolean' ? trusted : refuse('trusted', 'true or false', trusted);
}

/** @param {unknown} training @param {string[]} known ids of all tasks */
function checkTraining(training, known) {
  checkNames('options of training', training, ['experiment', 'checkpoint', 'checkpointSeconds']);
  const { experiment, checkpoint, checkpointSeconds = 1 } = /** @type {import('./trainingrun.js').TrainingOptions} */ (training);
  if (checkpoint !== undefined) checkBytes(checkpoint);
  if (experiment !== undefined) checkExperiment(experiment, known);
  if (!experiment && !checkpoint) throw new InvalidArgument('training needs an experiment, or a checkpoint to go on from');
  if (typeof checkpointSeconds !== 'number' || !(checkpointSeconds > 0)) {
    refuse('checkpointSeconds', 'a number above 0', checkpointSeconds);
  }
}

/**
 * @param {unknown} action
 * @param {number} length
 * @returns {Float32Array}
 */
export function checkActions(action, length) {
  const given = /** @type {ArrayLike<number> | null | undefined} */ (action)?.length;
  if (given !== length || typeof action === 'string') {
    throw new InvalidArgument(
      `actions must have ${length} numbers (environments x action size), not ${given ?? shown(action)}`,
    );
  }
  const numbers = Array.from(/** @type {ArrayLike<unknown>} */ (action));
  const actions = Float32Array.from(numbers, (value) => (typeof value === 'number' ? value : NaN));
  const bad = actions.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InvalidArgument(`actions must be finite numbers; number ${bad} is ${shown(numbers[bad])}`);
  return actions;
}
