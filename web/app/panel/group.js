/** A part of the panel that can be folded to a line, which says what is in it. */

import { h, setText } from '../dom.js';
import { recall, remember } from '../remembered.js';

/** Folded or not is remembered for the next visit. */
const OPEN = 'panel';

export class Group {
  /** Whether it was open when it was folded for a while; null: it is as the user left it. @type {boolean|null} */
  #before = null;

  /**
   * @param {string} name  that no other one has
   * @param {string} title @param {boolean} open  at the first visit @param {...(Node|string)} children
   */
  constructor(name, title, open, ...children) {
    this.name = name;
    this.line = h('span', { class: 'group-line' });
    this.element = h('details', { class: 'group', 'data-group': name, open: recalled()[name] ?? open },
      h('summary', { onclick: () => this.#remember() }, h('h2', {}, title), this.line),
      h('div', { class: 'group-body' }, ...children));
  }

  /** The summary is about to fold it, or to unfold it. */
  #remember() {
    this.#before = null;
    remember(OPEN, JSON.stringify({ ...recalled(), [this.name]: !this.element.open }));
  }

  /** Says in a line what is in it. @param {string} text */
  say(text) {
    setText(this.line, text);
  }

  unfold() {
    this.element.open = true;
  }

  /** Folds it while something else counts for more, and then brings back what there was. @param {boolean} folded */
  foldFor(folded) {
    if (folded && this.#before === null) {
      this.#before = this.element.open;
      this.element.open = false;
    } else if (!folded && this.#before !== null) {
      this.element.open = this.#before;
      this.#before = null;
    }
  }
}

/** @returns {Record<string, boolean>} */
function recalled() {
  try {
    const kept = JSON.parse(recall(OPEN) ?? '{}');
    return typeof kept === 'object' && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
