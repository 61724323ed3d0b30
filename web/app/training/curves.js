/**
 * The live plots of training: every metric after every iteration. They are drawn in short slices, and
 * only where they can be seen, so that the page stays responsive however many points there are.
 */

import { breathe, h } from '../dom.js';
import { download } from '../opening/files.js';
import { CurvePlot } from './curveplot.js';
import { LookControls, isTimed } from './look.js';
import { themeColor } from '../theme.js';
import { MetricLog } from './metriclog.js';
import { drawnTags, lineOf, titleOf } from './metrics.js';
import { RETURN } from './run.js';

/** Drawing lets others have the main thread after so many ms. */
const SLICE = 4;

/** Of the picture: plots in a row, room around each and above it for its title, in CSS pixels. */
const PICTURE = { columns: 2, gap: 16, title: 22 };

/** A plot of the return alone. */
export const returnPlot = () => new CurvePlot(RETURN, titleOf(RETURN), lineOf(RETURN), () => {});

export class Curves {
  /** @type {Map<string, CurvePlot>} */
  #plots = new Map();
  /** @type {Set<CurvePlot>} */
  #dirty = new Set();
  /** @type {Set<Element>} */
  #visible = new Set();
  #drawing = false;
  /** What is shown from left to right; null: all. @type {[number, number]|null} */
  #range = null;
  #log = new MetricLog();
  #name = 'training';

  /** @param {() => void} onEnlarge  the plots want to be shown large, or small again */
  constructor(onEnlarge) {
    this.grid = h('div', { class: 'curves-grid' });
    this.controls = new LookControls('curves', ({ over }) => {
      if (over) this.#range = null;
      this.#redrawAll();
    });
    this.enlarge = h('button', { title: 'Show the plots large (C)', 'aria-pressed': 'false', onclick: onEnlarge }, 'Enlarge');
    this.whole = h('button', { hidden: true, title: 'Double click in a plot does the same', onclick: () => this.#zoom(null) }, 'Show all');
    this.element = h('div', { class: 'curves', hidden: true },
      h('div', { class: 'curves-tools' }, ...this.controls.smoothing),
      h('div', { class: 'curves-tools' }, this.controls.over, this.controls.log,
        h('button', { title: 'Save all metrics as a CSV file', onclick: () => this.#saveCsv() }, 'CSV'),
        h('button', { title: 'Save the plots as a picture', onclick: () => this.#savePicture() }, 'PNG'),
        this.whole, this.enlarge),
      this.grid);
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.#visible.add(target);
        else this.#visible.delete(target);
      }
      this.#schedule();
    });
    new ResizeObserver(() => this.#redrawAll()).observe(this.grid);
  }

  #observer;

  /** Shows another run's curve. @param {MetricLog} log @param {string} name  of its files */
  show(log, name) {
    this.#log = log;
    this.#name = name;
    for (const plot of this.#plots.values()) {
      this.#observer.unobserve(plot.element);
      plot.invalidate();
    }
    this.#plots.clear();
    this.#dirty.clear();
    this.#visible.clear();
    this.grid.replaceChildren();
    this.#zoom(null);
    this.update();
  }

  /** There are new rows. */
  update() {
    const tags = drawnTags([this.#log]);
    this.controls.allowTime(isTimed(this.#log));
    this.element.hidden = this.#log.length === 0;
    if (tags.some((tag) => !this.#plots.has(tag))) this.#addPlots(tags);
    this.#redrawAll();
  }

  /** Colours have changed. */
  invalidate() {
    for (const plot of this.#plots.values()) plot.invalidate();
    this.#redrawAll();
  }

  /** @param {string[]} tags */
  #addPlots(tags) {
    for (const tag of tags) {
      if (this.#plots.has(tag)) continue;
      const plot = new CurvePlot(tag, titleOf(tag), lineOf(tag), (range) => this.#zoom(range));
      this.#plots.set(tag, plot);
      this.#observer.observe(plot.element);
    }
    this.grid.append(...tags.map((tag) => /** @type {CurvePlot} */ (this.#plots.get(tag)).element));
  }

  /** @param {[number, number]|null} range */
  #zoom(range) {
    this.#range = range;
    this.#redrawAll();
  }

  #redrawAll() {
    this.whole.hidden = this.#range === null;
    for (const plot of this.#plots.values()) this.#dirty.add(plot);
    this.#schedule();
  }

  async #schedule() {
    if (this.#drawing) return;
    this.#drawing = true;
    const next = () => [...this.#dirty].find(({ element }) => this.#visible.has(element));
    await breathe();
    let began = performance.now();
    for (let plot = next(); plot; plot = next()) {
      this.#dirty.delete(plot);
      plot.draw(this.#log, this.controls.look, this.#range);
      await null; // uPlot draws in a microtask
      if (performance.now() - began < SLICE) continue;
      await breathe();
      began = performance.now();
    }
    this.#drawing = false;
  }

  #saveCsv() {
    download(new Blob([this.#log.csv()], { type: 'text/csv' }), `${this.#name}.csv`);
  }

  async #savePicture() {
    const plots = [...this.#plots.values()];
    for (const plot of plots) {
      plot.draw(this.#log, this.controls.look, this.#range);
      await breathe();
    }
    const pictures = plots.flatMap(({ title, canvas }) => (canvas ? [{ title, canvas }] : []));
    if (!pictures.length) return;
    const { columns, gap, title: room } = PICTURE;
    const ratio = devicePixelRatio;
    const [width, height] = [pictures[0].canvas.width / ratio, pictures[0].canvas.height / ratio];
    const used = Math.min(columns, pictures.length);
    const rows = Math.ceil(pictures.length / used);
    const sheet = h('canvas');
    sheet.width = (used * (width + gap) + gap) * ratio;
    sheet.height = (rows * (height + room + gap) + gap) * ratio;
    const context = /** @type {CanvasRenderingContext2D} */ (sheet.getContext('2d'));
    context.scale(ratio, ratio);
    context.fillStyle = themeColor('--card');
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.fillStyle = themeColor('--text');
    context.font = '600 13px system-ui, sans-serif';
    pictures.forEach(({ title, canvas }, i) => {
      const [x, y] = [gap + (i % used) * (width + gap), gap + Math.floor(i / used) * (height + room + gap)];
      context.fillText(title, x, y + 14);
      context.drawImage(canvas, x, y + room, width, height);
    });
    sheet.toBlob((blob) => blob && download(blob, `${this.#name}.png`));
  }
}
