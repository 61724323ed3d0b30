/** Small plots of a figure over time, by uPlot. */

import './language.js';
import uPlot from 'uplot';
import { h } from './dom.js';
import { themeColor } from './theme.js';

/** Points that a plot shows: at two figures a second, two minutes. */
const POINTS = 240;

const HEIGHT = 34;

export class Sparkline {
  /** @type {uPlot|null} */
  #plot = null;
  /** @type {[number[], (number|null)[]]} */
  #data = [[], []];

  /** @param {string} label  for those who cannot see the plot */
  constructor(label) {
    this.element = h('div', { class: 'spark', role: 'img', 'aria-label': label });
  }

  /**
   * Makes the plot anew in the element's width and the theme's colours.
   *
   * @param {number} width
   */
  build(width) {
    this.#plot?.destroy();
    this.#plot = new uPlot({
      width,
      height: HEIGHT,
      padding: [2, 0, 2, 0],
      cursor: { show: false },
      legend: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: false }, y: { range: aroundData } },
      axes: [{ show: false }, { show: false }],
      series: [{}, {
        stroke: themeColor('--accent'),
        fill: themeColor('--accent-faint'),
        fillTo: (plot) => plot.scales.y.min ?? 0,
        width: 1.5,
        points: { show: false },
      }],
    }, this.#data, this.element);
  }

  /** @param {number} time  in s @param {number} value  a gap if it is not finite */
  add(time, value) {
    const [times, values] = this.#data;
    times.push(time);
    values.push(Number.isFinite(value) ? value : null);
    if (times.length > POINTS) {
      times.shift();
      values.shift();
    }
  }

  draw() {
    this.#plot?.setData(this.#data);
  }

  clear() {
    this.#data = [[], []];
  }
}

/**
 * A range with some room, so that a steady figure is a line in the middle.
 *
 * @param {uPlot} _plot @param {number|null} low @param {number|null} high
 * @returns {[number, number]}
 */
function aroundData(_plot, low, high) {
  if (low === null || high === null) return [0, 1];
  const room = 0.15 * (high - low) + 0.02 * Math.abs(high) || 1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}
