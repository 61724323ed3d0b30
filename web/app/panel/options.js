/**
 * What the user can set: one entry for each option with its default, what is allowed, and how it is
 * read from text and written as text. The URL and the panel share it.
 */

import { WebSim } from '../../sim/websim.js';
import { MAX_ENVS, MAX_WORKERS } from '../../sim/page/arguments.js';
import { readNumber, readWhole } from '../numbers.js';
import { PARTS } from '../stage/parts.js';

/**
 * @typedef {object} Options
 * @property {string} task          id, or several with their numbers: `Ant-v5:200,Hopper-v5:100`
 * @property {string} experiment    id of the user's own, kept in this browser, in place of `task`; empty: none
 * @property {string} open          a file that the server was asked to open, in place of both; empty: none
 * @property {number|'auto'} envs   number of environments, where `task` names one
 * @property {number|'auto'} workers
 * @property {number} seed
 * @property {string} controller
 * @property {number} speed         multiples of real time; Infinity is unlimited
 * @property {boolean} paused
 * @property {number|null} follow   index of the followed environment
 * @property {'cells'|'world'} overview  robots that travel are held in their cells, or where they are
 * @property {boolean} present    only the robots, without the page around them
 * @property {string} show          what is drawn of robots besides their bodies: `tendons,contacts`
 * @property {number|'auto'} draw   robots drawn in full at most; the others are simple figures
 * @property {number|'auto'} fps    frames drawn a second at most
 * @property {'auto'|'webgl'|'flat'} renderer
 * @property {string} algo          what learns, when training is started
 * @property {string} preset        set of its hyperparameters; `auto`: the algorithm's first choice
 * @property {number|null} steps    environment steps to train for; null: as the preset says
 * @property {number} trainseed     of everything random in training
 * @property {string} hp            hyperparameters of one's own: `learning_rate:0.001,hidden_sizes:64x64`
 * @property {'off'|'on'|'ask'} adapt  whether a run changes its own course, or asks before
 * @property {string} adaptset      thresholds of one's own for that: `plateau.iterations:60,trial_steps:50000`
 * @property {string} wishes        what a run that changes its own course learns, one after the other: a line each
 * @property {string} compare       robots with controllers of their own: `16:best,16:random`
 */

/**
 * @template T
 * @typedef {object} Option
 * @property {T} initial
 * @property {string} allowed       completes "allowed: …"
 * @property {(text: string) => T|undefined} read   undefined when the text is not allowed
 * @property {(value: T) => string} [write]
 * @property {boolean} [rebuilds]   a change needs a new simulation
 * @property {(value: T) => boolean} [local]  whether a value means something in this browser only
 */

/** Raised when the text of an option is not allowed; the message says what is. */
export class OptionError extends Error {
  /** @override */
  name = 'OptionError';
}

/** @param {number} low @param {number} high */
const integer = (low, high) => (/** @type {string} */ text) => readWhole(text, low, high);

/** @param {number} low @param {number} high */
const automatic = (low, high) => (/** @type {string} */ text) =>
  text === 'auto' ? /** @type {const} */ ('auto') : integer(low, high)(text);

/** @param {readonly string[]} names */
const oneOf = (names) => (/** @type {string} */ text) => (names.includes(text) ? text : undefined);

/** @param {RegExp} pattern */
const matching = (pattern) => (/** @type {string} */ text) => (pattern.test(text) ? text : undefined);

/** @type {Option<boolean>} */
const yesOrNo = {
  initial: false,
  allowed: '0 or 1',
  read: (text) => (text === '0' || text === '1' ? text === '1' : undefined),
  write: (yes) => (yes ? '1' : '0'),
};

/** @type {string[]} */
const PART_NAMES = PARTS.map(({ name }) => name);

/** The controller that is a run which comes with the page, of each task its own. */
export const TRAINED = 'trained';

/** Controller of what a run has learnt. @param {string} id  of the run */
export const savedController = (id) => `saved-${id}`;

export const MAX_SEED = 2 ** 31 - 1;
export const MAX_FPS = 240;
const MIN_SPEED = 0.01;
const MAX_SPEED = 1000;
const MAX_STEPS = 1e12;
const MAX_WISHES = 100;
const MAX_WISH = 400;

/** Of the simulation's own, `saved-…` of the policies that are kept in this browser, and `shared-…` of those in the server's store. */
const CONTROLLER_NAME = /^[\w-]+$/;
const SAVED = /^saved-[\w-]+$/;
const SHARED = /^shared-[0-9a-f]{12}$/;

