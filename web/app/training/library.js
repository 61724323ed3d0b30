/** Runs that are kept in this browser: a table of them with what can be done with each, and the curves of those that are chosen. */

import { h } from '../dom.js';
import { titleOf } from '../experiment.js';
import { ago, bytes, duration, measure, short } from '../format.js';
import { download } from '../opening/files.js';
import { MetricLog } from './metriclog.js';
import { RunCurves } from './runcurves.js';
import { csvOf, inOrder, nameOf, stateOf } from './runstable.js';

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
 * @property {(record: RunRecord) => Promise<MetricLog|null>} curve  null: it is not there any more
 * @property {(error: Error) => void} report
 * @property {() => void} enlarge
 */

/** Columns that can be sorted by, as `runstable.js` calls them. @type {[string, string][]} */
const HEADERS = [
  ['name', 'Run'], ['task', 'Task'], ['algorithm', 'Algorithm'], ['seed', 'Seed'], ['global_step', 'Steps'], ['episodic_return', 'Return'],
  ['seconds', 'Time'], ['state', 'State'], ['saved_at', 'Kept'],
];

/** The newest first. */
const FIRST_ORDER = { column: 'saved_at', descending: true };

export class Library {
  /** @type {RunRecord[]} */
  #records = [];
  /** That go on now, in any tab. @type {Set<string>} */
  #live = new Set();
  /** Ids of those whose curves are shown. @type {Set<string>} */
  #chosen = new Set();
  /** Curves as they were when a run was kept. @type {Map<string, {savedAt: number, log: MetricLog}>} */
  #curves = new Map();
  #order = FIRST_ORDER;
  /** Shows what came while a name was being typed. @type {(() => void)|null} */
  #late = null;

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.summary = h('summary', {}, 'Saved');
    this.empty = h('p', { class: 'subtle' }, 'Nothing yet. Training is kept in this browser as it goes on, the newest state of the last runs.');
    this.all = h('input', { type: 'checkbox', 'aria-label': 'Curves of all runs', onchange: () => {
      this.#chosen = new Set(this.all.checked ? this.#records.filter(({ problem }) => !problem).map(({ id }) => id) : []);
      this.#showAll();
    } });
    this.headers = HEADERS.map(([column, title]) => h('th', { role: 'columnheader', scope: 'col', 'data-column': column }, h('button', { class: 'quiet', onclick: () => this.#sortBy(column) }, title)));
    // Said once more: where it is laid out as a grid, browsers forget that it is a table.
    this.rows = h('tbody', { role: 'rowgroup' });
    this.rows.addEventListener('focusout', () => this.#late?.());
    this.table = h('table', { role: 'table', class: 'saved', 'aria-label': 'Kept runs' },
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, h('th', { role: 'columnheader' }, this.all), ...this.headers,
        h('th', { role: 'columnheader' }, h('span', { class: 'unseen' }, 'What can be done')))), this.rows);
    this.enlarge = h('button', { title: 'Show the table large', 'aria-pressed': 'false', onclick: actions.enlarge }, 'Enlarge');
    this.curves = new RunCurves();
    this.part = h('div', { class: 'runs', hidden: true },
      h('div', { class: 'curves-tools' },
        h('button', { title: 'Save the table of these runs', onclick: () => download(new Blob([csvOf(this.#sorted, this.#live)], { type: 'text/csv' }), 'runs.csv') }, 'CSV'), this.enlarge),
      this.curves.element, this.table);
    /** Where that is in the panel. */
    this.home = h('div', {}, this.part);
    this.element = h('details', { class: 'library' }, this.summary, this.empty, this.home);
    this.#markOrder();
  }

  /** @param {RunRecord[]} records @param {Set<string>} live  that go on now, in any tab */
  show(records, live) {
    const { activeElement } = document;
    const typing = activeElement instanceof HTMLInputElement && activeElement.type !== 'checkbox' && this.rows.contains(activeElement);
    this.#late = typing ? () => this.show(records, live) : null;
    if (typing) return;
    this.summary.textContent = records.length ? `Saved (${records.length})` : 'Saved';
    this.empty.hidden = records.length > 0;
    this.part.hidden = !records.length;
    this.#records = records;
    this.#live = live;
    const ids = new Set(records.map(({ id }) => id));
    this.#chosen = new Set([...this.#chosen].filter((id) => ids.has(id)));
    this.#showAll();
  }

  get #sorted() {
    return inOrder(this.#records, this.#live, this.#order.column, this.#order.descending);
  }

  /** By a column, then the other way round. @param {string} column */
  #sortBy(column) {
    const { column: before, descending } = this.#order;
    // Names are looked for from A on, numbers from the greatest.
    this.#order = { column, descending: column === before ? !descending : !['name', 'task', 'algorithm', 'state', 'seed'].includes(column) };
    this.#markOrder();
    this.#showAll();
  }

  #markOrder() {
    for (const header of this.headers) {
      if (header.dataset.column === this.#order.column) header.setAttribute('aria-sort', this.#order.descending ? 'descending' : 'ascending');
      else header.removeAttribute('aria-sort');
    }
  }

  #showAll() {
    this.rows.replaceChildren(...this.#sorted.map((record) => (record.problem ? this.#damaged(record, record.problem) : this.#row(record))));
    this.#compare().catch(this.actions.report);
  }

  /** Draws the curves of those that are chosen. */
  async #compare() {
    const chosen = this.#records.filter(({ id }) => this.#chosen.has(id));
    this.all.checked = chosen.length > 0 && chosen.length === this.#records.filter(({ problem }) => !problem).length;
    this.all.indeterminate = chosen.length > 0 && !this.all.checked;
    const runs = await Promise.all(chosen.map(async (record) => ({ record, log: await this.#curveOf(record) })));
    // Others may have been chosen meanwhile.
    if (chosen.every(({ id }) => this.#chosen.has(id)) && chosen.length === this.#chosen.size) this.curves.show(runs);
  }

  /** @param {RunRecord} record */
  async #curveOf(record) {
    const known = this.#curves.get(record.id);
    if (known?.savedAt === record.savedAt) return known.log;
    const log = await this.actions.curve(record) ?? new MetricLog();
    this.#curves.set(record.id, { savedAt: record.savedAt, log });
    return log;
  }

  /** @param {RunRecord} record @param {string} problem */
  #damaged(record, problem) {
    return h('tr', { role: 'row', class: 'damaged' }, h('td', { role: 'cell', colspan: HEADERS.length + 1 }, record.name, h('small', {}, `${problem} (${record.id})`)),
      h('td', { role: 'cell', class: 'run-actions' },
        h('button', { title: 'Remove it from this browser', 'aria-label': `Delete: ${record.name}`, onclick: () => this.actions.remove(record) }, 'Delete')));
  }

  /** @param {RunRecord} record */
  #row(record) {
    const live = this.#live.has(record.id);
    const name = nameOf(record);
    const { use, beside, resume, save, share, toOthers, remove, rename } = this.actions;
    const { experiment, episodicReturn, globalStep, totalTimesteps, seconds, savedAt } = record;
    const box = h('input', { type: 'checkbox', 'aria-label': `Curve of ${name}`, checked: this.#chosen.has(record.id), onchange: () => {
      if (box.checked) this.#chosen.add(record.id);
      else this.#chosen.delete(record.id);
      this.#compare().catch(this.actions.report);
    } });
    const input = h('input', { class: 'name', value: name, 'aria-label': `Name of ${name}`, spellcheck: 'false' });
    input.addEventListener('change', () => rename(record, input.value.trim()));
    input.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter' || key === 'Escape') input.blur();
    });
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {(r: RunRecord) => void} */ run, disabled = false) => (
      h('button', { title, disabled, 'aria-label': `${text}: ${name}`, onclick: () => run(record) }, text)
    );
    const cell = (/** @type {string} */ label, /** @type {string} */ text, title = '') => h('td', { role: 'cell', 'data-label': label, title }, text);
    return h('tr', { role: 'row', class: record.kept ? 'kept' : '' },
      h('td', { role: 'cell' }, box), h('td', { role: 'cell', class: 'run-name' }, input),
      cell('', titleOf(experiment), experiment.parent ? `made of ${experiment.parent.slice(0, 12)}` : ''), cell('', experiment.algorithm), cell('seed', String(experiment.seed)),
      cell('', `${short(globalStep)} of ${short(totalTimesteps)}`), cell('return', measure(episodicReturn)), cell('', duration(seconds)),
      cell('', stateOf(record, this.#live), record.failure ?? ''), cell('', ago((Date.now() - savedAt) / 1000), bytes(record.bytes)),
      h('td', { role: 'cell', class: 'run-actions' },
        button('Use', 'Robots move by this policy', use),
        button('Beside', 'Put robots beside the others that move by this policy', beside),
        button('Resume', 'Train on from here', resume, live),
        button('File', 'Save as a file', save),
        button('Share', 'Make a link that carries it', share),
        button('Export', 'Its policy, and episodes that it plays, for other programs', toOthers),
        button('Delete', 'Remove it from this browser', remove, live)));
  }
}
