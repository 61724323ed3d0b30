/** The candidates of a tournament by rank: measure, how it went, weights, warnings, and what may be done. */

import { h, setText } from '../dom.js';
import { measure } from '../format.js';

/** Of the curve of a measure, in CSS pixels. */
const CURVE = { width: 96, height: 26 };

/**
 * @typedef {import('../../sim/page/tournamentrun.js').TournamentEvent} TournamentEvent
 * @typedef {TournamentEvent['contenders'][number]} Contender
 *
 * @typedef {object} Acts
 * @property {(entry: number) => void} takeOut
 * @property {(entry: number, kept: boolean) => void} keep
 * @property {(reward: string) => void} edit  its source
 * @property {(entry: number, name: string, reward: string) => void} fork
 * @property {(entry: number) => string | null} colourOf  the name of its herd's colour
 * @property {(entry: number | null) => void} light  it is pointed at
 */

export class Contenders {
  /** @type {Map<number, Row>} */
  #rows = new Map();

  /** @param {Acts} acts */
  constructor(acts) {
    this.acts = acts;
    this.element = h('ol', { class: 'contenders' });
  }

  /** Marks a candidate's row; null: none. @param {number | null} entry */
  light(entry) {
    for (const [other, { element }] of this.#rows) element.classList.toggle('lit', other === entry);
  }

  /** Brings a candidate's row into view. @param {number} entry */
  reveal(entry) {
    const row = this.#rows.get(entry)?.element;
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
  }

  /** @param {TournamentEvent} standing */
  show(standing) {
    const { contenders, running, best, over } = standing;
    if (contenders.length < this.#rows.size) this.#rows.clear(); // of another tournament
    for (const contender of contenders) {
      if (!this.#rows.has(contender.number)) this.#rows.set(contender.number, new Row(contender.number, this.acts));
      this.#rows.get(contender.number)?.show(contender, running.includes(contender.number), contender.number === best, over);
    }
    const rows = ranked(standing).map(({ number }) => /** @type {Row} */ (this.#rows.get(number)).element);
    if (rows.some((row, i) => this.element.children[i] !== row) || rows.length !== this.element.childElementCount) {
      this.element.replaceChildren(...rows);
    }
  }
}

/** Candidates, the best first. @param {Pick<TournamentEvent, 'contenders' | 'best'>} standing */
export const ranked = ({ contenders, best }) => [...contenders].sort((one, other) => rank(other, best) - rank(one, best));

/** Those that are in come first, the best of all before them. @param {Contender} contender @param {number | null} best */
function rank({ number, out, measure: value }, best) {
  const known = Number.isFinite(value) ? Math.atan(value) : -2; // within ±π/2
  return number === best ? 20 : known + (out ? 0 : 10);
}

class Row {
  #kept = false;
  #curve = '';

  /** @param {number} number @param {Acts} acts */
  constructor(number, acts) {
    this.number = number;
    this.acts = acts;
    this.chip = h('i', { class: 'chip', 'aria-hidden': 'true' });
    this.name = h('strong');
    this.value = h('span', { class: 'value' });
    this.state = h('small', { class: 'subtle' });
    this.line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
    const { width, height } = CURVE;
    const curve = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    curve.setAttribute('viewBox', `0 0 ${width} ${height}`);
    curve.setAttribute('role', 'img');
    curve.setAttribute('aria-label', 'Its measure as it learnt');
    curve.append(this.line);
    this.warnings = h('p', { class: 'warn', hidden: true });
    this.why = h('p', { class: 'subtle' });
    this.weights = h('p', { class: 'subtle' });
    this.reward = h('pre');
    this.edit = h('button', { title: 'Opens its reward in the editor; the tournament goes on as it is', onclick: () => acts.edit(this.reward.textContent ?? '') }, 'Edit');
    this.fork = h('button', {
      title: 'Opens its reward in the editor; what you make of it is added, and begins with its policy',
      onclick: () => acts.fork(number, this.name.textContent ?? '', this.reward.textContent ?? ''),
    }, 'Fork');
    this.keep = h('button', { onclick: () => acts.keep(number, !this.#kept) });
    this.out = h('button', { onclick: () => acts.takeOut(number) }, 'Take out');
    this.element = h('li', {
      'data-entry': number, tabindex: -1, onmouseenter: () => acts.light(number), onmouseleave: () => acts.light(null),
    },
      h('div', { class: 'contender' }, this.chip, this.name, curve, this.value), this.state, this.warnings,
      h('details', {}, h('summary', {}, 'Its reward'), this.why, this.weights, this.reward),
      h('div', { class: 'row' }, this.edit, this.fork, this.keep, this.out));
  }

  /** @param {Contender} contender @param {boolean} learns @param {boolean} best @param {boolean} over */
  show({ name, why, reward, weights, out, kept, measure: value, standardError, curve, warnings }, learns, best, over) {
    this.#kept = kept;
    setText(this.name, name);
    setText(this.value, Number.isFinite(value) ? `${measure(value)} ± ${measure(standardError)}` : '–');
    const state = best ? (over ? 'has won' : 'leads') : out || (learns ? 'learns' : 'waits');
    setText(this.state, kept && !out ? `${state}, kept` : state);
    this.element.classList.toggle('out', Boolean(out) && !best);
    setText(this.warnings, warnings.join(' '));
    this.warnings.hidden = !warnings.length;
    setText(this.why, why);
    setText(this.weights, Object.entries(weights).map(([term, weight]) => `${term} ${measure(weight)}`).join(', '));
    setText(this.reward, reward);
    setText(this.keep, kept ? 'Keep no longer' : 'Keep');
    this.keep.hidden = this.out.hidden = Boolean(out) || over;
    this.fork.hidden = over;
    const colour = this.acts.colourOf(this.number);
    this.chip.hidden = !colour;
    this.element.style.setProperty('--herd', `var(${colour ?? '--subtle'})`);
    const points = pointsOf(curve);
    if (points !== this.#curve) this.line.setAttribute('points', points);
    this.#curve = points;
  }
}

/** A curve in the field of its picture. @param {number[]} curve  NaN: nothing is known */
function pointsOf(curve) {
  const known = curve.map((value, i) => ({ value, i })).filter(({ value }) => Number.isFinite(value));
  const values = known.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const { width, height } = CURVE;
  return known.map(({ value, i }) => {
    const x = (width * i) / Math.max(1, curve.length - 1);
    const y = high > low ? (height - 4) * (1 - (value - low) / (high - low)) + 2 : height / 2;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  }).join(' ');
}
