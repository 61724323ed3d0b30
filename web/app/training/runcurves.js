/** The curves of several runs in one plot: a line each, or one with a band for those that differ in their seed alone. */

import '../language.js';
import uPlot from 'uplot';
import { h, setText } from '../dom.js';
import { axesOptions, logScale } from '../plots.js';
import { themeColor } from '../theme.js';
import { PART_COLORS } from './compare.js';
import { figure } from './curveplot.js';
import { LookControls, abscissa, isTimed } from './look.js';
import { drawnTags, lineOf, titleOf } from './metrics.js';
import { RETURN } from './run.js';
import { alike, band, sampled } from './seeds.js';
import { nameOf } from './runstable.js';

/**
 * @typedef {import('./metriclog.js').MetricLog} MetricLog
 * @typedef {import('./storage.js').RunRecord} RunRecord
 *
 * @typedef {object} Drawn
 * @property {string} label
 * @property {string} color
 * @property {number[]} mean
 * @property {{low: number[], high: number[]}|null} around  null: it is one run
 */

const HEIGHT = 260;

/** Places from left to right that there are values for. */
const PLACES = 600;

export class RunCurves {
  /** @type {{record: RunRecord, log: MetricLog}[]} */
  #runs = [];
  /** @type {Drawn[]} */
  #drawn = [];
  /** @type {HTMLElement[]} */
  #values = [];
  /** @type {uPlot|null} */
  #plot = null;
  /** What is shown from left to right; null: all. @type {[number, number]|null} */
  #range = null;

  constructor() {
    this.controls = new LookControls('runs', ({ over }) => {
      if (over) this.#range = null;
      this.#draw();
    });
    this.metric = h('select', { 'aria-label': 'What is drawn', onchange: () => this.#draw() });
    this.area = h('div', { class: 'runs-plot', role: 'img' });
    this.at = h('p', { class: 'subtle' });
    this.legend = h('ul', { class: 'runs-legend' });
    this.element = h('div', { class: 'runs-curves', hidden: true },
      h('div', { class: 'curves-tools' }, this.metric, this.controls.over, this.controls.log),
      h('div', { class: 'curves-tools' }, ...this.controls.smoothing),
      this.area, this.at, this.legend);
    new ResizeObserver(() => {
      if (this.area.clientWidth !== this.#plot?.width) this.#draw();
    }).observe(this.area);
  }

  /** @param {{record: RunRecord, log: MetricLog}[]} runs */
  show(runs) {
    this.#runs = runs.filter(({ log }) => log.length > 0);
    this.element.hidden = !runs.length;
    if (!runs.length) return;
    const tags = drawnTags(this.#runs.map(({ log }) => log));
    const chosen = tags.includes(this.metric.value) ? this.metric.value : RETURN;
    this.metric.replaceChildren(...tags.map((tag) => h('option', { value: tag, selected: tag === chosen }, titleOf(tag))));
    this.controls.allowTime(this.#runs.every(({ log }) => isTimed(log)));
    this.#draw();
  }

  /** Colours have changed. */
  invalidate() {
    this.#draw();
  }

  #draw() {
    this.#plot?.destroy();
    this.#plot = null;
    const width = this.area.clientWidth;
    const tag = this.metric.value;
    const { look } = this.controls;
    const { name, of } = abscissa(look.over);
    const ends = this.#runs.map(({ log }) => of(log)).map((along) => [along[0], along[along.length - 1]]);
    const [low, high] = this.#range ?? [Math.min(...ends.map(([first]) => first)), Math.max(...ends.map(([, last]) => last))];
    const none = !ends.length || !tag;
    setText(this.at, none ? 'There is no curve of what is chosen.' : '');
    this.legend.replaceChildren();
    this.area.hidden = none;
    if (!width || none) return;
    const places = Array.from({ length: PLACES }, (_, i) => low + ((high - low) * i) / (PLACES - 1));
    const curve = (/** @type {MetricLog} */ log) => sampled(of(log), lineOf(tag).of(log.column(tag), log, look.smoothing), places);
    const logs = new Map(this.#runs.map(({ record, log }) => [record.id, log]));
    this.#drawn = alike(this.#runs.map(({ record }) => record), nameOf).map(({ label, runs }, i) => {
      const curves = runs.map(({ id }) => curve(/** @type {MetricLog} */ (logs.get(id))));
      const color = PART_COLORS[i % PART_COLORS.length];
      if (curves.length === 1) return { label, color, mean: curves[0], around: null };
      const { mean, ...around } = band(curves);
      return { label, color, mean, around };
    });
    this.area.setAttribute('aria-label', `${titleOf(tag)} over ${name} of ${this.#drawn.map(({ label }) => label).join('; ')}`);
    this.#showLegend();
    this.#build(width, places);
    this.#tell(null);
  }

  #showLegend() {
    this.#values = this.#drawn.map(() => h('span', { class: 'value' }));
    this.legend.replaceChildren(...this.#drawn.map(({ label, color, around }, i) => {
      const chip = h('i', { class: 'chip', 'aria-hidden': 'true' });
      chip.style.background = `var(${color})`;
      return h('li', {}, chip, h('span', { title: around ? 'Their mean, and the standard deviation around it' : '' }, label), this.#values[i]);
    }));
  }

  /** @param {number} width @param {number[]} places */
  #build(width, places) {
    const { look } = this.controls;
    const { text, incrs } = abscissa(look.over);
    const known = (/** @type {number[]} */ values) => values.map((value) => (Number.isFinite(value) ? value : null));
    /** @type {uPlot.Series[]} */
    const series = [{}];
    /** @type {uPlot.Band[]} */
    const bands = [];
    /** @type {(number|null)[][]} */
    const data = [];
    for (const { color, mean, around } of this.#drawn) {
      const stroke = themeColor(color);
      if (around) {
        bands.push({ series: [series.length, series.length + 1], fill: `color-mix(in srgb, ${stroke} 22%, transparent)` });
        for (const edge of [around.high, around.low]) {
          series.push({ width: 0, pxAlign: 0, points: { show: false } });
          data.push(known(edge));
        }
      }
      series.push({ stroke, width: 1.5, pxAlign: 0, points: { show: false } });
      data.push(known(mean));
    }
    const shown = this.#drawn.flatMap(({ mean }) => mean).filter(Number.isFinite);
    this.#plot = new uPlot({
      ...axesOptions({
        width, height: HEIGHT, text, incrs, series,
        scale: look.logarithmic ? logScale(shown) : { distr: 1 },
        cursor: { points: { show: false } },
        tell: (at) => this.#tell(at),
        zoom: (range) => this.#zoom(range),
      }),
      bands,
    }, [places, ...data], this.area);
  }

  /** @param {[number, number]|null} range */
  #zoom(range) {
    this.#range = range;
    // uPlot is in the middle of what it tells.
    queueMicrotask(() => this.#draw());
  }

  /** @param {number|null} at  the place that is pointed at; null: none, the newest values are told */
  #tell(at) {
    const { over } = this.controls.look;
    const { at: word, text } = abscissa(over);
    setText(this.at, at === null ? 'Where each ends' : `${word} ${text(this.#plot?.data[0][at] ?? 0)}`);
    this.#drawn.forEach(({ mean, around }, i) => {
      const place = at ?? mean.findLastIndex(Number.isFinite);
      const spread = around ? ` ± ${figure(around.high[place] - mean[place])}` : '';
      setText(this.#values[i], place < 0 || !Number.isFinite(mean[place]) ? '–' : figure(mean[place]) + spread);
    });
  }
}
