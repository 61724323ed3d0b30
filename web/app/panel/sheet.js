/** On a phone the panel is a sheet that is pulled up from below: a third of the screen, two, all of it, or folded. */

import { h } from '../dom.js';

const THIRDS = 3;

/** How far a finger goes for a third, in CSS pixels. */
const PULL = 60;

export class Sheet {
  #thirds = 0;
  /** What it is unfolded to. */
  #last = 2;
  /** Where a finger has pulled from. @type {number|null} */
  #from = null;
  #pulled = false;

  /** @param {() => HTMLElement} panel @param {() => void} moved  it is as high as something else now */
  constructor(panel, moved) {
    this.panel = panel;
    this.moved = moved;
    this.handle = h('button', {
      class: 'handle', 'aria-expanded': 'false', 'aria-controls': 'panel-body', 'aria-label': 'Settings and figures',
      title: 'Pull it, or use the arrow keys: a third, two, or all of the screen',
      onclick: () => this.#click(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#press(event),
      onpointerdown: (/** @type {PointerEvent} */ event) => this.#begin(event),
      onpointermove: (/** @type {PointerEvent} */ event) => this.#pull(event),
      onpointerup: () => (this.#from = null),
      onpointercancel: () => (this.#from = null),
    });
  }

  unfold() {
    if (!this.#thirds) this.#set(this.#last);
  }

  #click() {
    // A finger that has pulled lets go: that is no click.
    if (!this.#pulled) this.#set(this.#thirds ? 0 : this.#last);
    this.#pulled = false;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const by = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    this.#set(this.#thirds + by);
  }

  /** @param {PointerEvent} event */
  #begin({ clientY, pointerId }) {
    this.handle.setPointerCapture(pointerId);
    this.#from = clientY;
    this.#pulled = false;
  }

  /** @param {PointerEvent} event */
  #pull({ clientY }) {
    if (this.#from === null) return;
    const by = Math.trunc((this.#from - clientY) / PULL);
    if (!by) return;
    this.#from = clientY;
    this.#pulled = true;
    this.#set(this.#thirds + by);
  }

  /** @param {number} thirds  of the screen */
  #set(thirds) {
    this.#thirds = Math.min(THIRDS, Math.max(0, thirds));
    if (this.#thirds) this.#last = this.#thirds;
    const panel = this.panel();
    panel.classList.toggle('open', this.#thirds > 0);
    panel.dataset.thirds = String(this.#thirds);
    this.handle.setAttribute('aria-expanded', String(this.#thirds > 0));
    this.moved();
  }
}
