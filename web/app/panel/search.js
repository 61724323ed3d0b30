/** Finds what the panel has: fields, buttons and lists, by their names and by what they do. */

import { h } from '../dom.js';

/** So many are shown. */
const MOST = 8;

/** What can be found. */
const NAMED = 'label, button, summary';

/**
 * @typedef {object} Found
 * @property {HTMLElement} element
 * @property {string} name
 * @property {string} where  the part of the panel
 */

export class PanelSearch {
  /** @type {Found[]} */
  #found = [];
  #chosen = 0;

  /** @param {HTMLElement} body  where it looks */
  constructor(body) {
    this.body = body;
    this.input = h('input', {
      type: 'search', class: 'panel-search', placeholder: 'Find a setting ( / )', 'aria-label': 'Find a setting', role: 'combobox',
      autocomplete: 'off', spellcheck: 'false', 'aria-expanded': 'false', 'aria-controls': 'panel-found', 'aria-autocomplete': 'list',
      oninput: () => this.#look(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#press(event), onblur: () => this.#close(),
    });
    this.list = h('ul', { id: 'panel-found', class: 'panel-found card', role: 'listbox', 'aria-label': 'Found', hidden: true });
    this.element = h('div', { class: 'search' }, this.input, this.list);
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  #look() {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.#found = words.length ? find(this.body, words).slice(0, MOST) : [];
    this.#chosen = 0;
    const none = words.length && !this.#found.length ? [h('li', { class: 'subtle', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, 'Nothing has this name.')] : [];
    this.list.replaceChildren(...none, ...this.#found.map((found, i) => h('li', {
      role: 'option', id: `panel-found-${i}`,
      // The field would lose the focus before the click.
      onpointerdown: (/** @type {Event} */ event) => event.preventDefault(),
      onclick: () => this.#go(found),
    }, found.name, h('small', {}, found.where))));
    this.list.hidden = !words.length;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    this.#mark();
  }

  #mark() {
    [...this.list.children].forEach((item, i) => item.setAttribute('aria-selected', String(Boolean(this.#found.length) && i === this.#chosen)));
    if (this.#found.length) this.input.setAttribute('aria-activedescendant', `panel-found-${this.#chosen}`);
    else this.input.removeAttribute('aria-activedescendant');
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { length } = this.#found;
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && length) {
      event.preventDefault();
      this.#chosen = (this.#chosen + (event.key === 'ArrowDown' ? 1 : length - 1)) % length;
      this.#mark();
    } else if (event.key === 'Enter' && length) {
      event.preventDefault();
      this.#go(this.#found[this.#chosen]);
    } else if (event.key === 'Escape') {
      this.input.value = '';
      this.input.blur();
    }
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
  }

  /** @param {Found} found */
  #go({ element }) {
    this.input.value = '';
    this.#close();
    reveal(element);
    const control = element instanceof HTMLLabelElement ? element.control ?? element : element;
    control.focus();
  }
}

/** Unfolds whatever an element is in, and scrolls to it. @param {HTMLElement} element */
export function reveal(element) {
  for (let around = element.parentElement?.closest('details'); around; around = around.parentElement?.closest('details')) around.open = true;
  element.scrollIntoView({ block: 'center' });
}

/** @param {HTMLElement} body @param {string[]} words  in lower case @returns {Found[]} those with the words in their names first */
function find(body, words) {
  const all = [...body.querySelectorAll(NAMED)].filter((element) => !element.closest('[hidden]')).map((one) => {
    const element = /** @type {HTMLElement} */ (one);
    const name = (element.textContent.trim() || element.getAttribute('aria-label') || '').replace(/\s+/g, ' ');
    const help = [element.title, element.parentElement?.matches('.field') ? element.parentElement.textContent : ''].join(' ').toLowerCase();
    const where = element.closest('.group')?.querySelector('h2')?.textContent ?? '';
    return { element, name, help, where, named: words.every((word) => name.toLowerCase().includes(word)) };
  });
  const fitting = all.filter(({ name, help, named }) => name && (named || words.every((word) => help.includes(word))));
  return fitting.sort((a, b) => Number(b.named) - Number(a.named));
}
