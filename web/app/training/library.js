/** Runs that are kept in this browser: a list with what can be done with each. */

import { h } from '../dom.js';
import { titleOf } from '../experiment.js';
import { ago, bytes, measure, short } from '../format.js';
import { download } from '../opening/files.js';
import { ORDERS, csvOf } from './runstable.js';

/**
 * @typedef {import('./storage.js').RunRecord} RunRecord
 *
 * @typedef {object} Actions
 * @property {(record: RunRecord) => void} use      as controller
 * @property {(record: RunRecord) => void} beside   puts robots beside the others that move by it
 * @property {(record: RunRecord) => void} resume
 * @property {(record: RunRecord) => void} save     as a file
 * @property {(record: RunRecord) => void} share    as a link
 * @property {(record: RunRecord) => void} toOthers  for other programs
 * @property {(record: RunRecord) => void} remove
 * @property {(record: RunRecord, name: string) => void} rename
 */

/** What a run is called: as the user says, or by what it is. @param {RunRecord} record */
export const nameOf = ({ name, experiment, globalStep }) => (
  name || `${titleOf(experiment)} · ${experiment.algorithm} · ${short(globalStep)} steps`
);

export class Library {
  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.list = h('ul', { class: 'saved' });
    this.list.addEventListener('focusout', () => this.#late?.());
    this.summary = h('summary', {}, 'Saved');
    this.empty = h('p', { class: 'subtle' }, 'Nothing yet. Training is kept in this browser as it goes on, the newest state of the last runs.');
    this.problem = h('p', { class: 'problem', role: 'alert' });
    this.order = h('select', { 'aria-label': 'Order of the runs', onchange: () => this.#showAll() }, ...Object.keys(ORDERS).map((name) => h('option', {}, name)));
    this.tools = h('div', { class: 'row', hidden: true }, this.order,
      h('button', { title: 'Save the table of these runs', onclick: () => download(new Blob([csvOf(this.#sorted, this.#live)], { type: 'text/csv' }), 'runs.csv') }, 'CSV'));
    this.element = h('details', { class: 'library' }, this.summary, this.problem, this.empty, this.tools, this.list);
  }

  /** @type {RunRecord[]} */
  #records = [];
  /** That go on now, in any tab. @type {Set<string>} */
  #live = new Set();

  /** Shows what came while a name was being typed. @type {(() => void)|null} */
  #late = null;

  /** @param {RunRecord[]} records @param {Set<string>} live  that go on now, in any tab */
  show(records, live) {
    const typing = document.activeElement instanceof HTMLInputElement && this.list.contains(document.activeElement);
    this.#late = typing ? () => this.show(records, live) : null;
    if (typing) return;
    this.summary.textContent = records.length ? `Saved (${records.length})` : 'Saved';
    this.empty.hidden = records.length > 0;
    this.tools.hidden = !records.length;
    this.#records = records;
    this.#live = live;
    this.#showAll();
  }

  get #sorted() {
    return [...this.#records].sort(ORDERS[this.order.value]);
  }

  #showAll() {
    this.list.replaceChildren(...this.#sorted.map((record) => this.#item(record, this.#live.has(record.id))));
  }

  /** @param {RunRecord} record @param {string} problem */
  #damaged(record, problem) {
    return h('li', { class: 'damaged' }, h('span', {}, record.name), h('small', {}, `${problem} (${record.id})`),
      h('div', { class: 'row' },
        h('button', { title: 'Remove it from this browser', 'aria-label': `Delete: ${record.name}`, onclick: () => this.actions.remove(record) }, 'Delete')));
  }

  /** @param {RunRecord} record @param {boolean} live */
  #item(record, live) {
    if (record.problem) return this.#damaged(record, record.problem);
    const name = nameOf(record);
    const { use, beside, resume, save, share, toOthers, remove, rename } = this.actions;
    const { experiment, episodicReturn, globalStep, totalTimesteps, savedAt } = record;
    const input = h('input', { class: 'name', value: name, 'aria-label': `Name of ${name}`, spellcheck: 'false' });
    input.addEventListener('change', () => rename(record, input.value.trim()));
    input.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter' || key === 'Escape') input.blur();
    });
    const facts = [
      record.name ? titleOf(experiment) : '',
      `${short(globalStep)} of ${short(totalTimesteps)}`,
      Number.isFinite(episodicReturn) ? `return ${measure(episodicReturn)}` : '',
      experiment.parent ? `made of ${experiment.parent.slice(0, 12)}` : '',
      bytes(record.bytes),
      live ? 'goes on now' : ago((Date.now() - savedAt) / 1000),
    ];
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {(r: RunRecord) => void} */ run, disabled = false) => (
      h('button', { title, disabled, 'aria-label': `${text}: ${name}`, onclick: () => run(record) }, text)
    );
    return h('li', { class: record.kept ? 'kept' : '' }, input,
      h('small', {}, facts.filter(Boolean).join(' · ')),
      h('div', { class: 'row' },
        button('Use', 'Robots move by this policy', use),
        button('Compare', 'Put robots beside the others that move by this policy', beside),
        button('Resume', 'Train on from here', resume, live),
        button('File', 'Save as a file', save),
        button('Share', 'Make a link that carries it', share),
        button('Export', 'Its policy, and episodes that it plays, for other programs', toOthers),
        button('Delete', 'Remove it from this browser', remove, live)));
  }
}
