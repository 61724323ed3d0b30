/** Play, pause, step and reset. */

import { h, icon } from '../dom.js';

const PLAY = 'M7 4.5v15l12-7.5z';
const PAUSE = 'M8 5v14M16 5v14';
const STEP = 'M6 5v14l9-7zM18 5v14';
const RESET = 'M19 12a7 7 0 1 1-2.2-5.1M19 3v5h-5';

/** @typedef {{toggle: () => void, step: () => void, reset: () => void}} Actions */

export class Transport {
  /** @param {Actions} actions */
  constructor({ toggle, step, reset }) {
    this.play = h('button', { class: 'primary', onclick: toggle });
    this.element = h('div', { class: 'transport', role: 'group', 'aria-label': 'Simulation' },
      this.play,
      h('button', { 'aria-label': 'Step', title: 'One step (S)', onclick: step }, icon(STEP)),
      h('button', { 'aria-label': 'Reset', title: 'Start all episodes anew (R)', onclick: reset }, icon(RESET)));
    this.show(false);
  }

  /** @param {boolean} paused */
  show(paused) {
    const name = paused ? 'Play' : 'Pause';
    this.play.setAttribute('aria-label', name);
    this.play.title = `${name} (Space)`;
    this.play.replaceChildren(icon(paused ? PLAY : PAUSE), name);
  }
}
