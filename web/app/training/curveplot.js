/** One metric over environment steps or time, by uPlot. */

import '../language.js';
import uPlot from 'uplot';
import { h, setText } from '../dom.js';
import { measure } from '../format.js';
import { axesOptions, logScale } from '../plots.js';
import { themeColor } from '../theme.js';
import { abscissa } from './look.js';
import { rowsToDraw } from './reduce.js';
import { CHANGED } from './run.js';

/** @typedef {import('./metriclog.js').MetricLog} MetricLog */

/** @typedef {import('./look.js').Look} Look */

const HEIGHT = 128;

/** Plots with this key show their cursors at the same step. */
const SYNC = 'training';

/** Smaller than this, learning rates for instance, values are told by their power of ten. */
const SMALL = 0.01;

/** @param {number} value */
export const figure = (value) => (value && Math.abs(value) < SMALL ? value.toExponential(2) : measure(value));

export class CurvePlot {
  /** @type {uPlot|null} */
  #plot = null;
  /** Rows of the log that are drawn. @type {number[]} */
  #rows = [];
  /** Values of the drawn rows. @type {{raw: number[], line: number[]}} */
  #shown = { raw: [], line: [] };
  /** Where another reward or measure came in force. @type {number[]} */
  #marks = [];
  /** The line's newest value. @type {number|undefined} */
  #newest;
  #scale = '';
  #abscissa = abscissa('steps');

  /**
   * @param {string} tag @param {string} title @param {import('./metrics.js').Line} line
   * @param {(range: [number, number]|null) => void} onRange  the user zoomed
   */
  constructor(tag, title, line, onRange) {
    this.tag = tag;
    this.title = title;
    this.line = line;
    this.onRange = onRange;
    this.value = h('span', { class: 'curve-value' });
    this.area = h('div', { role: 'img', 'aria-label': `${title} over environment steps` });
    this.element = h('figure', { class: 'curve', 'data-tag': tag },
      h('figcaption', { title: tag }, h('span', {}, title), this.value), this.area);
  }

  /** The picture as it is now, if there is one. */
  get canvas() {
    return this.#plot?.ctx.canvas;
  }

  /** The plot is made anew with the next `draw`, as after a change of theme or width. */
  invalidate() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** @param {MetricLog} log @param {Look} look @param {[number, number]|null} range  of what is from left to right; null: all */
  draw(log, look, range) {
    const width = this.area.clientWidth;
    if (!width) return;
    this.#abscissa = abscissa(look.over);
    const { name, of, text } = this.#abscissa;
    const along = of(log);
    const values = log.column(this.tag);
    const line = this.line.of(values, log, look.smoothing);
    this.#newest = line.findLast(Number.isFinite);
    const changed = log.column(CHANGED);
    this.#marks = [...along].filter((_, row) => changed[row] === 1);
    const changes = this.#marks.map(text).join(', ');
    this.area.setAttribute('aria-label', `${this.title} over ${name}${changes && `; another reward or measure from ${changes} on`}`);
    this.#rows = rowsToDraw(along, values, width / 2, range);
    this.#shown = { raw: this.#rows.map((row) => values[row]), line: this.#rows.map((row) => line[row]) };
    const scale = look.logarithmic ? logScale(this.#shown.raw) : { distr: 1 };
    const key = JSON.stringify([scale, look.over]);
    if (!this.#plot || this.#plot.width !== width || key !== this.#scale) {
      this.#build(width, scale);
      this.#scale = key;
    }
    const x = this.#rows.map((row) => along[row]);
    const plot = /** @type {uPlot} */ (this.#plot);
    plot.batch(() => {
      plot.setData([x, line === values ? x.map(() => null) : this.#shown.raw, this.#shown.line], false);
      // Also where a metric has few values as yet, all plots show the same.
      const [low, high] = range ?? [along[0], along[along.length - 1]];
      plot.setScale('x', { min: low < high ? low : 0, max: high });
    });
    if (plot.cursor.idx === null || plot.cursor.idx === undefined) this.#tell(null);
  }

  /** @param {number} width @param {uPlot.Scale} scale */
  #build(width, scale) {
    this.invalidate();
    const accent = themeColor('--accent');
    const { text, incrs } = this.#abscissa;
    this.#plot = new uPlot(axesOptions({
      width, height: HEIGHT, text, incrs, scale,
      cursor: { sync: { key: SYNC, setSeries: false, scales: ['x', null] }, points: { size: 6 } },
      series: [{},
        { stroke: accent, alpha: 0.3, width: 1, points: { show: false }, spanGaps: true },
        { stroke: accent, width: 1.5, points: { show: () => this.#rows.length < 2, size: 5 }, spanGaps: true },
      ],
      tell: (at) => this.#tell(at),
      zoom: (range) => this.onRange(range),
      hooks: { draw: [(plot) => this.#drawMarks(plot)] },
    }), [[], [], []], this.area);
  }

  /** @param {uPlot} plot */
  #drawMarks({ ctx, bbox: { left, top, width, height }, valToPos }) {
    ctx.save();
    ctx.strokeStyle = themeColor('--warning');
    ctx.setLineDash([4, 4]);
    ctx.beginPath();
    for (const step of this.#marks) {
      const x = valToPos(step, 'x', true);
      if (x < left || x > left + width) continue;
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
    }
    ctx.stroke();
    ctx.restore();
  }

  /** @param {number|null} at  the drawn row that is pointed at; null: none, the newest value is told */
  #tell(at) {
    const { raw, line } = this.#shown;
    if (at === null || at >= raw.length) {
      setText(this.value, figure(this.#newest ?? NaN));
      return;
    }
    const step = this.#plot?.data[0][at] ?? 0;
    const { word } = this.line;
    setText(this.value, [
      figure(raw[at]), word && `${word} ${figure(line[at])}`, `${this.#abscissa.at} ${this.#abscissa.text(step)}`,
    ].filter(Boolean).join(' · '));
  }
}
