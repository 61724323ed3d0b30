/**
 * Labelled inputs for the options. Native ones: phones bring their own pickers and keyboards for
 * them, and screen readers know them. What is not allowed is said at the field, and the old value
 * comes back.
 */

import { h } from '../dom.js';
import { OPTIONS, readOption, writeOption } from '../options.js';

/** @typedef {import('../options.js').Options} Options */

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {(options: Options) => void} show  brings the field to the options
 */

/** @typedef {(change: Partial<Options>) => void} Change */

/**
 * A field to type into.
 *
 * @param {keyof Options} name @param {string} label
 * @param {Change} change
 * @param {{numeric?: boolean, hint?: string}} [settings]
 * @returns {Field}
 */
export function textField(name, label, change, { numeric = false, hint } = {}) {
  let shown = '';
  const problem = h('small', { class: 'problem', role: 'alert' });
  const input = h('input', {
    id: `option-${name}`, name, type: 'text', autocomplete: 'off', spellcheck: 'false',
    inputmode: numeric ? 'numeric' : undefined, title: `Allowed: ${OPTIONS[name].allowed}`,
  });
  input.addEventListener('change', () => {
    try {
      const value = readOption(name, input.value);
      problem.textContent = '';
      change({ [name]: value });
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
    element: labelled(input, label, problem, hint),
    show: (options) => {
      shown = writeOption(name, options[name]);
      input.value = shown;
    },
  };
}

/**
 * A field to choose in. A value that is not among the choices, from the address, is added to them.
 *
 * @param {keyof Options} name @param {string} label
 * @param {{value: string, text: string}[]} choices
 * @param {Change} change
 * @returns {Field & {select: HTMLSelectElement}}
 */
export function choiceField(name, label, choices, change) {
  const select = h('select', { id: `option-${name}`, name },
    ...choices.map(({ value, text }) => h('option', { value }, text)));
  select.addEventListener('change', () => change({ [name]: readOption(name, select.value) }));
  return {
    select,
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
function labelled(input, label, problem = '', hint) {
  return h('div', { class: 'field' },
    h('label', { for: input.id }, label, hint ? h('span', { class: 'subtle' }, ` ${hint}`) : ''),
    input, problem);
}
