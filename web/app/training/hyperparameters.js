/**
 * What is to be trained, from the options and from what the server says of its algorithms: values
 * are those of the preset for the task, with the user's own over them.
 */

import { readNumber, readNumbers } from '../numbers.js';
import { OptionError } from '../panel/options.js';

/**
 * @typedef {import('../panel/options.js').Options} Options
 *
 * @typedef {import('../../sim/shared/messages.js').Hyperparameter} Hyperparameter
 * @typedef {Hyperparameter['default']} Value
 * @typedef {import('../../sim/shared/messages.js').Algorithm} Algorithm
 * @typedef {Record<string, Algorithm>} Algorithms
 *
 * @typedef {object} SetUp  what the form shows
 * @property {string} algorithm
 * @property {string} preset
 * @property {string[]} presets
 * @property {Hyperparameter[]} hyperparameters  all but the total of steps
 * @property {Record<string, Value>} initial     the preset's values
 * @property {Record<string, Value>} changed     the user's that differ from them
 * @property {number} totalTimesteps
 * @property {number} seed
 * @property {string[]} problems                 what the options name and there is not
 */

const TOTAL = 'total_timesteps';
const EVERY_TASK = '*';

/** The page's first choices of a preset, where an algorithm has them: for the task's reward, and for another. */
const PREFERRED_PRESETS = ['fast'];
const OWN_REWARD_PRESETS = ['explore', ...PREFERRED_PRESETS];

const NONE = 'none';

/** @param {Hyperparameter} hyperparameter  @returns {string} completes "Allowed: …" */
export function allowed({ type, low, high, most, choices, default: initial }) {
  if (choices) return choices.join(', ');
  if (type === 'bool') return 'true or false';
  const what = { int: 'whole numbers', ints: 'whole numbers', float: 'numbers', str: 'any text' }[type];
  const range = low === null ? '' : high === null ? ` of at least ${low}` : ` from ${low} to ${high}`;
  if (type === 'ints') return `${what}${range}, at most ${most} of them, as 64x64, or ${NONE}`;
  return initial === null ? `${what}${range}, or ${NONE}` : what + range;
}

/**
 * @param {Hyperparameter} hyperparameter @param {string} text
 * @returns {Value}
 * @throws {OptionError} naming what is allowed
 */
export function readValue(hyperparameter, text) {
  const value = parse(hyperparameter, text.trim());
  if (value === undefined) {
    throw new OptionError(`${hyperparameter.name} cannot be "${text.trim()}". Allowed: ${allowed(hyperparameter)}.`);
  }
  return value;
}

/** @param {Hyperparameter} hyperparameter @param {string} text @returns {Value|undefined} */
function parse({ type, low, high, most, choices, default: initial }, text) {
  const inRange = (/** @type {number | undefined} */ n) => (
    n !== undefined && n >= (low ?? -Infinity) && n <= (high ?? Infinity)
      && (type === 'float' || Number.isSafeInteger(n)) ? n : undefined
  );
  if (choices) return choices.includes(text) ? text : undefined;
  switch (type) {
    case 'bool': {
      const said = text.toLowerCase();
      return said === 'true' || said === 'false' ? said === 'true' : undefined;
    }
    case 'ints': {
      if (text === NONE) return [];
      const values = readNumbers(text).map(inRange);
      return values.length <= (most ?? Infinity) && values.every((n) => n !== undefined) ? values : undefined;
    }
    case 'str': return text;
    default: return initial === null && text === NONE ? null : inRange(readNumber(text));
  }
}

/** @param {Value} value @param {string} [comma]  between several numbers */
export function writeValue(value, comma = ', ') {
  if (Array.isArray(value)) return value.join(comma) || NONE;
  return value === null ? NONE : String(value);
}

/** @param {Value} one @param {Value} other */
const same = (one, other) => writeValue(one) === writeValue(other);

/** @typedef {{task: string, reward?: string|null}} Learnt  what presets follow from */

/** @param {Algorithm} algorithm @param {Learnt} experiment */
function defaultPreset({ presets }, { task, reward }) {
  const preferred = (reward ? OWN_REWARD_PRESETS : PREFERRED_PRESETS).filter((name) => name in presets);
  // A task from a file may bring a preset of one name only.
  return preferred.find((name) => task in presets[name]) ?? [...preferred, ...Object.keys(presets)][0];
}

/**
 * @param {Options} options @param {Learnt} experiment @param {Algorithms} algorithms
 * @returns {SetUp}
 */
