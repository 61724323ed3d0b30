/** What each worker is busy with. */

import { h, setText } from '../dom.js';
import { bytes, count, short } from '../format.js';

/** @typedef {ReturnType<import('../../sim/websim.js').WebSim['stats']>['workerLoads'][number]} Load */

export class Workers {
  /** @type {{row: HTMLElement, state: HTMLElement, bar: HTMLElement, text: HTMLElement}[]} */
  #rows = [];

  constructor() {
    this.element = h('ul', { class: 'workers' });
  }

  /** @param {Load[]} loads */
  update(loads) {
    if (loads.length !== this.#rows.length) this.#build(loads.length);
    loads.forEach(({ state, busy, environments, physicsStepsPerSecond, memoryBytes }, i) => {
      const { row, state: label, bar, text } = this.#rows[i];
      if (row.dataset.state !== state) row.dataset.state = state;
      setText(label, state === 'running' ? `${Math.round(busy * 100)}%` : state);
      bar.style.transform = `scaleX(${state === 'running' ? busy.toFixed(2) : 0})`;
      setText(text, `${count(environments)} envs · ${short(physicsStepsPerSecond)} steps/s · ${bytes(memoryBytes)}`);
    });
  }

  /** @param {number} workers */
  #build(workers) {
    this.#rows = Array.from({ length: workers }, (_, i) => {
      const [state, bar, text] = [h('span', { class: 'value' }), h('i'), h('small', { class: 'subtle' })];
      return { state, bar, text, row: h('li', {}, h('span', {}, `Worker ${i}`), state, h('b', {}, bar), text) };
    });
    this.element.replaceChildren(...this.#rows.map(({ row }) => row));
  }
}
