/** Shows a part of the panel large, beside the panel; one at a time. */

import { h, setText } from '../dom.js';

/**
 * @typedef {object} Part
 * @property {string} label
 * @property {HTMLElement} element
 * @property {HTMLElement} home     where it is in the panel
 * @property {HTMLElement} enlarge  the button
 */

export class Large {
  /** @type {Part|null} */
  #part = null;

  constructor() {
    this.element = h('section', { class: 'large card', hidden: true });
  }

  get shown() {
    return this.#part !== null;
  }

  /** Shows a part, or no longer. @param {Part} part */
  toggle(part) {
    const before = this.#part;
    this.close();
    if (before?.element === part.element) return;
    this.#part = part;
    this.element.setAttribute('aria-label', part.label);
    this.element.append(part.element);
    this.#tell(part, true);
  }

  /** Back into the panel. */
  close() {
    const part = this.#part;
    if (!part) return;
    this.#part = null;
    part.home.append(part.element);
    this.#tell(part, false);
  }

  /** @param {Part} part @param {boolean} large */
  #tell({ enlarge }, large) {
    this.element.hidden = !large;
    setText(enlarge, large ? 'Make small' : 'Enlarge');
    enlarge.setAttribute('aria-pressed', String(large));
  }
}
