/** What a reward pays, term by term, as it goes: means over all robots, the followed one, shares. */

import { DOMINANT_SHARE } from '../../sim/shared/constants.js';
import { h, setText } from '../dom.js';
import { measure } from '../format.js';
import { Sparkline } from '../plots.js';

/** How fast shares follow, of 1: a step alone says little. */
const FOLLOWS = 0.2;

/** Of the curve of a term, in CSS pixels. */
const WIDTH = 120;

/** @typedef {{name: string, row: HTMLElement, spark: Sparkline, bar: HTMLElement, share: HTMLElement, mean: HTMLElement, own: HTMLElement, size: number}} Row */

export class Terms {
  /** @type {Row[]} */
  #rows = [];

  constructor() {
    const head = (/** @type {string} */ text) => h('th', { scope: 'col' }, text);
    this.body = h('tbody');
    this.warning = h('p', { class: 'warn', role: 'status', hidden: true });
    this.empty = h('p', { class: 'subtle' }, 'Nothing is paid yet.');
    this.element = h('div', { class: 'code-terms' },
      h('table', {},
        h('thead', {}, h('tr', {}, ...['Term', 'Mean over all'].map(head), h('th', { scope: 'col' }, h('span', { class: 'unseen' }, 'Its course')), ...['Followed', 'Share'].map(head))),
        this.body),
      this.empty, this.warning);
  }

  /** Colours have changed. */
  invalidate() {
    for (const { spark } of this.#rows) spark.build(WIDTH);
  }

  /** Something else is paid: shares begin anew. */
  restart() {
    for (const row of this.#rows) row.size = NaN;
  }

  /**
   * @param {Record<string, {mean: number, magnitude: number}>} terms  of all robots
   * @param {Record<string, number> | null} followed  of the one that is followed
   * @param {number} time  in s
   */
  update(terms, followed, time) {
    const names = Object.keys(terms);
    if (names.join() !== this.#rows.map(({ name }) => name).join()) this.#build(names);
    for (const row of this.#rows) {
      const { mean, magnitude } = terms[row.name];
      row.size = Number.isFinite(row.size) ? row.size + FOLLOWS * (magnitude - row.size) : magnitude;
      setText(row.mean, measure(mean));
      setText(row.own, followed ? measure(followed[row.name] ?? NaN) : '–');
      row.spark.add(time, mean);
      row.spark.draw();
    }
    const total = this.#rows.reduce((sum, { size }) => sum + size, 0);
    let greatest = { name: '', share: 0 };
    for (const { name, bar, share: text, size } of this.#rows) {
      const share = total ? size / total : 0;
      if (share > greatest.share) greatest = { name, share };
      bar.style.transform = `scaleX(${share.toFixed(3)})`;
      setText(text, `${Math.round(100 * share)} %`);
    }
    this.empty.hidden = names.length > 0;
    this.warning.hidden = names.length < 2 || greatest.share <= DOMINANT_SHARE;
    setText(this.warning, `${greatest.name} is ${Math.round(100 * greatest.share)} % of all that is paid: the other terms hardly count.`);
  }

  /** @param {string[]} names */
  #build(names) {
    this.#rows = names.map((name) => {
      const [spark, bar] = [new Sparkline(`${name}, mean over all robots`), h('i')];
      const [share, mean, own] = [h('span'), h('td', { class: 'value' }), h('td', { class: 'value' })];
      const row = h('tr', { 'data-term': name },
        h('th', { scope: 'row' }, name), mean, h('td', {}, spark.element), own, h('td', {}, h('b', { class: 'share' }, bar), share));
      return { name, row, spark, bar, share, mean, own, size: NaN };
    });
    this.body.replaceChildren(...this.#rows.map(({ row }) => row));
    this.invalidate();
  }
}
