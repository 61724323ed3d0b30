/** The way to the editors of reward, measure and task, which are loaded when they are opened first. */

import { h, setText } from '../dom.js';

/** @typedef {import('../session.js').Session} Session */

export class CodeSection {
  /** @type {import('./sheet.js').CodeSheet | null} */
  #sheet = null;

  /**
   * @param {Session} session
   * @param {(element: HTMLElement) => void} place  puts the sheet into the page
   * @param {() => void} moved  the sheet was opened or closed
   */
  constructor(session, place, moved) {
    this.session = session;
    this.place = place;
    this.moved = moved;
    this.what = h('p', { class: 'subtle', id: 'code-what' });
    this.button = h('button', { id: 'code-open', onclick: () => this.toggle() }, 'Edit reward, measure, task');
    this.element = h('div', { class: 'code-section' }, this.what, this.button);
    session.addEventListener('code', (event) => this.#remember(/** @type {CustomEvent} */ (event).detail));
  }

  /** Shows what pays and judges. */
  show() {
    const { experiment } = this.session;
    const whose = (/** @type {string | null | undefined} */ code) => (code === undefined || code === null ? "the task's own" : 'your own');
    setText(this.what, experiment ? `Reward: ${whose(experiment.reward)}. Measure: ${whose(experiment.measure)}.${experiment.task_code ? ' Task: your own.' : ''}` : "Several types of robots: the first one's can be changed.");
  }

  /** The sheet, if it is open. */
  get sheet() {
    return this.#sheet?.element.isConnected && !this.#sheet.element.hidden ? this.#sheet : null;
  }

  /** Opens the editors with a reward that is not in force yet. @param {string} reward @param {import('./sheet.js').Fork} [fork] */
  async edit(reward, fork) {
    await this.open();
    this.#sheet?.suggest(reward, fork);
  }

  /** Opens the editors. */
  async open() {
    if (!this.sheet) await this.toggle();
  }

  /** Closes the editors, if they are open. */
  async close() {
    if (this.sheet) await this.toggle();
  }

  /** Opens the editors, or closes them. */
  async toggle() {
    if (this.#sheet) {
      this.#sheet.element.hidden = !this.#sheet.element.hidden;
    } else {
      this.button.disabled = true;
      document.head.append(h('link', { rel: 'stylesheet', href: new URL('./code.css', import.meta.url).href }));
      const { CodeSheet } = await import('./sheet.js').finally(() => (this.button.disabled = false));
      this.#sheet = new CodeSheet(this.session, () => this.toggle());
      this.place(this.#sheet.element);
    }
    if (!this.#sheet.element.hidden) await this.#sheet.refresh();
    this.moved();
  }

  /** The document of the page says what is in force. @param {{group: number, reward: string | null, measure: string | null}} told */
  #remember({ group, reward, measure }) {
    const { experiment } = this.session;
    if (group !== 0 || !experiment) return;
    if ((experiment.reward ?? null) === reward && (experiment.measure ?? null) === measure) return;
    void this.session.change({ reward, measure }, { live: true });
  }
}
