/** What a run has decided of its own course, under its curves: when, why, against what, what came of it, at what cost. */

import { h, setText } from '../../dom.js';
import { count, measure, short } from '../../format.js';
import { KINDS, actOf, eventOf, evidenceOf, kindOf, sidesOf } from './words.js';

/**
 * @typedef {import('./words.js').Decision} Decision
 * @typedef {import('../../../sim/shared/messages.js').Course} Course
 *
 * @typedef {object} Acts
 * @property {(yes: boolean) => Promise<void>} answer
 * @property {(number: number) => Promise<void>} undo
 */

/** Standard errors that a bar of noise has to either side. */
const NOISE = 2;

export class Timeline {
  /** What is listed, as JSON. */
  #listed = '';
  /** @type {HTMLDetailsElement[]} */
  #items = [];
  /** @type {HTMLButtonElement[]} */
  #undos = [];

  /** @param {Acts} acts */
  constructor(acts) {
    this.acts = acts;
    this.trying = h('p', { class: 'course-trying' });
    this.tried = h('progress', { max: 1, value: 0, 'aria-label': 'What is tried' });
    this.proposed = h('p');
    this.ask = h('div', { class: 'course-ask card', role: 'status', hidden: true }, this.proposed,
      h('div', { class: 'row' },
        h('button', { class: 'primary', onclick: () => this.#answer(true) }, 'Try it'),
        h('button', { onclick: () => this.#answer(false) }, 'No')));
    this.strip = h('div', { class: 'course-strip', role: 'group', 'aria-label': 'Decisions over environment steps' });
    this.list = h('ol', { class: 'course-list', start: 0 });
    this.problem = h('p', { class: 'problem', role: 'alert' });
    this.element = h('section', { class: 'course', 'aria-label': 'Decisions', hidden: true },
      h('h3', {}, 'Its own course'), this.trying, this.tried, this.ask, this.strip, this.list, this.problem);
  }

  /**
   * @param {{decisions: Decision[], course: Course | null, globalStep: number} | null} run
   * @param {boolean} running  whether it hears what people want of it
   */
  show(run, running) {
    const course = run?.course ?? null;
    const decisions = run?.decisions ?? [];
    this.element.hidden = !course && !decisions.length;
    if (this.element.hidden) return;
    const { trying = null, tried = 0, proposed = null, undoable = [] } = course ?? {};
    this.tried.hidden = !trying;
    this.tried.value = tried;
    setText(this.trying, trying ? `Trying ${actOf(trying)}, beside going on without it: ${Math.round(100 * Math.min(1, tried))}%`
      : decisions.length ? '' : 'Nothing has been tried yet.');
    this.trying.hidden = !this.trying.textContent;
    this.ask.hidden = !proposed || !running;
    if (proposed) setText(this.proposed, `${eventOf(proposed)}. Try ${actOf(proposed)}? Learning goes on meanwhile.`);
    const listed = JSON.stringify(decisions);
    if (listed !== this.#listed) this.#list(decisions);
    this.#listed = listed;
    const last = Math.max(run?.globalStep ?? 0, ...decisions.map(({ when }) => when.steps), 1);
    [...this.strip.children].forEach((mark, i) => {
      /** @type {HTMLElement} */ (mark).style.left = `${(100 * decisions[i].when.steps) / last}%`;
    });
    this.#undos.forEach((button, i) => {
      button.hidden = !undoable.includes(i);
      button.disabled = !running;
    });
  }

  /** @param {Decision[]} decisions */
  #list(decisions) {
    const open = new Set(this.#items.flatMap((item, i) => (item.open ? [i] : [])));
    this.#undos = decisions.map((_, i) => h('button', {
      title: 'The side that was not taken goes on, from where it ended', onclick: () => this.#try(this.acts.undo(i)),
    }, 'Undo'));
    this.#items = decisions.map((decision, i) => this.#item(decision, this.#undos[i], open.has(i)));
    this.list.replaceChildren(...this.#items.map((item) => h('li', {}, item)));
    this.strip.replaceChildren(...decisions.map((decision, i) => h('button', {
      class: `course-mark ${kindOf(decision)}`, title: `${i}: ${actOf(decision)}, ${KINDS[kindOf(decision)]}`,
      'aria-label': `Decision ${i}: ${actOf(decision)}, ${KINDS[kindOf(decision)]}`, onclick: () => this.#open(i),
    })));
  }

  /** @param {number} i */
  #open(i) {
    this.#items.forEach((item, other) => (item.open = other === i));
    this.#items[i].querySelector('summary')?.focus();
    this.#items[i].scrollIntoView({ block: 'nearest' });
  }

  /** @param {Decision} decision @param {HTMLElement} undo @param {boolean} open */
  #item(decision, undo, open) {
    const kind = kindOf(decision);
    const sides = sidesOf(decision);
    const row = (/** @type {string} */ name, /** @type {string} */ text) => [h('dt', {}, name), h('dd', {}, text)];
    const why = evidenceOf(decision).map(([name, value]) => `${name} ${value}`).join(', ');
    const plot = sides ? comparison(sides) : '';
    const compare = sides ? h('button', { 'aria-expanded': 'false', onclick: () => {
      const shown = /** @type {HTMLElement} */ (plot).toggleAttribute('hidden');
      compare.setAttribute('aria-expanded', String(!shown));
    } }, 'Compare') : h('span');
    return h('details', { open },
      h('summary', {}, h('i', { class: `course-mark ${kind}`, 'aria-hidden': 'true' }),
        h('span', {}, `${short(decision.when.steps)} · ${actOf(decision)}`), h('small', { class: 'subtle' }, KINDS[kind])),
      h('dl', {},
        ...row('When', `step ${count(decision.when.steps)}`),
        ...row('Why', `${eventOf(decision)}${why ? `: ${why}` : ''}`),
        ...(sides ? row('Against', `going on without it, ${count(sides.episodes)} episodes each by the ${sides.of}`) : []),
        ...row('Came of it', decision.outcome),
        ...(decision.cost.steps === undefined ? [] : row('Cost', `${count(decision.cost.steps)} steps`))),
      plot, h('div', { class: 'row' }, compare, undo));
  }

  /** @param {boolean} yes */
  #answer(yes) {
    this.ask.hidden = true;
    this.#try(this.acts.answer(yes));
  }

