/** Robots side by side under other controllers: rows of a number and a controller. */

import { h, setText } from '../dom.js';
import { MAX_ENVS } from '../../sim/page/arguments.js';
import { readWhole } from '../numbers.js';
import { OptionError, comparedOf } from '../panel/options.js';
import { typedField } from '../panel/fields.js';

/** @typedef {import('../panel/options.js').Options} Options */

/** Robots of a new row. */
const FIRST_NUMBER = 16;

/** Colours of the parts, in their order: those of the stylesheet. */
export const PART_COLORS = ['--part-1', '--part-2', '--part-3', '--part-4', '--part-5', '--part-6'];

export class Compare {
  /** What episodes of the rows have returned. @type {HTMLElement[]} */
  returns = [];
  /** What the rows were made of. */
  #shown = '';

  /**
   * @param {(change: Partial<Options>) => void} change
   * @param {() => {value: string, text: string}[]} choices  the controllers there are now
   * @param {(link: string) => void} addShared  asks for robots that move by a run of a link
   */
  constructor(change, choices, addShared) {
    this.change = change;
    this.choices = choices;
    this.note = h('p', { class: 'subtle' });
    /** What episodes of all others have returned. */
    this.others = h('ul', { class: 'compare-others' });
    this.list = h('div', { class: 'compare-rows' });
    this.add = h('button', { onclick: () => this.#add() }, '+ Add robots');
    this.link = h('input', { placeholder: 'Link of a run', 'aria-label': 'Link of a run to compare with', spellcheck: 'false' });
    this.link.addEventListener('change', () => {
      if (this.link.value.trim()) addShared(this.link.value);
      this.link.value = '';
    });
    this.title = h('summary', {}, 'Compare controllers');
    this.element = h('details', { class: 'compare' }, this.title, this.note, this.others, this.list, h('div', { class: 'row' }, this.add, this.link));
  }

  /** @param {Options} options @param {boolean} learning */
  show(options, learning) {
    this.rows = comparedOf(options);
    setText(this.note, learning
      ? 'Robots beside those that learn. Their numbers may change while training goes on.'
      : 'The first robots get a controller of their own; all others keep the one above.');
    this.add.disabled = this.link.disabled = this.rows.length >= PART_COLORS.length;
    const choices = this.choices();
    const shown = JSON.stringify([this.rows, choices]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.returns = this.rows.map(() => h('small', { class: 'compare-return' }));
    this.list.replaceChildren(...this.rows.map((row, i) => this.#row(row, i, choices)));
    if (this.rows.length) this.element.open = true;
  }

  /**
   * @param {{envs: number, controller: string}} row @param {number} i
   * @param {{value: string, text: string}[]} choices
   */
  #row({ envs, controller }, i, choices) {
    const number = typedField({
      id: `compare-${i}-envs`, label: 'Robots', numeric: true, allowed: `1 to ${MAX_ENVS}`,
      read: (text) => {
        const value = readWhole(text, 1, MAX_ENVS);
        if (value !== undefined) return value;
        throw new OptionError(`There cannot be "${text}" robots. Allowed: 1 to ${MAX_ENVS}.`);
      },
      change: (value) => this.#replace(i, [{ envs: value, controller }]),
    });
    number.show(String(envs));
    const select = h('select', { id: `compare-${i}-controller`, 'aria-label': `Controller of part ${i + 1}` },
      ...choices.map(({ value, text }) => h('option', { value }, text)));
    if (!choices.some(({ value }) => value === controller)) select.append(h('option', { value: controller }, `${controller} (not there now)`));
    select.value = controller;
    select.addEventListener('change', () => this.#replace(i, [{ envs, controller: select.value }]));
    const chip = h('i', { class: 'chip', 'aria-hidden': 'true' });
    chip.style.background = `var(${PART_COLORS[i]})`;
    const element = h('div', { class: 'compare-row' }, chip, number.element, select,
      h('button', { class: 'quiet', 'aria-label': `Remove part ${i + 1}`, onclick: () => this.#replace(i, []) }, '×'), this.returns[i]);
    number.element.querySelector('label')?.classList.add('unseen');
    return element;
  }

  /**
   * Says what episodes have returned.
   *
   * @param {string[]} others  of those that are in no row @param {string[]} rows
   */
  tell(others, rows) {
    while (this.others.children.length > others.length) this.others.lastChild?.remove();
    while (this.others.children.length < others.length) this.others.append(h('li', {}));
    others.forEach((text, i) => setText(this.others.children[i], text));
    this.returns.forEach((place, i) => setText(place, rows[i] ?? ''));
  }

  #add() {
    const taken = new Set(this.rows?.map(({ controller }) => controller));
    const free = this.choices().find(({ value }) => !taken.has(value)) ?? this.choices()[0];
    this.addRobots(free.value);
  }

  /** @param {string} controller */
  addRobots(controller) {
    this.#replace(this.rows?.length ?? 0, [{ envs: FIRST_NUMBER, controller }]);
  }

  /** @param {number} i @param {{envs: number, controller: string}[]} by */
  #replace(i, by) {
    const rows = [...this.rows ?? []];
    rows.splice(i, 1, ...by);
    this.change({ compare: rows.map(({ envs, controller }) => `${envs}:${controller}`).join(',') });
  }
}
