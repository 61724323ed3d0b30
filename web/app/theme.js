/** Dark and light: the system's choice until the user makes one, which is remembered. */

import { recall, remember } from './remembered.js';

/** @typedef {'dark'|'light'} ThemeName */

const KEY = 'theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

export class Theme extends EventTarget {
  constructor() {
    super();
    /** @type {ThemeName} */
    this.name = remembered() ?? system();
    prefersDark.addEventListener('change', () => {
      if (!remembered()) this.#apply(system());
    });
    this.#apply(this.name);
  }

  toggle() {
    const name = this.name === 'dark' ? 'light' : 'dark';
    remember(KEY, name);
    this.#apply(name);
  }

  /** @param {ThemeName} name */
  #apply(name) {
    this.name = name;
    document.documentElement.dataset.theme = name;
    this.dispatchEvent(new Event('change'));
  }
}

/**
 * A colour of the stylesheet, which is the one place where colours are written.
 *
 * @param {string} name  of the custom property
 */
export function themeColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @returns {ThemeName} */
const system = () => (prefersDark.matches ? 'dark' : 'light');

/** @returns {ThemeName|null} */
function remembered() {
  const name = recall(KEY);
  return name === 'dark' || name === 'light' ? name : null;
}
