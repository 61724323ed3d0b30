/** Goes back through the last seconds of the followed robot; what it does meanwhile goes on, unseen. */

import { h, setText } from '../dom.js';

export class Rewind {
  /** @type {import('./view.js').View|null} */
  #view = null;

  constructor() {
    this.slider = h('input', {
      type: 'range', min: '0', max: '0', step: '1', value: '0', 'aria-label': 'Back through the last 10 seconds',
      oninput: () => this.#go(Number(this.slider.max) - Number(this.slider.value)),
    });
    this.time = h('span', { class: 'value' }, 'now');
    const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {number} */ by) => (
      h('button', { class: 'quiet', 'aria-label': label, title: label, onclick: () => this.step(by) }, text)
    );
    this.now = h('button', { class: 'quiet', title: 'Back to now', onclick: () => this.#go(0) }, 'Now');
    this.element = h('div', { class: 'rewind', role: 'group', 'aria-label': 'Last 10 seconds' },
      button('◂', 'One picture back (,)', 1), this.slider, button('▸', 'One picture on (.)', -1), this.time, this.now);
  }

  /** @param {number} by  pictures back */
  step(by) {
    const view = this.#view;
    if (view) this.#go(Math.max(0, Math.min(view.history.length - 1, view.back + by)));
  }

  /** @param {number} back */
  #go(back) {
    this.#view?.lookBack(back);
    this.#show();
  }

  #show() {
    const view = this.#view;
    if (!view) return;
    const { history, back } = view;
    this.slider.max = String(Math.max(0, history.length - 1));
    this.slider.value = String(history.length - 1 - back);
    setText(this.time, back ? `−${(history.age(back) / 1000).toFixed(1)} s` : 'now');
    this.now.hidden = back === 0;
  }

  /** @param {import('./view.js').View} view */
  turn(view) {
    this.#view = view;
    this.#show();
  }
}