/**
 * Whether a task exists is for the simulation to say; here it is the form that counts.
 *
 * @param {string} text
 * @returns {string|undefined}
 */
function readTask(text) {
  const groups = text.split(',').map((part) => part.trim().split(':'));
  if (groups.some(([task, envs]) => !/^[\w./-]+$/.test(task) || envs === '')) return undefined;
  if (groups.length === 1 && groups[0].length === 1) return groups[0][0];
  if (groups.some(({ length }) => length !== 2)) return undefined;
  const counts = groups.map(([, envs]) => readWhole(envs, 1, MAX_ENVS) ?? NaN);
  const total = counts.reduce((sum, envs) => sum + envs, 0);
  return total <= MAX_ENVS ? groups.map(([task], i) => `${task}:${counts[i]}`).join(',') : undefined;
}

/**
 * Which controllers there are is for the simulation to say.
 *
 * @param {string} text
 * @returns {string|undefined}
 */
function readCompare(text) {
  if (text === '') return '';
  const parts = text.split(',').map((part) => part.trim().split(':'));
  if (parts.some(({ length }, i) => length !== 2 || !CONTROLLER_NAME.test(parts[i][1]))) return undefined;
  const counts = parts.map(([envs]) => readWhole(envs, 1, MAX_ENVS) ?? NaN);
  const total = counts.reduce((sum, envs) => sum + envs, 0);
  return total <= MAX_ENVS ? parts.map(([, name], i) => `${counts[i]}:${name}`).join(',') : undefined;
}

/** @type {{[K in keyof Options]: Option<Options[K]>}} */
export const OPTIONS = {
  task: {
    initial: 'Ant-v5',
    allowed: `a task, or several with their numbers of environments, at most ${MAX_ENVS} in all: `
      + 'Ant-v5:200,Hopper-v5:100',
    read: readTask,
    rebuilds: true,
  },
  experiment: {
    initial: '',
    allowed: 'the id of an experiment that is kept in this browser',
    read: matching(/^[0-9a-f]*$/),
    rebuilds: true,
    local: (id) => id !== '',
  },
  open: { initial: '', allowed: 'the name of the file that the server was asked to open', read: (text) => text, rebuilds: true },
  envs: { initial: 1000, allowed: `auto, or 1 to ${MAX_ENVS}`, read: automatic(1, MAX_ENVS), rebuilds: true },
  workers: {
    initial: 'auto',
    allowed: `auto, or 1 to ${MAX_WORKERS}`,
    read: automatic(1, MAX_WORKERS),
    rebuilds: true,
  },
  seed: { initial: 0, allowed: `0 to ${MAX_SEED}`, read: integer(0, MAX_SEED) },
  controller: {
    initial: 'random',
    allowed: `${WebSim.controllers.join(', ')}, ${TRAINED}, or a saved or shared policy`,
    read: (text) => (SAVED.test(text) || SHARED.test(text) ? text : oneOf([...WebSim.controllers, TRAINED])(text)),
    local: (controller) => SAVED.test(controller),
  },
  speed: {
    initial: Infinity,
    allowed: `unlimited, or ${MIN_SPEED} to ${MAX_SPEED} times real time`,
    read: (text) => {
      const value = text === 'unlimited' ? Infinity : readNumber(text) ?? NaN;
      return value === Infinity || (value >= MIN_SPEED && value <= MAX_SPEED) ? value : undefined;
    },
    write: (speed) => (speed === Infinity ? 'unlimited' : String(speed)),
  },
  paused: yesOrNo,
  follow: { initial: null, allowed: `0 to ${MAX_ENVS - 1}`, read: integer(0, MAX_ENVS - 1) },
  overview: {
    initial: 'cells',
    allowed: 'cells or world',
    read: (text) => /** @type {'cells'|'world'|undefined} */ (oneOf(['cells', 'world'])(text)),
  },
  present: yesOrNo,
  show: {
    initial: 'tendons,scenery',
    allowed: `nothing, or some of ${PART_NAMES.join(', ')}`,
    read: (text) => {
      const names = text.split(',').map((name) => name.trim()).filter(Boolean);
      return names.every((name) => PART_NAMES.includes(name)) ? PART_NAMES.filter((name) => names.includes(name)).join(',') : undefined;
    },
  },
  draw: { initial: 'auto', allowed: `auto, or 1 to ${MAX_ENVS}`, read: automatic(1, MAX_ENVS) },
  fps: { initial: 'auto', allowed: `auto, or 1 to ${MAX_FPS}`, read: automatic(1, MAX_FPS) },
  renderer: {
    initial: 'auto',
    allowed: 'auto, webgl or flat',
    read: (text) => /** @type {'auto'|'webgl'|'flat'|undefined} */ (oneOf(['auto', 'webgl', 'flat'])(text)),
  },
  algo: { initial: 'ppo', allowed: 'an algorithm, such as ppo', read: matching(/^\w+$/) },
  preset: { initial: 'auto', allowed: 'auto, or a preset of the algorithm', read: matching(/^\w+$/) },
  steps: {
    initial: null,
    allowed: `1 to ${MAX_STEPS}`,
    read: integer(1, MAX_STEPS),
  },
  trainseed: { initial: 1, allowed: `0 to ${MAX_SEED}`, read: integer(0, MAX_SEED) },
  hp: {
    initial: '',
    allowed: 'hyperparameters with their values: learning_rate:0.001,hidden_sizes:64x64',
    read: matching(/^$|^\w+:[\w.+-]+(,\w+:[\w.+-]+)*$/),
  },
  adapt: {
    initial: 'off',
    allowed: 'off, on or ask',
    read: (text) => /** @type {'off'|'on'|'ask'|undefined} */ (oneOf(['off', 'on', 'ask'])(text)),
  },
  adaptset: {
    initial: '',
    allowed: 'thresholds with their values: plateau.iterations:60,trial_steps:50000',
    read: matching(/^$|^[\w.]+:[\w.+-]+(,[\w.]+:[\w.+-]+)*$/),
  },
  wishes: {
    initial: '',
    allowed: `up to ${MAX_WISHES} wishes of up to ${MAX_WISH} characters, a line each`,
    read: (text) => {
      const lines = text.split('\n').map((line) => line.trim()).filter(Boolean);
      return lines.length <= MAX_WISHES && lines.every(({ length }) => length <= MAX_WISH) ? lines.join('\n') : undefined;
    },
  },
  compare: {
    initial: '',
    allowed: `numbers of robots with their controllers, at most ${MAX_ENVS} in all: 16:zero,16:sinusoid`,
    read: readCompare,
    local: (compare) => compare.split(',').some((part) => SAVED.test(part.split(':')[1])),
  },
};

