/** Kept runs as a table: its columns, in the order that one asks for, and for other programs. */

import { titleOf } from '../experiment.js';
import { short } from '../format.js';

/** @typedef {import('./storage.js').RunRecord} RunRecord */

/** What a run is called: as the user says, or by what it is. @param {RunRecord} record */
export const nameOf = ({ name, experiment, globalStep }) => (
  name || `${titleOf(experiment)} · ${experiment.algorithm} · ${short(globalStep)} steps`
);

/** What it does, or why it does nothing. @param {RunRecord} record @param {Set<string>} live  ids of runs that go on now */
export const stateOf = ({ id, failure, finished, globalStep, totalTimesteps }, live) => (
  live.has(id) ? 'goes on now' : failure ? 'failed' : finished || globalStep >= totalTimesteps ? 'finished' : 'stopped'
);

/** @type {Record<string, (record: RunRecord, live: Set<string>) => string|number>} */
const COLUMNS = {
  name: nameOf,
  task: ({ experiment }) => titleOf(experiment),
  algorithm: ({ experiment }) => experiment.algorithm,
  seed: ({ experiment }) => experiment.seed,
  global_step: ({ globalStep }) => globalStep,
  total_timesteps: ({ totalTimesteps }) => totalTimesteps,
  episodic_return: ({ episodicReturn }) => (Number.isFinite(episodicReturn) ? episodicReturn : ''),
  seconds: ({ seconds }) => seconds,
  saved_at: ({ savedAt }) => new Date(savedAt).toISOString(),
  state: stateOf,
};

/**
 * In the order of a column; runs without a value, and those that cannot be read, come last either way.
 *
 * @param {RunRecord[]} records @param {Set<string>} live @param {string} column @param {boolean} descending
 */
export function inOrder(records, live, column, descending) {
  const valued = records.map((record) => ({ record, value: record.problem ? '' : COLUMNS[column](record, live) }));
  return valued.sort((one, other) => {
    if (one.value === '' || other.value === '') return Number(one.value === '') - Number(other.value === '');
    const difference = typeof one.value === 'number' ? one.value - Number(other.value) : one.value.localeCompare(String(other.value));
    return descending ? -difference : difference;
  }).map(({ record }) => record);
}

/** A row each, those left out that cannot be read. @param {RunRecord[]} records @param {Set<string>} live  ids of runs that go on now */
export function csvOf(records, live) {
  const rows = records.filter(({ problem }) => !problem).map((record) => Object.values(COLUMNS).map((value) => cell(value(record, live))));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(',')}\n`).join('');
}

/** As RFC 4180 says; what a spreadsheet would take for a formula is a text. @param {string|number} value */
function cell(value) {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
