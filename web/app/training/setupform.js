/** What is to be trained, as a form: algorithm, preset, steps, seed and every hyperparameter. */

import { h, setText } from '../dom.js';
import { count } from '../format.js';
import { OPTIONS, readOption } from '../panel/options.js';
import { choiceField, labelled, typedField } from '../panel/fields.js';
import { allowed, readValue, writePairs, writeValue } from './hyperparameters.js';

/**
 * @typedef {import('../panel/options.js').Options} Options
 * @typedef {import('./hyperparameters.js').SetUp} SetUp
 * @typedef {import('./hyperparameters.js').Hyperparameter} Hyperparameter
 * @typedef {{entry: Hyperparameter, element: HTMLElement, show: (text: string) => void, reset: HTMLElement}} Row
 */

export class SetUpForm {
  /** @type {SetUp|null} */
  #setUp = null;
  /** Of the algorithm shown. @type {Row[]} */
  #rows = [];

  /**
   * @param {(change: Partial<Options>) => void} change
   * @param {string[]} algorithms
   */
  constructor(change, algorithms) {
    this.change = change;
    this.algorithm = choiceField('algo', 'Algorithm',
      algorithms.map((name) => ({ value: name, text: name.toUpperCase() })),
      // Hyperparameters are the algorithm's own.
      ({ algo }) => change({ algo, preset: 'auto', hp: '' }));
    this.preset = h('select', { id: 'option-preset' });
    this.preset.addEventListener('change', () => change({ preset: this.preset.value }));
    this.steps = typedField({
      id: 'option-steps', label: 'Total steps', numeric: true, allowed: OPTIONS.steps.allowed,
      read: (text) => readOption('steps', text),
      change: (steps) => change({ steps }),
    });
    this.seed = typedField({
      id: 'option-trainseed', label: 'Seed', numeric: true, allowed: OPTIONS.trainseed.allowed,
      read: (text) => readOption('trainseed', text),
      change: (trainseed) => change({ trainseed }),
    });
    this.changes = h('span', { class: 'subtle' });
    this.resetAll = h('button', { type: 'button', onclick: () => change({ hp: '' }) }, 'Reset all to the preset');
    this.list = h('div', { class: 'hyperparameters' });
    this.element = h('fieldset', { class: 'set-up', 'aria-label': 'What is trained' },
      h('div', { class: 'grid two' }, this.algorithm.element, labelled(this.preset, 'Preset')),
      h('div', { class: 'grid two' }, this.steps.element, this.seed.element),
      h('details', {}, h('summary', {}, 'Hyperparameters', this.changes), this.list, this.resetAll));
  }

  /** @param {Options} options @param {SetUp} setUp @param {boolean} locked  while robots learn */
  show(options, setUp, locked) {
    const before = this.#setUp;
    this.#setUp = setUp;
    this.element.disabled = locked;
    this.algorithm.show({ ...options, algo: setUp.algorithm });
    if (before?.algorithm !== setUp.algorithm) this.#build(setUp);
    this.preset.value = setUp.preset;
    this.steps.show(count(setUp.totalTimesteps));
    this.seed.show(String(setUp.seed));
    const { changed, initial } = setUp;
    for (const { entry, element, show, reset } of this.#rows) {
      const different = entry.name in changed;
      show(writeValue(different ? changed[entry.name] : initial[entry.name]));
      element.classList.toggle('changed', different);
      reset.hidden = !different;
      reset.title = `Back to the preset's: ${writeValue(initial[entry.name])}`;
    }
    const changes = Object.keys(changed).length;
    setText(this.changes, changes ? ` · ${changes} changed` : '');
    this.resetAll.hidden = changes === 0;
  }

  /** @param {SetUp} setUp */
  #build({ presets, hyperparameters }) {
    this.preset.replaceChildren(...presets.map((name) => h('option', { value: name }, name)));
    this.#rows = hyperparameters.map((entry) => this.#row(entry));
    this.list.replaceChildren(...this.#rows.map(({ element }) => element));
  }

  /** @param {Hyperparameter} entry @returns {Row} */
  #row(entry) {
    const id = `hyperparameter-${entry.name}`;
    const choices = entry.type === 'bool' ? ['true', 'false'] : entry.choices;
    const set = (/** @type {import('./hyperparameters.js').Value} */ value) => this.#set(entry.name, value);
    const help = h('small', { id: `${id}-help` }, `${entry.help} (${allowed(entry)})`);
    const reset = h('button', {
      type: 'button', class: 'quiet reset', 'aria-label': `${entry.name}: back to the preset`, onclick: () => this.#set(entry.name, undefined),
    }, '↺');
    if (choices) {
      const select = h('select', { id, 'aria-describedby': help.id }, ...choices.map((value) => h('option', { value }, value)));
      select.addEventListener('change', () => set(readValue(entry, select.value)));
      const element = labelled(select, entry.name);
      element.append(reset, help);
      return { entry, element, reset, show: (text) => (select.value = text) };
    }
    const field = typedField({
      id, label: entry.name, allowed: allowed(entry), numeric: false,
      read: (text) => readValue(entry, text),
      change: set,
    });
    field.input.setAttribute('aria-describedby', help.id);
    field.element.append(reset, help);
    return { entry, element: field.element, reset, show: field.show };
  }

  /** @param {string} name @param {import('./hyperparameters.js').Value|undefined} value  undefined: the preset's */
  #set(name, value) {
    if (!this.#setUp) return;
    const { changed, initial } = this.#setUp;
    const next = { ...changed };
    if (value === undefined || writeValue(value) === writeValue(initial[name])) delete next[name];
    else next[name] = value;
    this.change({ hp: writePairs(next) });
    // What was typed may be the present value in another form.
    this.#rows.find(({ entry }) => entry.name === name)?.show(writeValue(name in next ? next[name] : initial[name]));
  }
}
