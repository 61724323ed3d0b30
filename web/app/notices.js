/** Short messages that come and go at the edge of the page. */

import { h } from './dom.js';
import { count } from './format.js';

/** @typedef {'info'|'warning'|'error'} Level */

/** How long a notice stays, in ms; errors stay until they are closed. */
const STAYS = { info: 5000, warning: 9000, error: Infinity };

const MOST = 4;

export class Notices {
  /** Shown ones by their message. @type {Map<string, {element: HTMLElement, times: number, timer: number}>} */
  #shown = new Map();

  constructor() {
    this.element = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });
  }

  /** @param {Level} level @param {string} message */
  show(level, message) {
    const known = this.#shown.get(message);
    if (known) {
      known.times++;
      /** @type {HTMLElement} */ (known.element.querySelector('.times')).textContent = `${count(known.times)} ×`;
      this.#expire(known, level, message);
      return;
    }
    const close = h('button', { class: 'quiet', 'aria-label': 'Close', onclick: () => this.#remove(message) }, '×');
    const element = h('div', { class: `notice ${level}` },
      h('span', { class: 'times' }), h('span', {}, message), close);
    const entry = { element, times: 1, timer: 0 };
    this.#shown.set(message, entry);
    this.#expire(entry, level, message);
    this.element.append(element);
    if (this.#shown.size > MOST) this.#remove([...this.#shown.keys()][0]);
  }

  /** @param {{timer: number}} entry @param {Level} level @param {string} message */
  #expire(entry, level, message) {
    clearTimeout(entry.timer);
    const stays = STAYS[level];
    if (Number.isFinite(stays)) entry.timer = window.setTimeout(() => this.#remove(message), stays);
  }

  /** @param {string} message */
  #remove(message) {
    this.#shown.get(message)?.element.remove();
    this.#shown.delete(message);
  }
}
