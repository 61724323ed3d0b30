/** Runs that differ in their seed alone, and the one line with a band that they are drawn as. */

import { titleOf } from '../experiment.js';

/**
 * @typedef {import('./storage.js').RunRecord} RunRecord
 * @typedef {{label: string, runs: RunRecord[]}} Alike  of one experiment, a run for each seed
 */

/** What makes no other experiment of it. */
const ASIDE = ['seed', 'title', 'parent', 'archive', 'trusted'];

/** @param {RunRecord['experiment']} experiment */
const settingsOf = (experiment) => JSON.stringify(sorted(Object.fromEntries(Object.entries(experiment).filter(([name, value]) => !ASIDE.includes(name) && value !== null))));

/** With the names of all objects in one order. @param {unknown} value @returns {unknown} */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, inner]) => [name, sorted(inner)]));
}

/**
 * Puts runs of the same experiment and settings together; of one seed the longest counts.
 *
 * @param {RunRecord[]} records @param {(record: RunRecord) => string} nameOf
 * @returns {Alike[]}
 */
export function alike(records, nameOf) {
  /** @type {Map<string, Map<number, RunRecord>>} */
  const found = new Map();
  for (const record of records) {
    const key = settingsOf(record.experiment);
    const seeds = found.get(key) ?? new Map();
    const before = seeds.get(record.experiment.seed);
    if (!before || record.globalStep > before.globalStep) seeds.set(record.experiment.seed, record);
    found.set(key, seeds);
  }
  const groups = [...found.values()].map((seeds) => [...seeds.values()]);
  const differing = differingAmong(groups.map(([{ experiment }]) => experiment));
  return groups.map((runs) => {
    const [{ experiment }] = runs;
    const settings = differing.map((name) => `${name} ${experiment.hyperparameters[name] ?? 'as it is'}`);
    if (runs.length === 1) return { label: [nameOf(runs[0]), ...settings].join(' · '), runs };
    const seeds = runs.map(({ experiment: { seed } }) => seed).sort((a, b) => a - b);
    return { label: [titleOf(experiment), experiment.algorithm, ...settings, `seeds ${seeds.join(', ')}`].join(' · '), runs };
  });
}

/** Hyperparameters that are not the same in all experiments of one task and algorithm. @param {RunRecord['experiment'][]} experiments */
function differingAmong(experiments) {
  const names = new Set(experiments.flatMap(({ hyperparameters }) => Object.keys(hyperparameters)));
  const kind = (/** @type {RunRecord['experiment']} */ one) => `${titleOf(one)} ${one.algorithm}`;
  return [...names].filter((name) => experiments.some((one) => experiments.some((other) => (
    kind(one) === kind(other) && JSON.stringify(one.hyperparameters[name]) !== JSON.stringify(other.hyperparameters[name])
  ))));
}

/**
 * A curve at other places than where it was measured, by straight lines; NaN before its first value and after its last.
 *
 * @param {ArrayLike<number>} x  ascending @param {ArrayLike<number>} y  not finite: not measured @param {number[]} at  ascending
 * @returns {number[]}
 */
export function sampled(x, y, at) {
  const rows = Array.from(x, (_, i) => i).filter((i) => Number.isFinite(y[i]));
  let next = 0;
  return at.map((place) => {
    while (next < rows.length && x[rows[next]] < place) next++;
    if (next === rows.length) return NaN;
    const right = rows[next];
    if (x[right] === place) return y[right];
    if (next === 0) return NaN;
    const left = rows[next - 1];
    return y[left] + ((y[right] - y[left]) * (place - x[left])) / (x[right] - x[left]);
  });
}

/**
 * The mean of some curves, and that less and plus their standard deviation (of a sample, n - 1); where all have a value.
 *
 * @param {number[][]} curves  two at least, at the same places
 * @returns {{mean: number[], low: number[], high: number[]}}
 */
export function band(curves) {
  const [first] = curves;
  const mean = first.map((_, i) => curves.reduce((sum, curve) => sum + curve[i], 0) / curves.length);
  const deviation = mean.map((middle, i) => Math.sqrt(curves.reduce((sum, curve) => sum + (curve[i] - middle) ** 2, 0) / (curves.length - 1)));
  return { mean, low: mean.map((middle, i) => middle - deviation[i]), high: mean.map((middle, i) => middle + deviation[i]) };
}