export function setUpOf(options, experiment, algorithms) {
  /** @type {string[]} */
  const problems = [];
  /** @param {string} what @param {string} name @param {string[]} names @param {string} otherwise */
  const among = (what, name, names, otherwise) => {
    if (names.includes(name)) return name;
    problems.push(`There is no ${what} "${name}". Allowed: ${names.join(', ')}.`);
    return otherwise;
  };
  const names = Object.keys(algorithms);
  const name = among('algorithm', options.algo, names, names[0]);
  const algorithm = algorithms[name];
  const presets = Object.keys(algorithm.presets);
  const fallback = defaultPreset(algorithm, experiment);
  const preset = options.preset === 'auto' ? fallback : among('preset', options.preset, presets, fallback);
  const all = algorithm.hyperparameters;
  const initial = {
    ...Object.fromEntries(all.map((entry) => [entry.name, entry.default])),
    ...algorithm.presets[preset][EVERY_TASK],
    ...algorithm.presets[preset][experiment.task],
  };
  const hyperparameters = all.filter((entry) => entry.name !== TOTAL);
  /** @type {Record<string, Value>} */
  const changed = {};
  for (const [key, text] of readPairs(options.hp)) {
    const entry = hyperparameters.find((candidate) => candidate.name === key);
    if (!entry) {
      problems.push(`${name} has no hyperparameter "${key}". It has: ${hyperparameters.map((h) => h.name).join(', ')}.`);
      continue;
    }
    try {
      const value = readValue(entry, text);
      if (!same(value, initial[key])) changed[key] = value;
    } catch (error) {
      problems.push(/** @type {Error} */ (error).message);
    }
  }
  return {
    algorithm: name, preset, presets, hyperparameters, initial, changed, problems,
    totalTimesteps: options.steps ?? Number(initial[TOTAL]),
    seed: options.trainseed,
  };
}

/**
 * The experiment that `WebSim.create` takes.
 *
 * @param {SetUp} setUp @param {import('../../sim/shared/protocol.js').Experiment} simulated
 * @returns {import('./run.js').Experiment}
 */
export function experimentOf({ algorithm, initial, changed, totalTimesteps, seed }, simulated) {
  return {
    task_options: {}, title: '', ...simulated,
    algorithm, hyperparameters: { ...initial, ...changed, [TOTAL]: totalTimesteps }, seed,
  };
}

/**
 * The options that give an experiment again, as far as options go.
 *
 * @param {import('./run.js').Experiment} experiment @param {Algorithms} algorithms
 * @returns {Pick<Options, 'algo'|'preset'|'steps'|'trainseed'|'hp'>}
 */
export function optionsOf(experiment, algorithms) {
  const algorithm = algorithms[experiment.algorithm];
  const all = algorithm.hyperparameters;
  const ofPreset = (/** @type {string} */ preset) => {
    const values = {
      ...Object.fromEntries(all.map((entry) => [entry.name, entry.default])),
      ...algorithm.presets[preset][EVERY_TASK], ...algorithm.presets[preset][experiment.task],
    };
    const pairs = Object.entries(/** @type {Record<string, Value>} */ (experiment.hyperparameters))
      .filter(([name, value]) => name !== TOTAL && Object.hasOwn(values, name) && !same(value, values[name]));
    return { preset, pairs, steps: Number(values[TOTAL]) };
  };
  // The preset that explains most of it; the page's first choice where several do.
  const first = defaultPreset(algorithm, experiment);
  const { preset, pairs, steps } = [first, ...Object.keys(algorithm.presets)].map(ofPreset)
    .reduce((best, candidate) => (candidate.pairs.length < best.pairs.length ? candidate : best));
  const total = Number(experiment.hyperparameters[TOTAL] ?? steps);
  return {
    algo: experiment.algorithm,
    preset: preset === first ? 'auto' : preset,
    steps: total === steps ? null : total,
    trainseed: experiment.seed,
    hp: writePairs(Object.fromEntries(pairs)),
  };
}

/** @param {string} text  as `learning_rate:0.001,hidden_sizes:64x64` @returns {[string, string][]} */
function readPairs(text) {
  return text ? text.split(',').map((pair) => /** @type {[string, string]} */ (pair.split(':'))) : [];
}

/** @param {Record<string, Value>} values */
export function writePairs(values) {
  return Object.entries(values).map(([name, value]) => `${name}:${writeValue(value, 'x')}`).join(',');
}
