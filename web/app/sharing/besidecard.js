/** Who is who where runs of the store move side by side. */

import { h } from '../dom.js';
import { measure } from '../format.js';
import { PART_COLORS } from '../training/compare.js';
import { about, sharedId } from './stored.js';

export class BesideCard {
  /** What is known of runs, by id; null: nothing yet. @type {Map<string, import('./stored.js').Known|null>} */
  #known = new Map();
  #shown = '';

  /** @param {() => void} changed  something more is known @param {(error: Error) => void} report */
  constructor(changed, report) {
    this.changed = changed;
    this.report = report;
    this.list = h('ol');
    this.element = h('section', { class: 'beside card', 'aria-label': 'Side by side', hidden: true },
      h('button', { class: 'quiet', 'aria-label': 'Close', onclick: () => (this.element.hidden = true) }, '×'), this.list);
  }

  /** Whether there is somebody to be told apart. */
  get showing() {
    return !this.element.hidden;
  }

  /** What a controller is called; null: that is not known here. @param {string} controller */
  nameOf(controller) {
    const known = this.#known.get(sharedId(controller) ?? '');
    return known ? known.about.title || known.about.task : null;
  }

  /** @param {{controller: string}[]} parts */
  show(parts) {
    const ids = parts.map(({ controller }) => sharedId(controller));
    for (const id of ids) if (id && !this.#known.has(id)) this.#learn(id);
    const shown = JSON.stringify(ids.map((id) => [id, Boolean(this.#known.get(id ?? ''))]));
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.list.replaceChildren(...ids.flatMap((id, i) => (id ? [this.#item(id, i)] : [])));
    this.element.hidden = !this.list.children.length;
  }

  /** @param {string} id @param {number} part */
  #item(id, part) {
    const known = this.#known.get(id);
    const chip = h('i', { class: 'chip', 'aria-hidden': 'true' });
    chip.style.background = `var(${PART_COLORS[part]})`;
    if (!known) return h('li', {}, chip, id);
    const { about: { title, task, author }, standing } = known;
    const score = typeof standing?.score !== 'number' ? '' : `${measure(standing.score)} ± ${measure(standing.error ?? NaN)}`;
    return h('li', {}, chip, h('a', { href: `/r/${id}` }, title || task), h('small', {}, [author && `by ${author}`, score].filter(Boolean).join(' · ')));
  }

  /** @param {string} id */
  async #learn(id) {
    this.#known.set(id, null);
    try {
      this.#known.set(id, await about(id));
      this.changed();
    } catch (error) {
      this.report(/** @type {Error} */ (error));
    }
  }
}
