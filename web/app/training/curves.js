/**
 * The live plots of training: every metric after every iteration. They are drawn in short slices, and
 * only where they can be seen, so that the page stays responsive however many points there are.
 */

import { breathe, h, setText } from '../dom.js';
import { download } from '../opening/files.js';
import { CurvePlot } from './curveplot.js';
import { themeColor } from '../theme.js';
import { MetricLog } from './metriclog.js';
import { recentMeans, smooth } from './reduce.js';
import { RECENT_EPISODES } from '../../sim/shared/messages.js';
import { CHANGED, EPISODES, MEASURE, RETURN, REWARD } from './run.js';

/** What people look at first, in this order; other metrics follow as they come. */
const TITLES = /** @type {Record<string, string>} */ ({
  [RETURN]: 'Return',
  [MEASURE]: 'Measure',
  [REWARD]: 'Reward a step',
  'charts/episodic_length': 'Episode length',
  'charts/terrain_level': 'Terrain level',
  'losses/policy_loss': 'Policy loss',
  'losses/value_loss': 'Value loss',
  'losses/approx_kl': 'Approximate KL',
  'losses/entropy': 'Entropy',
  'losses/explained_variance': 'Explained variance',
  'charts/SPS': 'Mean environment steps/s',
});

/** The clock is for files, and changes of the reward are marks in all plots. */
const NOT_DRAWN = ['charts/seconds', CHANGED];

/** @type {import('./curveplot.js').Line} */
const SMOOTHED = { word: 'smoothed', of: (values, _, { smoothing }) => (smoothing ? smooth(values, smoothing) : values) };

/** What is exact as it is. @type {import('./curveplot.js').Line} */
const MEASURED = { word: '', of: (values) => values };

/** Lines other than the smoothed one. @type {Record<string, import('./curveplot.js').Line>} */
const LINES = {
  [RETURN]: {
    word: `newest ${RECENT_EPISODES} episodes`,
    of: (values, log) => recentMeans(values, log.column(EPISODES), RECENT_EPISODES),
  },
  [EPISODES]: MEASURED,
  'charts/learning_rate': MEASURED,
};

/** Levels of ground, pushes and whatever has some are means over all robots: exact as they are. @param {string} tag */
const lineOf = (tag) => LINES[tag] ?? (tag.endsWith('_level') ? MEASURED : SMOOTHED);

const SMOOTHING = 0.6;

/** Drawing lets others have the main thread after so many ms. */
const SLICE = 4;

/** Of the picture: plots in a row, room around each and above it for its title, in CSS pixels. */
const PICTURE = { columns: 2, gap: 16, title: 22 };

/** A plot of the return alone. */
export const returnPlot = () => new CurvePlot(RETURN, TITLES[RETURN], LINES[RETURN], () => {});

export class Curves {
  /** @type {Map<string, CurvePlot>} */
  #plots = new Map();
  /** @type {Set<CurvePlot>} */
  #dirty = new Set();
  /** @type {Set<Element>} */
  #visible = new Set();
  #drawing = false;
  /** @type {import('./curveplot.js').Look} */
  #look = { smoothing: SMOOTHING, logarithmic: false, range: null };
  #log = new MetricLog();
  #name = 'training';

  /** @param {() => void} onEnlarge  the plots want to be shown large, or small again */
  constructor(onEnlarge) {
    this.grid = h('div', { class: 'curves-grid' });
    const weight = h('span', {}, SMOOTHING.toFixed(2));
    const slider = h('input', {
      type: 'range', id: 'curves-smoothing', min: 0, max: 0.99, step: 0.01, value: SMOOTHING,
    });
    slider.addEventListener('input', () => {
      setText(weight, Number(slider.value).toFixed(2));
      this.#change({ smoothing: Number(slider.value) });
    });
    const log = h('button', { 'aria-pressed': 'false', title: 'Logarithmic vertical axes', onclick: () => {
      this.#change({ logarithmic: !this.#look.logarithmic });
      log.setAttribute('aria-pressed', String(this.#look.logarithmic));
    } }, 'Log');
    this.enlarge = h('button', { title: 'Show the plots large (C)', 'aria-pressed': 'false', onclick: onEnlarge }, 'Enlarge');
    this.whole = h('button', { hidden: true, title: 'Double click in a plot does the same', onclick: () => this.#change({ range: null }) }, 'Show all');
    this.element = h('div', { class: 'curves', hidden: true },
      h('div', { class: 'curves-tools' },
        h('label', { for: slider.id }, 'Smoothing'), slider, weight),
      h('div', { class: 'curves-tools' }, log,
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
    this.#change({ range: null });
    this.update();
  }

  /** There are new rows. */
  update() {
    const measured = this.#log.column(MEASURE).some(Number.isFinite);
    const tags = this.#log.tags.filter((tag) => (tag === MEASURE ? measured : !NOT_DRAWN.includes(tag)));
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
    const order = Object.keys(TITLES);
    const place = (/** @type {string} */ tag) => (order.indexOf(tag) + order.length + 1) % (order.length + 1);
    const sorted = [...tags].sort((a, b) => place(a) - place(b) || tags.indexOf(a) - tags.indexOf(b));
    for (const tag of sorted) {
      if (this.#plots.has(tag)) continue;
      const plot = new CurvePlot(tag, titleOf(tag), lineOf(tag), (range) => this.#change({ range }));
      this.#plots.set(tag, plot);
      this.#observer.observe(plot.element);
    }
    this.grid.append(...sorted.map((tag) => /** @type {CurvePlot} */ (this.#plots.get(tag)).element));
  }

  /** @param {Partial<import('./curveplot.js').Look>} change */
  #change(change) {
    this.#look = { ...this.#look, ...change };
    this.whole.hidden = this.#look.range === null;
    this.#redrawAll();
  }

  #redrawAll() {
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
      plot.draw(this.#log, this.#look);
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
      plot.draw(this.#log, this.#look);
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

/** @param {string} tag */
function titleOf(tag) {
  const [group, name] = tag.split('/');
  const words = (name ?? group).replaceAll('_', ' ');
  return TITLES[tag] ?? (group === 'rewards' ? `Reward: ${words.replace(/^reward /, '')}` : words[0].toUpperCase() + words.slice(1));
}
