/** The card that offers to go on with a run that a reload, a crash or a closed laptop interrupted. */

import { h } from '../dom.js';
import { titleOf } from '../experiment.js';
import { ago, count, measure } from '../format.js';

/** @typedef {import('./storage.js').RunRecord} RunRecord */

/**
 * @param {RunRecord} record
 * @param {{resume: () => void, discard: () => void, save: () => void, later: () => void}} actions
 */
export function offer({ experiment, globalStep, totalTimesteps, episodicReturn, savedAt, failure }, { resume, discard, save, later }) {
  const done = (/** @type {() => void} */ action) => () => {
    card.remove();
    action();
  };
  const facts = [
    `${count(globalStep)} of ${count(totalTimesteps)} steps`,
    Number.isFinite(episodicReturn) ? `return ${measure(episodicReturn)}` : '',
    `saved ${ago((Date.now() - savedAt) / 1000)}`,
  ];
  const card = h('section', { class: 'offer card', 'aria-label': 'Interrupted training' },
    h('button', { class: 'quiet', 'aria-label': 'Not now', title: 'Not now: it stays under “Saved”', onclick: done(later) }, '×'),
    h('h2', {}, `Go on training ${titleOf(experiment)}?`),
    h('p', {}, `${experiment.algorithm.toUpperCase()} · ${facts.filter(Boolean).join(' · ')}`),
    ...(failure ? [h('p', { class: 'problem' }, `It had failed after this: ${failure}`)] : []),
    h('div', { class: 'row' },
      h('button', { class: 'primary', onclick: done(resume) }, 'Resume'),
      h('button', { onclick: save }, 'Save as file'),
      h('button', { onclick: done(discard) }, 'Discard')));
  return card;
}
