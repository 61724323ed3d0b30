/** What is kept of a run, looked at before it is believed: it may be of another version, or damaged. */

/**
 * @typedef {import('./storage.js').RunRecord} RunRecord
 * @typedef {import('./storage.js').Kept} Kept
 */

const isObject = (/** @type {unknown} */ value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (/** @type {unknown} */ value) => typeof value === 'string';
const isFlag = (/** @type {unknown} */ value) => typeof value === 'boolean';
const isNumber = (/** @type {unknown} */ value) => typeof value === 'number';
const isAmount = (/** @type {unknown} */ value) => Number.isFinite(value) && /** @type {number} */ (value) >= 0;
const isCount = (/** @type {unknown} */ value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;

/** @type {Record<string, (value: unknown) => boolean>} */
const EXPERIMENT = { task: isText, algorithm: isText, task_options: isObject, hyperparameters: isObject, seed: isCount };

/** @type {Record<string, (value: unknown) => boolean>} */
const RECORD = {
  id: isText, name: isText, kept: isFlag, unfinished: isFlag, experiment: isObject, iteration: isCount, globalStep: isCount,
  totalTimesteps: isNumber, episodicReturn: isNumber, seconds: isAmount, savedAt: isAmount, bytes: isCount,
};

/** The first entry that is not as it should be; empty: none. @param {any} value @param {typeof RECORD} checks */
const wrongOf = (value, checks) => Object.entries(checks).find(([name, check]) => !check(value[name]))?.[0] ?? '';

/** What is wrong with a record; empty: nothing. @param {any} record @returns {string} */
export function problemOf(record) {
  if (!isObject(record)) return 'it is no record of a run';
  const wrong = wrongOf(record, RECORD);
  if (wrong) return `its ${wrong} is not what it should be`;
  const inExperiment = wrongOf(record.experiment, EXPERIMENT);
  return inExperiment && `its ${inExperiment} is not what it should be`;
}

/** What is wrong with what is kept beside a record; empty: nothing. @param {any} kept @returns {string} */
export function problemOfKept(kept) {
  if (!(kept?.checkpoint instanceof ArrayBuffer)) return 'it has no checkpoint';
  const { steps, columns } = kept.curve ?? {};
  const fits = (/** @type {unknown} */ column) => column instanceof Float64Array && column.length === steps.length;
  return steps instanceof Float64Array && isObject(columns) && Object.values(columns).every(fits) ? '' : 'its curve is damaged';
}

/**
 * A record as lists show it, one that can only be deleted where it is damaged.
 *
 * @param {string} id @param {unknown} record
 * @returns {RunRecord}
 */
export function readRecord(id, record) {
  const problem = problemOf(record);
  if (!problem) return /** @type {RunRecord} */ (record);
  return {
    id, problem, name: 'A run that cannot be read', kept: true, unfinished: false,
    experiment: { task: '', algorithm: '', task_options: {}, hyperparameters: {}, seed: 0, title: '' },
    iteration: 0, globalStep: 0, totalTimesteps: 0, episodicReturn: NaN, seconds: 0, savedAt: 0, bytes: 0,
  };
}
