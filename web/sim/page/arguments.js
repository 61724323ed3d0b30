/** What the page may ask of a simulation, checked before anything is started. */

import { InvalidArgument, UnknownTask } from '../shared/errors.js';
import { MAX_ENVS } from '../shared/protocol.js';

export const CONTROLLERS = ['random', 'zero', 'sinusoid'];

/**
 * @typedef {object} TaskRequest
 * @property {string} task
 * @property {number | 'auto'} numEnvs
 * @property {Record<string, unknown>} [options] the task's constructor options
 */

/** @param {string} name @param {unknown} value @param {number} min @param {number} max */
export function checkInteger(name, value, min, max) {
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
    throw new InvalidArgument(`${name} must be a whole number from ${min} to ${max}, not ${value}`);
  }
  return Number(value);
}

/** @param {unknown} name @param {string[]} names those that there are */
export function checkController(name, names) {
  if (!names.includes(/** @type {string} */ (name))) {
    throw new InvalidArgument(`controller must be one of ${names.join(', ')}, not ${name}`);
  }
}

/** @param {unknown} speed */
export function checkSpeed(speed) {
  if (typeof speed !== 'number' || !(speed > 0)) {
    throw new InvalidArgument(`speed must be a number above 0 (1 is real time) or Infinity, not ${speed}`);
  }
}

/**
 * @param {TaskRequest[]} requests
 * @param {string[]} known ids of all tasks
 * @param {boolean} few  whether there need not be any
 */
export function checkTasks(requests, known, few) {
  if (!requests.length && !few) throw new InvalidArgument('tasks must name at least one task');
  for (const { task, numEnvs } of requests) {
    if (!known.includes(task)) {
      throw new UnknownTask(`there is no task '${task}'; the tasks are ${known.join(', ')}`);
    }
    if (numEnvs !== 'auto') checkInteger("numEnvs, unless 'auto',", numEnvs, 1, MAX_ENVS);
  }
}

/** @param {number} numEnvs  of all groups */
export function checkTotal(numEnvs) {
  checkInteger('numEnvs of all tasks together', numEnvs, 0, MAX_ENVS);
}

/** @param {unknown} data @returns {ArrayBuffer} */
export function checkBytes(data) {
  if (data instanceof ArrayBuffer) return data;
  throw new InvalidArgument(`a checkpoint must be an ArrayBuffer, not ${data}`);
}

/** @param {import('./training.js').TrainingOptions} training @param {string[]} known ids of all tasks */
export function checkTraining({ spec, checkpoint, checkpointSeconds = 1 }, known) {
  if (checkpoint !== undefined) checkBytes(checkpoint);
  if (spec && !known.includes(spec.task)) {
    throw new UnknownTask(`there is no task '${spec.task}'; the tasks are ${known.join(', ')}`);
  }
  if (!spec && !checkpoint) throw new InvalidArgument('training needs a spec, or a checkpoint to go on from');
  if (!(checkpointSeconds > 0)) {
    throw new InvalidArgument(`checkpointSeconds must be a number above 0, not ${checkpointSeconds}`);
  }
}

/**
 * @param {unknown} action
 * @param {number} length
 * @returns {Float32Array}
 */
export function checkActions(action, length) {
  const given = /** @type {ArrayLike<number> | undefined} */ (action)?.length;
  if (given !== length) {
    throw new InvalidArgument(
      `actions must have ${length} numbers (environments x action size), not ${given ?? typeof action}`,
    );
  }
  const actions = Float32Array.from(/** @type {ArrayLike<number>} */ (action));
  const bad = actions.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InvalidArgument(`actions must be finite numbers; number ${bad} is ${actions[bad]}`);
  return actions;
}
