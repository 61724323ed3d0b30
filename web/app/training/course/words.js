/** Decisions of a run as people read them. */

import { count, measure } from '../../format.js';

/** @typedef {import('../../../sim/shared/messages.js').Decision} Decision */

/** @type {Record<string, string>} */
const EVENTS = {
  plateau: 'Nothing grew any longer', mastery: 'It was done nearly always', collapse: 'What had been learnt was lost',
  schedule: 'It was time', undo: 'Somebody went back',
};

/** @type {Record<string, (act: any) => string>} */
const ACTS = {
  rescale: ({ hyperparameter, factor }) => `${hyperparameter} × ${factor}`,
  reweigh: ({ factor }) => `another weight in the reward, up to × ${factor}`,
  harder: ({ by }) => (by < 0 ? `easier ground (${by})` : `harder ground (+${by})`),
  rewrite: () => 'another reward for the same wish',
  nextwish: () => 'the next wish',
  widen: ({ factor }) => (factor < 1 ? `robots differ less (× ${factor})` : `robots differ more (× ${factor})`),
};

/** What had been noticed. @param {Decision} decision */
export const eventOf = ({ event, what }) => EVENTS[event] ?? (event || what);

/** What was tried. @param {Decision} decision */
export function actOf({ event, act, what }) {
  if (event === 'undo') return `the other side of decision ${act.undo}`;
  const known = ACTS[/** @type {string} */ (act.act)];
  return known?.(act) ?? (act.act ? Object.entries(act).map(([name, value]) => `${name} ${value}`).join(', ') : what);
}

/** @typedef {'taken' | 'left' | 'untried' | 'undo'} Kind */

/** @param {Decision} decision @returns {Kind} */
export function kindOf({ event, taken }) {
  if (event === 'undo') return 'undo';
  return taken === true ? 'taken' : taken === false ? 'left' : 'untried';
}

/** @type {Record<Kind, string>} */
export const KINDS = { taken: 'goes on with it', left: 'left away', untried: 'not tried', undo: 'gone back' };

/** The numbers it was decided on. @param {Decision} decision @returns {[string, string][]} */
export function evidenceOf({ event, evidence }) {
  const found = /** @type {Record<string, unknown>} */ (evidence[event] ?? {});
  return Object.entries(found).map(([name, value]) => [name.replace(/^\w+\//, '').replaceAll('_', ' '), figure(value)]);
}

/** @param {unknown} value @returns {string} */
function figure(value) {
  if (Array.isArray(value)) return value.map(figure).join(' … ');
  if (typeof value !== 'number') return String(value).replace(/^\w+\//, '').replaceAll('_', ' ');
  if (Number.isInteger(value)) return count(value);
  return Math.abs(value) < 0.01 ? value.toExponential(2) : measure(value);
}

/**
 * @typedef {object} Sides  by what both sides were judged
 * @property {string} of
 * @property {number} episodes
 * @property {{mean: number, error: number}} without
 * @property {{mean: number, error: number}} changed
 */

/** Null: they were not. @param {Decision} decision @returns {Sides | null} */
export function sidesOf({ evidence }) {
  const { of = 'measure', episodes, without, with: changed } = /** @type {any} */ (evidence);
  if (!without || !changed) return null;
  const side = (/** @type {any} */ { mean, standard_error: error }) => ({ mean, error });
  return { of, episodes, without: side(without), changed: side(changed) };
}
