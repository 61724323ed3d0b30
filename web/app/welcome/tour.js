/** A tour of the page in six steps. It can be left at any of them, and begins there the next time. */

import { h, setText } from '../dom.js';
import { recall, remember } from '../remembered.js';

/** @typedef {'stage'|'figures'|'robots'|'learn'|'code'|'share'} Place */

/** @type {{place: Place, title: string, text: string}[]} */
const STEPS = [
  { place: 'stage', title: 'Robots', text: 'Each one is a MuJoCo simulation of its own. Drag to turn the view, scroll to come nearer, and double click a robot to follow it.' },
  { place: 'figures', title: 'What goes on', text: 'How many robots there are, the steps that they have made, and what their episodes return: the sum of what they are paid.' },
  { place: 'robots', title: 'What is simulated', text: 'Choose another robot, how many, and who moves them: “trained” is a policy that comes with the page. Open… takes your own.' },
  { place: 'learn', title: 'Learning', text: 'Train lets all of them learn at once. The curve rises as they get better; Stop leaves them with what they have learnt.' },
  { place: 'code', title: 'What they are paid for', text: 'The reward is a few lines of Python. Change it while they learn, and see what they make of it.' },
  { place: 'share', title: 'Take it along', text: 'A link carries what was learnt: whoever opens it sees your robot move. Runs are kept in this browser, and saved as files.' },
];

const STEP = 'tour';

export class Tour {
  #step = 0;
  /** What is pointed at. @type {HTMLElement|null} */
  #shown = null;
  /** Who had the keyboard's focus before. @type {HTMLElement|null} */
  #before = null;

  /** @param {(place: Place) => HTMLElement|null} reveal  brings a part of the page into view @param {() => void} onBegin */
  constructor(reveal, onBegin) {
    this.reveal = reveal;
    this.onBegin = onBegin;
    this.place = h('small', {});
    this.title = h('h2', { id: 'tour-title', tabindex: -1 });
    this.text = h('p', { id: 'tour-text' });
    this.back = h('button', { onclick: () => this.#go(this.#step - 1) }, 'Back');
    this.next = h('button', { class: 'primary', onclick: () => this.#go(this.#step + 1) });
    this.element = h('section', { class: 'tour card', role: 'dialog', 'aria-labelledby': 'tour-title', 'aria-describedby': 'tour-text', hidden: true },
      h('header', {}, this.place, h('button', { class: 'quiet', 'aria-label': 'Leave the tour', title: 'It goes on here the next time', onclick: () => this.leave() }, '×')),
      this.title, this.text, h('div', { class: 'row' }, this.back, this.next));
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.leave();
    });
  }

  /** Where it was left. */
  get left() {
    const step = Number(recall(STEP));
    return { step: step > 0 && step < STEPS.length ? step : 0, of: STEPS.length };
  }

  begin() {
    this.onBegin();
    this.#before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.element.hidden = false;
    this.#go(this.left.step);
  }

  /** @param {number} step */
  #go(step) {
    if (step >= STEPS.length) {
      this.leave();
      remember(STEP, '0');
      return;
    }
    this.#step = step;
    remember(STEP, String(step));
    const { place, title, text } = STEPS[step];
    setText(this.place, `Tour, ${step + 1} of ${STEPS.length}`);
    setText(this.title, title);
    setText(this.text, text);
    this.back.disabled = step === 0;
    setText(this.next, step === STEPS.length - 1 ? 'Done' : 'Next');
    this.#point(this.reveal(place));
    this.title.focus();
  }

  /** @param {HTMLElement|null} element */
  #point(element) {
    this.#shown?.classList.remove('toured');
    this.#shown = element;
    element?.classList.add('toured');
  }

  leave() {
    this.element.hidden = true;
    this.#point(null);
    this.#before?.focus();
  }
}