/** @returns {Options} */
export function defaults() {
  const entries = Object.entries(OPTIONS).map(([name, option]) => [name, option.initial]);
  return /** @type {Options} */ (Object.fromEntries(entries));
}

/**
 * @template {keyof Options} K
 * @param {K} name
 * @param {string} text
 * @returns {Options[K]}
 * @throws {OptionError}
 */
export function readOption(name, text) {
  const value = OPTIONS[name].read(text.trim());
  if (value === undefined) {
    throw new OptionError(`${name} cannot be "${text}". Allowed: ${OPTIONS[name].allowed}.`);
  }
  return value;
}

/**
 * @template {keyof Options} K
 * @param {K} name
 * @param {Options[K]} value
 */
export function writeOption(name, value) {
  return OPTIONS[name].write?.(value) ?? String(value);
}

/**
 * The options under which hands acted on robots, as far as there are such.
 *
 * @param {import('../../sim/shared/messages.js').Simulation} simulation
 * @returns {Partial<Options>}
 */
export function simulatedBy({ num_envs: envs, workers, seed, controller }) {
  return Object.fromEntries(Object.entries({ envs, workers, seed, controller }).filter(([name, value]) => (
    OPTIONS[/** @type {keyof Options} */ (name)].read(String(value)) !== undefined
  )));
}

/**
 * The robot types with their numbers of environments, as `WebSim.create` takes them.
 *
 * @param {Options} options
 * @returns {{task: string, numEnvs: number|'auto'}[]}
 */
export function groupsOf({ task, envs }) {
  return task.split(',').map((part) => {
    const [id, count] = part.split(':');
    return { task: id, numEnvs: count ? Number(count) : envs };
  });
}

/**
 * The robots that have controllers of their own.
 *
 * @param {Options} options
 * @returns {{envs: number, controller: string}[]}
 */
export function comparedOf({ compare }) {
  return compare ? compare.split(',').map((part) => {
    const [envs, controller] = part.split(':');
    return { envs: Number(envs), controller };
  }) : [];
}

/** @param {Partial<Options>} change */
export function rebuilds(change) {
  return Object.keys(change).some((name) => OPTIONS[/** @type {keyof Options} */ (name)].rebuilds);
}
