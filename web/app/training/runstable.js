/** Kept runs in the order that one asks for, and as a table for other programs. */

import { titleOf } from '../experiment.js';

/** @typedef {import('./storage.js').RunRecord} RunRecord */

/** By what they can be sorted: the first is as they come. @type {Record<string, (one: RunRecord, other: RunRecord) => number>} */
export const ORDERS = {
  'Newest first': (one, other) => other.savedAt - one.savedAt,
  'Highest return first': (one, other) => ranked(other.episodicReturn) - ranked(one.episodicReturn),
  'Most steps first': (one, other) => other.globalStep - one.globalStep,
  'By task': (one, other) => titleOf(one.experiment).localeCompare(titleOf(other.experiment)) || other.savedAt - one.savedAt,
  'By algorithm': (one, other) => one.experiment.algorithm.localeCompare(other.experiment.algorithm) || other.savedAt - one.savedAt,
};

/** No episode has ended: behind all others, of which none is left out. @param {number} value */
const ranked = (value) => (Number.isFinite(value) ? value : -Number.MAX_VALUE);

/** @type {Record<string, (record: RunRecord, live: Set<string>) => string|number>} */
const COLUMNS = {
  name: ({ name }) => name,
  task: ({ experiment }) => titleOf(experiment),
  algorithm: ({ experiment }) => experiment.algorithm,
  seed: ({ experiment }) => experiment.seed,
  global_step: ({ globalStep }) => globalStep,
  total_timesteps: ({ totalTimesteps }) => totalTimesteps,
  episodic_return: ({ episodicReturn }) => (Number.isFinite(episodicReturn) ? episodicReturn : ''),
  seconds: ({ seconds }) => seconds,
  saved_at: ({ savedAt }) => new Date(savedAt).toISOString(),
  state: ({ id, failure, globalStep, totalTimesteps }, live) => (
    live.has(id) ? 'learns' : failure ? 'failed' : globalStep >= totalTimesteps ? 'finished' : 'stopped'),
};

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
