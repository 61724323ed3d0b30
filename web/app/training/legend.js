/** What the colours of robots that learn say; a press takes them off, or puts them on again. */

import { h, setText } from '../dom.js';
import { measure } from '../format.js';
import { COLOURS } from './returns.js';

export class Legend {
  /** Whether robots have the colours. */
  on = true;

  constructor() {
    this.low = h('span');
    this.high = h('span');
    const scale = h('i', { 'aria-hidden': 'true' });
    const colours = Array.from({ length: COLOURS }, (_, i) => `var(--return-${i + 1})`);
    scale.style.background = `linear-gradient(to right, ${colours.join(', ')})`;
    this.element = h('button', {
      class: 'legend card', hidden: true, 'aria-pressed': 'true', title: 'Colours of the robots by the return of the last episode of each',
      onclick: () => {
        this.on = !this.on;
        this.element.setAttribute('aria-pressed', String(this.on));
      },
    }, h('span', {}, 'last return'), this.low, scale, this.high);
  }

  /** @param {[number, number]|null} range  of returns; null: there are no colours */
  show(range) {
    this.element.hidden = !range;
    if (!range) return;
    setText(this.low, measure(range[0]));
    setText(this.high, measure(range[1]));
  }
}
