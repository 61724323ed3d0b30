/** Work that takes its time: what it says of itself, how far it is, and a way to give it up. */

import { h, setText } from '../dom.js';

/** @typedef {(text: string, part?: number) => void} Say  part: how much of it is over, from 0 to 1 */

export class Work {
  /** @param {AbortSignal} closing  gives it up as well */
  constructor(closing) {
    this.closing = closing;
    this.state = h('p', { role: 'status' });
    this.bar = h('progress', { max: '1', 'aria-label': 'How far it is' });
    this.cancel = h('button', {}, 'Cancel');
    this.going = h('div', { class: 'row', hidden: true }, this.bar, this.cancel);
    this.element = h('div', { class: 'work' }, this.state, this.going);
  }

  /** @param {string} text */
  say(text) {
    setText(this.state, text);
  }

  /**
   * @template T
   * @param {HTMLButtonElement[]} buttons  that wait for it
   * @param {(say: Say, signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T|null>}  null: it was given up, or failed, which is said
   */
  async run(buttons, work) {
    const giving = new AbortController();
    const given = () => giving.abort();
    this.cancel.addEventListener('click', given, { once: true });
    for (const button of buttons) button.disabled = true;
    this.bar.removeAttribute('value');
    this.going.hidden = false;
    this.say('Starting a worker …');
    try {
      const done = await work((text, part) => {
        this.say(text);
        if (part !== undefined) this.bar.value = part;
      }, AbortSignal.any([giving.signal, this.closing]));
      if (done === null) this.say('');
      return done;
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      this.say(name === 'ClosedError' || name === 'AbortError' ? '' : message);
      return null;
    } finally {
      this.cancel.removeEventListener('click', given);
      for (const button of buttons) button.disabled = false;
      this.going.hidden = true;
    }
  }
}