  /** @param {Promise<void>} work */
  async #try(work) {
    setText(this.problem, '');
    try {
      await work;
    } catch (error) {
      setText(this.problem, /** @type {Error} */ (error).message);
    }
  }
}

/** Both sides' means with their noise, on one scale. @param {import('./words.js').Sides} sides */
function comparison({ of, without, changed }) {
  const rows = /** @type {const} */ ([['with it', changed], ['without', without]]);
  const ends = rows.flatMap(([, { mean, error }]) => [mean - NOISE * error, mean + NOISE * error]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const at = (/** @type {number} */ value) => (high > low ? (100 * (value - low)) / (high - low) : 50);
  return h('div', { class: 'course-compare', hidden: true },
    ...rows.map(([name, { mean, error }]) => {
      const noise = h('i', { class: 'noise' });
      noise.style.left = `${at(mean - NOISE * error)}%`;
      noise.style.width = `${at(mean + NOISE * error) - at(mean - NOISE * error)}%`;
      const point = h('b');
      point.style.left = `${at(mean)}%`;
      const text = `${measure(mean)} ± ${measure(NOISE * error)}`;
      return h('div', { role: 'img', 'aria-label': `${of} ${name}: ${text}` },
        h('span', {}, name), h('span', { class: 'course-axis' }, noise, point), h('span', { class: 'value' }, text));
    }),
    h('small', { class: 'subtle' }, `Mean ${of} of the episodes that judged; the bars are ${NOISE} standard errors to either side.`));
}
