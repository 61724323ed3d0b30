/** How curves are drawn: smoothed, over steps or over time, on which axes. */

import { h, setText } from '../dom.js';
import { clock, short } from '../format.js';
import { SECONDS } from './run.js';

/** @typedef {import('./metriclog.js').MetricLog} MetricLog */

/**
 * @typedef {object} Look
 * @property {number} smoothing   weight of the moving average, 0 to 1
 * @property {boolean} logarithmic
 * @property {'steps'|'time'} over
 */

const SMOOTHING = 0.6;

/** Between the marks of an axis of time, in s. */
const SPANS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18_000, 36_000, 86_400];

/** Whether it is known how long every row of a run took. @param {MetricLog} log */
export const isTimed = (log) => log.length > 0 && log.column(SECONDS).every(Number.isFinite) && log.column(SECONDS).length === log.length;

/**
 * What an axis from left to right has.
 *
 * @param {Look['over']} over
 * @returns {{name: string, at: string, of: (log: MetricLog) => Float64Array, text: (value: number) => string, incrs?: number[]}}
 */
export const abscissa = (over) => (over === 'time'
  ? { name: 'time of learning', at: 'after', of: (log) => log.column(SECONDS), text: clock, incrs: SPANS }
  : { name: 'environment steps', at: 'step', of: (log) => log.steps, text: (step) => short(step) });

export class LookControls {
  /** @type {Look} */
  look = { smoothing: SMOOTHING, logarithmic: false, over: 'steps' };

  /** @param {string} id  that the fields' begin with @param {(change: Partial<Look>) => void} onChange */
  constructor(id, onChange) {
    const change = (/** @type {Partial<Look>} */ part) => {
      this.look = { ...this.look, ...part };
      onChange(part);
    };
    const weight = h('span', {}, SMOOTHING.toFixed(2));
    const slider = h('input', { type: 'range', id: `${id}-smoothing`, min: 0, max: 0.99, step: 0.01, value: SMOOTHING });
    slider.addEventListener('input', () => {
      setText(weight, Number(slider.value).toFixed(2));
      change({ smoothing: Number(slider.value) });
    });
    this.smoothing = [h('label', { for: slider.id }, 'Smoothing'), slider, weight];
    this.log = h('button', { 'aria-pressed': 'false', title: 'Logarithmic vertical axes', onclick: () => {
      this.log.setAttribute('aria-pressed', String(!this.look.logarithmic));
      change({ logarithmic: !this.look.logarithmic });
    } }, 'Log');
    this.over = h('select', { id: `${id}-over`, 'aria-label': 'From left to right', onchange: () => (
      change({ over: this.over.value === 'time' ? 'time' : 'steps' })
    ) }, h('option', { value: 'steps' }, 'Steps'), h('option', { value: 'time' }, 'Time'));
  }

  /** The clock of some runs is not known: then it is steps. @param {boolean} timed */
  allowTime(timed) {
    this.over.options[1].disabled = !timed;
    this.over.title = timed ? '' : 'This run does not say how long it took';
    if (timed || this.look.over === 'steps') return;
    this.over.value = 'steps';
    this.look = { ...this.look, over: 'steps' };
  }
}
