/** The card that offers to go on with a run that a reload, a crash or a closed laptop interrupted. */

import { h } from '../dom.js';
import { titleOf } from '../experiment.js';
import { ago, count, measure } from '../format.js';

/** @typedef {import('./storage.js').RunRecord} RunRecord */

/**
 * @typedef {object} Actions
 * @property {() => void} resume
 * @property {() => void} save
 * @property {() => Promise<unknown>} discard
 * @property {() => Promise<unknown>} later
 * @property {(error: Error) => void} report
 */

/** @param {RunRecord} record @param {Actions} actions */
export function offer({ experiment, globalStep, totalTimesteps, episodicReturn, savedAt, failure }, { resume, discard, save, later, report }) {
  // It stands until the database has done it: whoever reloads at once is not asked again.
  const once = (/** @type {() => Promise<unknown>} */ action) => () => {
    card.inert = true;
    action().then(() => card.remove(), (error) => {
      card.inert = false;
      report(error);
    });
  };
  const facts = [
    `${count(globalStep)} of ${count(totalTimesteps)} steps`,
    Number.isFinite(episodicReturn) ? `return ${measure(episodicReturn)}` : '',
    `saved ${ago((Date.now() - savedAt) / 1000)}`,
  ];
  const card = h('section', { class: 'offer card', 'aria-label': 'Interrupted training' },
    h('button', { class: 'quiet', 'aria-label': 'Not now', title: 'Not now: it stays under “Saved”', onclick: once(later) }, '×'),
    h('h2', {}, `Go on training ${titleOf(experiment)}?`),
    h('p', {}, `${experiment.algorithm.toUpperCase()} · ${facts.filter(Boolean).join(' · ')}`),
    ...(failure ? [h('p', { class: 'problem' }, `It had failed after this: ${failure}`)] : []),
    h('div', { class: 'row' },
      h('button', { class: 'primary', onclick: () => { card.remove(); resume(); } }, 'Resume'),
      h('button', { onclick: save }, 'Save as file'),
      h('button', { onclick: once(discard) }, 'Discard')));
  return card;
}
