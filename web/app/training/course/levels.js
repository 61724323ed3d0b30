/** Levels on which robots learn, of the ground or of what events name: as colours on them, and how many are on each. */

import { h } from '../../dom.js';
import { count } from '../../format.js';

/** Ends the name of what the world draws (`websim/worlds/running.py`). */
const LEVEL = ' level';

/** Where a world says nothing. */
const NUMBER = 10;

/** Colours in the stylesheet, from the easiest to the hardest. */
const COLOURS = 8;

/** How often robots are counted, in ms. */
const INTERVAL = 500;

/**
 * @typedef {import('../../stage/view.js').Tint} Tint
 * @typedef {import('../../../sim/websim.js').WebSim} WebSim
 */

export class Levels {
  /** @type {Tint[]} */
  #tints = [];
  #counted = -Infinity;

  constructor() {
    this.choice = h('select', { 'aria-label': 'Levels of what', onchange: () => (this.#counted = -Infinity) });
    this.colours = h('input', { id: 'levels-colours', type: 'checkbox', checked: true });
    this.bars = h('div', { class: 'levels-bars', role: 'img' });
    this.element = h('section', { class: 'levels', 'aria-label': 'Levels', hidden: true },
      h('h3', {}, 'Robots by level'), this.choice, this.bars,
      h('label', { class: 'check', for: this.colours.id }, this.colours, 'These colours on the robots'));
  }

  /** Colours of the robots that learn. @returns {Tint[]} */
  get tints() {
    return !this.element.hidden && this.colours.checked ? this.#tints : [];
  }

  /** Counts the robots that learn by their levels, now and then. @param {WebSim | null} sim @param {number} now  in ms */
  turn(sim, now) {
    const training = sim?.training;
    const names = training && sim ? sim.groups[0].worldValues.filter((name) => name.endsWith(LEVEL)) : [];
    this.element.hidden = !names.length;
    if (!sim || !training || !names.length || now - this.#counted < INTERVAL) return;
    this.#counted = now;
    this.#offer(names);
    const levels = [...sim.worldValues(0)[this.choice.value]];
    const number = numberOf(training.experiment.world, this.choice.value.slice(0, -LEVEL.length));
    const counts = Array.from({ length: number }, (_, level) => levels.filter((one) => one === level).length);
    this.#show(counts);
    this.#tints = [];
    levels.forEach((level, first) => {
      if (!Number.isFinite(level)) return; // its worker is being replaced
      const color = colourOf(level, number);
      const last = this.#tints.at(-1);
      if (last?.color === color && last.first + last.count === first) last.count += 1;
      else this.#tints.push({ first, count: 1, color });
    });
  }

  /** @param {string[]} names  of levels */
  #offer(names) {
    this.choice.hidden = names.length === 1;
    if ([...this.choice.options].map(({ value }) => value).join() === names.join()) return;
    this.choice.replaceChildren(...names.map((value) => h('option', { value }, value)));
    this.choice.title = names.join(', ');
  }

  /** @param {number[]} counts  of robots, by level */
  #show(counts) {
    const most = Math.max(1, ...counts);
    if (this.bars.childElementCount !== counts.length) {
      this.bars.replaceChildren(...counts.map((_, level) => {
        const bar = h('i');
        bar.style.background = `var(${colourOf(level, counts.length)})`;
        return h('div', {}, bar, h('small', {}, String(level)));
      }));
    }
    const said = counts.map((robots, level) => `${level}: ${count(robots)}`);
    this.bars.setAttribute('aria-label', `Robots by level, from the easiest: ${said.join(', ')}`);
    [...this.bars.children].forEach((column, level) => {
      const [bar] = /** @type {HTMLCollectionOf<HTMLElement>} */ (column.children);
      bar.style.height = `${Math.round((100 * counts[level]) / most)}%`;
      column.setAttribute('title', `Level ${level}: ${count(counts[level])} robots`);
    });
  }
}

/**
 * How many levels there are.
 *
 * @param {import('../../../sim/shared/protocol.js').Experiment['world']} world @param {string} name  terrain, or as events have it
 */
function numberOf(world, name) {
  const { terrain, levels = [] } = /** @type {{terrain?: {levels?: number}, levels?: {name: string, levels?: number}[]}} */ (world ?? {});
  const ladder = name === 'terrain' ? terrain : levels.find((one) => one.name === name);
  return ladder?.levels ?? NUMBER;
}

/** @param {number} level @param {number} number  of levels */
const colourOf = (level, number) => `--level-${1 + Math.min(COLOURS - 1, Math.floor((COLOURS * level) / number))}`;
