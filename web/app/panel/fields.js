/**
 * Labelled inputs for the options. Native ones: phones bring their own pickers and keyboards for
 * them, and screen readers know them. What is not allowed is said at the field, and the old value
 * comes back.
 */

import { h } from '../dom.js';
import { OPTIONS, readOption, writeOption } from './options.js';

/** @typedef {import('./options.js').Options} Options */

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {(options: Options) => void} show  brings the field to the options
 */

/** @typedef {(change: Partial<Options>) => void} Change */

/**
 * @template T
 * @typedef {object} Typed  what a field to type into needs to know
 * @property {string} id
 * @property {string} label
 * @property {string} allowed      completes "Allowed: …"
 * @property {(text: string) => T} read   raises an error that says what is allowed
 * @property {(value: T) => void} change  called with what was typed, if it is allowed
 * @property {boolean} [numeric]
 * @property {string} [hint]
 */

/**
 * A field to type into.
 *
 * @template T
 * @param {Typed<T>} settings
 */
export function typedField({ id, label, allowed, read, change, numeric = false, hint }) {
  let shown = '';
  const problem = h('small', { class: 'problem', role: 'alert' });
  const input = h('input', {
    id, type: 'text', autocomplete: 'off', spellcheck: 'false',
    inputmode: numeric ? 'numeric' : undefined, title: `Allowed: ${allowed}`,
  });
  // What was wrong is told until something else is typed or shown.
  input.addEventListener('input', () => (problem.textContent = ''));
  input.addEventListener('change', () => {
    try {
      const value = read(input.value);
      problem.textContent = '';
      change(value);
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      input.value = shown;
    }
  });
  // A key that is meant for the page should not need a click elsewhere first.
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === 'Escape') input.blur();
  });
  return {
    input,
    element: labelled(input, label, problem, hint),
    show: (/** @type {string} */ text) => {
      if (text !== shown) problem.textContent = '';
      shown = text;
      input.value = text;
    },
  };
}

/**
 * A field to type an option into.
 *
 * @param {keyof Options} name @param {string} label
 * @param {Change} change
 * @param {{numeric?: boolean, hint?: string}} [settings]
 * @returns {Field & {input: HTMLInputElement}}
 */
export function textField(name, label, change, settings) {
  const { input, element, show } = typedField({
    id: `option-${name}`, label, allowed: OPTIONS[name].allowed,
    read: (text) => readOption(name, text),
    change: (value) => change({ [name]: value }),
    ...settings,
  });
  return { input, element, show: (options) => show(writeOption(name, options[name])) };
}

/**
 * A field to choose in. A value that is not among the choices, from the address, is added to them.
 *
 * @param {keyof Options} name @param {string} label
 * @param {{value: string, text: string}[]} choices
 * @param {Change} change
 * @returns {Field & {select: HTMLSelectElement, offer: (choices: {value: string, text: string}[]) => void}}
 */
export function choiceField(name, label, choices, change) {
  const select = h('select', { id: `option-${name}`, name });
  const offer = (/** @type {{value: string, text: string}[]} */ offered) => {
    const same = offered.length === select.length
      && offered.every(({ value, text }, i) => select.options[i].value === value && select.options[i].text === text);
    // An open list would close.
    if (!same) select.replaceChildren(...offered.map(({ value, text }) => h('option', { value }, text)));
  };
  offer(choices);
  select.addEventListener('change', () => change({ [name]: readOption(name, select.value) }));
  return {
    select,
    offer,
    element: labelled(select, label),
    show: (options) => {
      const value = writeOption(name, options[name]);
      if (![...select.options].some((option) => option.value === value)) {
        select.append(h('option', { value }, value));
      }
      select.value = value;
    },
  };
}

/**
 * @param {HTMLElement} input @param {string} label
 * @param {HTMLElement|string} [problem] @param {string} [hint]
 */
export function labelled(input, label, problem = '', hint) {
  return h('div', { class: 'field' },
    h('label', { for: input.id }, label, hint ? h('span', { class: 'subtle' }, ` ${hint}`) : ''),
    input, problem);
}
