/** Plots of figures over time, by uPlot: small ones of a figure, and what all that have axes share. */

import './language.js';
import uPlot from 'uplot';
import { h } from './dom.js';
import { short } from './format.js';
import { themeColor } from './theme.js';

const FONT = '11px system-ui, sans-serif';

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
 * What plots with axes share: their lines are the theme's, a stretch of them is chosen by the mouse, and a double click
 * shows all again.
 *
 * @param {object} plot
 * @param {number} plot.width @param {number} plot.height  in CSS pixels
 * @param {(value: number) => string} plot.text  of what is from left to right
 * @param {number[]} [plot.incrs]  between its marks
 * @param {uPlot.Scale} plot.scale  of what is up and down
 * @param {uPlot.Series[]} plot.series
 * @param {uPlot.Cursor} plot.cursor
 * @param {(at: number|null) => void} plot.tell  which place is pointed at; null: none
 * @param {(range: [number, number]|null) => void} plot.zoom  to a stretch; null: all
 * @param {uPlot.Hooks.Arrays} [plot.hooks]
 * @returns {uPlot.Options}
 */
export function axesOptions({ width, height, text, incrs, scale, series, cursor, tell, zoom, hooks }) {
  const axis = {
    stroke: themeColor('--subtle'), font: FONT,
    grid: { stroke: themeColor('--line'), width: 1 }, ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      // The page zooms: it chooses among all there is, not among what is drawn.
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => (zoom(null), null) },
      ...cursor,
    },
    scales: { x: { time: false }, y: scale },
    axes: [
      { ...axis, size: 24, space: 60, values: (_, ticks) => ticks.map(text), ...(incrs ? { incrs } : {}) },
      { ...axis, size: 46, space: 26, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : tickText(tick))) },
    ],
    series,
    hooks: {
      ...hooks,
      setCursor: [({ cursor: { idx, left = -1 } }) => tell(left >= 0 && typeof idx === 'number' ? idx : null)],
      setSelect: [(plot) => {
        const { left, width: selected } = plot.select;
        if (selected > 2) zoom([plot.posToVal(left, 'x'), plot.posToVal(left + selected, 'x')]);
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
}

/**
 * Logarithmic; where values are not all positive, linear around 0 and logarithmic beyond.
 *
 * @param {number[]} values
 * @returns {uPlot.Scale}
 */
export function logScale(values) {
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (values.every((value) => value > 0)) return { distr: 3 };
  return { distr: 4, asinh: greatest ? 10 ** (Math.floor(Math.log10(greatest)) - 2) : 1 };
}

/** @param {number} tick */
function tickText(tick) {
  const size = Math.abs(tick);
  if (size >= 1e4) return short(tick);
  const rounded = Number(tick.toPrecision(4));
  return size && size < 1e-3 ? rounded.toExponential() : String(rounded);
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
