/** What is simulated, as the page speaks of it. */

/** @typedef {import('../sim/shared/protocol.js').Experiment} Experiment */

/** What decides how robots stand and move, and what they are paid; the rest is about learning. */
const ROBOTS = /** @type {const} */ (['task', 'task_options', 'task_code', 'robot', 'reward', 'measure', 'world', 'hands', 'simulation']);

/**
 * The same for robots that learn: what hands did to others is not for them.
 *
 * @template {Experiment} E
 * @param {E} experiment
 */
export function forLearning(experiment) {
  const known = { ...experiment };
  if (known.simulation) delete known.hands;
  delete known.simulation;
  return known;
}

/** What an experiment is called. @param {Pick<Experiment, 'task'|'title'>} experiment */
export const titleOf = ({ title, task }) => title || task;

/**
 * An experiment as lists know it: the files of its robot lie elsewhere.
 *
 * @template {Experiment} E
 * @param {E} experiment
 */
export function withoutFiles(experiment) {
  const known = { ...experiment };
  delete known.archive;
  return known;
}

/** Whether it is more than a built-in task as it comes. @param {Experiment} experiment */
export const isOwn = (experiment) => robotsOf(experiment) !== robotsOf({ task: experiment.task });

/** Whether two experiments have the same robots, paid for the same. @param {Experiment} one @param {Experiment} other */
export const sameRobots = (one, other) => robotsOf(one) === robotsOf(other);

/** Whether what has been learnt by robots of one can move those of the other. @param {Experiment} one @param {Experiment} other */
export const sameBodies = (one, other) => robotsOf(bodies(one)) === robotsOf(bodies(other));

/** @param {Experiment} experiment @returns {Experiment} */
const bodies = ({ task, task_code, robot }) => ({ task, task_code, robot });

/** @param {Experiment} experiment */
function robotsOf(experiment) {
  const parts = ROBOTS.map((name) => experiment[name] ?? (name === 'task_options' ? {} : null));
  return JSON.stringify(parts, (_, value) => (isObject(value) ? Object.fromEntries(Object.entries(value).sort()) : value));
}

/** @param {unknown} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What has followed of code that failed as it ran. @param {string | null} reward  that pays now */
export const givenWay = (reward) => (
  `The reward or the measure failed as it ran; ${reward === null ? "the task's own reward pays now" : 'what was in force before is again'}.`
);
