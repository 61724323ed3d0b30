/** The way to the scenes of which somebody picks; they are loaded when they are opened first. */

import { h, setText } from '../dom.js';

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../training/coach.js').Coach} Coach
 */

export class PicksSection {
  /** @type {import('./picker.js').Picker | null} */
  #picker = null;

  /**
   * @param {Session} session @param {Coach} training
   * @param {(element: HTMLElement) => void} place  puts the scenes into the page
   * @param {(covered: boolean) => void} cover  the robots cannot be seen, or can be seen again
   */
  constructor(session, training, place, cover) {
    this.session = session;
    this.training = training;
    this.place = place;
    this.cover = cover;
    this.button = h('button', { id: 'picks-open', onclick: () => this.#open() }, 'Pick what you like');
    this.hint = h('p', { class: 'subtle' });
    this.element = h('div', { class: 'code-section' }, this.button, this.hint);
    training.addEventListener('change', () => this.show());
    session.addEventListener('opened', () => this.show());
    this.show();
  }

  show() {
    const learns = ['running', 'pausing', 'paused'].includes(this.training.state);
    this.button.disabled = !learns;
    setText(this.hint, learns ? 'Choose scenes that move well: they set the weights of the reward.' : 'While robots learn: choose scenes that move well, and they set the weights of the reward.');
  }

  async #open() {
    if (!this.#picker) {
      this.button.disabled = true;
      document.head.append(h('link', { rel: 'stylesheet', href: new URL('./picks.css', import.meta.url).href }));
      const { Picker } = await import('./picker.js').finally(() => this.show());
      this.#picker = new Picker({ session: this.session, training: this.training, closed: () => this.cover(false) });
      this.place(this.#picker.element);
    }
    this.cover(true);
    await this.#picker.open();
    if (!this.#picker.isOpen) this.cover(false);
  }

  /** Colours have changed. */
  applyTheme() {
    this.#picker?.applyTheme();
  }
}
