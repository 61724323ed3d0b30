/** Fields of which entries of a world are made. */

import { h } from '../dom.js';
import { labelled, typedField } from '../panel/fields.js';
import { readNumber, readWhole } from '../numbers.js';

export class WorldFields {
  #number = 0;

  /**
   * Numbers, a field each.
   *
   * @template {number[]} T
   * @param {T} values @param {string[]} labels
   * @param {(values: T) => void} change
   * @param {number} [most]  whole numbers up to this
   */
  numbers(values, labels, change, most) {
    const numbers = /** @type {T} */ ([...values]);
    const allowed = most === undefined ? 'a number' : `a whole number from 0 to ${most}`;
    return labels.map((label, i) => {
      const field = typedField({
        id: this.#id(), label, allowed, numeric: most !== undefined,
        read: (text) => {
          const value = most === undefined ? readNumber(text) : readWhole(text, 0, most);
          if (value === undefined) throw new Error(`Allowed: ${allowed}.`);
          return value;
        },
        change: (value) => {
          numbers[i] = value;
          field.show(String(value));
          change(/** @type {T} */ ([...numbers]));
        },
      });
      field.show(String(values[i]));
      return field.element;
    });
  }

  /** @param {string[]} names @param {string} kind @param {(names: string[]) => void} change */
  names(names, kind, change) {
    const many = kind === 'body' ? 'bodies' : `${kind}s`;
    const field = typedField({
      id: this.#id(), label: 'Of', allowed: `names of ${many}, with commas between them; none: all`,
      read: (text) => text.split(',').map((name) => name.trim()).filter(Boolean),
      change: (given) => {
        field.show(given.join(', '));
        change(given);
      },
      hint: `${many}; empty: all`,
    });
    field.show(names.join(', '));
    return field.element;
  }

  /** @param {string} label @param {[string, string][]} choices @param {string} value @param {(value: string) => void} change */
  choice(label, choices, value, change) {
    const select = h('select', { id: this.#id() }, ...choices.map(([name, text]) => h('option', { value: name, selected: name === value }, text)));
    select.addEventListener('change', () => change(select.value));
    return labelled(select, label);
  }

  /** @param {string} label @param {boolean} value @param {(value: boolean) => void} change */
  check(label, value, change) {
    const input = h('input', { type: 'checkbox', checked: value });
    input.addEventListener('change', () => change(input.checked));
    return h('label', { class: 'check' }, input, label);
  }

  #id() {
    this.#number += 1;
    return `world-${this.#number}`;
  }
}
