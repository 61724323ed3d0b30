/** Play, pause, step and reset. While robots learn, the one Pause is that of the learning. */

import { h, icon } from '../dom.js';

const PLAY = 'M7 4.5v15l12-7.5z';
const PAUSE = 'M8 5v14M16 5v14';
const STEP = 'M6 5v14l9-7zM18 5v14';
const RESET = 'M19 12a7 7 0 1 1-2.2-5.1M19 3v5h-5';

/** Why robots that learn are not stepped, nor their episodes started anew. */
export const WHY_NOT = 'The steps of robots that learn belong to the learning: stop it first.';

/**
 * @typedef {{toggle: () => void, step: () => void, reset: () => void}} Actions
 * @typedef {import('../training/coach.js').TrainingState} LearningState
 */

/** What the first button does while robots learn; nothing where there is no path. @type {Partial<Record<LearningState, {name: string, path?: string}>>} */
const LEARNING = {
  starting: { name: 'Starting' },
  running: { name: 'Pause', path: PAUSE },
  pausing: { name: 'Pausing' },
  paused: { name: 'Resume', path: PLAY },
  stopping: { name: 'Stopping' },
  failed: { name: 'Failed' },
};

export class Transport {
  #paused = false;
  /** @type {LearningState} */
  #learning = 'none';

  /** @param {Actions} actions */
  constructor({ toggle, step, reset }) {
    this.play = h('button', { class: 'primary', onclick: toggle });
    this.step = h('button', { 'aria-label': 'Step', onclick: step }, icon(STEP));
    this.reset = h('button', { 'aria-label': 'Reset', onclick: reset }, icon(RESET));
    this.element = h('div', { class: 'transport', role: 'group', 'aria-label': 'Simulation' }, this.play, this.step, this.reset);
    this.#show();
  }

  /** @param {boolean} paused */
  show(paused) {
    this.#paused = paused;
    this.#show();
  }

  /** @param {LearningState} state  of the learning */
  showLearning(state) {
    this.#learning = state;
    this.#show();
  }

  #show() {
    const learning = LEARNING[this.#learning];
    const { name, path } = learning ?? (this.#paused ? { name: 'Play', path: PLAY } : { name: 'Pause', path: PAUSE });
    this.play.setAttribute('aria-label', name);
    this.play.title = `${name}${learning ? ' the learning' : ''} (Space)`;
    this.play.disabled = !path;
    this.play.replaceChildren(...(path ? [icon(path)] : []), name);
    this.step.disabled = this.reset.disabled = Boolean(learning);
    this.step.title = learning ? WHY_NOT : 'One step (S)';
    this.reset.title = learning ? WHY_NOT : 'Start all episodes anew (R)';
  }
}
