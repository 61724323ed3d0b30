/** The live figures, those that matter over time with a plot. */

import { h, setText } from '../dom.js';
import { bytes, count, measure, short } from '../format.js';
import { Sparkline } from '../plots.js';

/** @typedef {ReturnType<import('../../sim/websim.js').WebSim['stats']>} Stats */

/** @type {{name: string, value: (stats: Stats) => number, text: (value: number) => string}[]} */
const PLOTTED = [
  { name: 'Physics steps/s', value: (stats) => stats.physicsStepsPerSecond, text: short },
  { name: 'Environment steps/s', value: (stats) => stats.environmentStepsPerSecond, text: short },
  { name: 'Mean return', value: (stats) => stats.meanReturn, text: measure },
  { name: 'Mean length', value: (stats) => stats.meanLength, text: measure },
  { name: 'Frames/s', value: (stats) => stats.framesPerSecond, text: (value) => value.toFixed(1) },
];

/** @type {{name: string, text: (stats: Stats) => string}[]} */
const PLAIN = [
  { name: 'Physics steps', text: (stats) => short(stats.physicsSteps) },
  { name: 'Environment steps', text: (stats) => short(stats.environmentSteps) },
  { name: 'Episodes', text: (stats) => short(stats.episodes) },
  { name: 'Memory', text: (stats) => bytes(stats.memoryBytes) },
  { name: 'Worker restarts', text: (stats) => count(stats.workerRestarts) },
  { name: 'Bad states', text: (stats) => count(stats.badStates) },
];

export class Figures {
  constructor() {
    this.plotted = PLOTTED.map((figure) => {
      const value = h('dd', {}, '–');
      const spark = new Sparkline(`${figure.name} over the last minutes`);
      const element = h('div', {}, h('dt', {}, figure.name), value, h('dd', { class: 'spark-row' }, spark.element));
      return { ...figure, output: value, spark, element };
    });
    this.plain = PLAIN.map((figure) => {
      const value = h('dd', {}, '–');
      return { ...figure, output: value, element: h('div', {}, h('dt', {}, figure.name), value) };
    });
    this.element = h('div', {},
      h('dl', { class: 'figures' }, ...this.plotted.map(({ element }) => element)),
      h('dl', { class: 'tiles' }, ...this.plain.map(({ element }) => element)));
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width) this.build();
    }).observe(this.element);
  }

  /** Makes the plots in the present width and theme. */
  build() {
    const width = this.plotted[0].spark.element.clientWidth;
    if (width) for (const { spark } of this.plotted) spark.build(width);
  }

  /** @param {Stats} stats @param {number} now  in s @param {boolean} visible  else the plots only record */
  update(stats, now, visible) {
    for (const { value, text, output, spark } of this.plotted) {
      const figure = value(stats);
      spark.add(now, figure);
      setText(output, Number.isFinite(figure) ? text(figure) : '–');
      if (visible) spark.draw();
    }
    if (visible) for (const { text, output } of this.plain) setText(output, text(stats));
  }

  clear() {
    for (const { spark } of this.plotted) spark.clear();
  }
}
