/** Scenes side by side, of which somebody picks those that move well, and what comes of the weights. */

import { h, setText } from '../dom.js';
import { measure } from '../format.js';
import { Stage } from '../stage/stage.js';
import { Scenes } from './scenes.js';

/**
 * @typedef {import('../../sim/shared/messages.js').ScenePool} ScenePool
 * @typedef {import('../../sim/shared/messages.js').PicksStanding} PicksStanding
 *
 * @typedef {object} Settings
 * @property {import('../session.js').Session} session
 * @property {import('../training/coach.js').Coach} training
 * @property {() => void} closed
 */

const COUNTS = [4, 6, 9, 12, 16];

/** A press that moved less than this is a click, in CSS pixels. */
const STILL = 6;

/** Below a robot, its number. */
const BELOW = 30;

const CHOSEN = '--part-2';

export class Picker {
  /** @type {Stage | null} */
  #stage = null;
  /** @type {ScenePool | null} */
  #pool = null;
  /** @type {PicksStanding | null} */
  #standing = null;
  /** Picks that the run does not tell of yet. @type {{sums: number[][], chosen: number[]}[]} */
  #picks = [];
  /** Of the run that they are of. */
  #run = '';
  /** Places among those shown. @type {Set<number>} */
  #chosen = new Set();
  #seed = 0;
  /** Grows when something else is to be shown: answers to what was asked before are void. */
  #turn = 0;
  #held = false;

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.place = h('div', { class: 'picker-stage' });
    this.numbers = h('div', { class: 'picker-numbers' });
    this.status = h('p', { class: 'subtle', role: 'status' });
    this.next = h('button', { class: 'primary', title: 'Enter', onclick: () => this.#pick() }, 'Next');
    this.none = h('button', { title: '0', onclick: () => this.#pick([]) }, 'None of them');
    this.undo = h('button', { title: 'Backspace', onclick: () => this.#undo() }, 'Undo');
    this.fresh = h('button', { onclick: () => this.#play() }, 'Other scenes');
    this.count = h('select', { 'aria-label': 'Scenes', onchange: () => this.#judge() },
      ...COUNTS.map((count) => h('option', { value: count, selected: count === 6 }, `${count} scenes`)));
    this.pause = h('input', { type: 'checkbox', checked: true, onchange: () => this.#hold(this.pause.checked) });
    this.sure = h('progress', { max: 1, 'aria-label': 'How sure the order of two scenes is' });
    this.rows = h('tbody');
    this.apply = h('button', { class: 'primary', onclick: () => this.#apply() }, 'Learn on with these weights');
    this.sheet = h('div', { class: 'picker-sheet card' },
      h('header', {}, h('h2', {}, 'Which move well?'),
        h('button', { class: 'quiet', 'aria-label': 'Close the scenes', title: 'Esc', onclick: () => this.close() }, '×')),
      h('div', { class: 'row' }, this.next, this.none, this.undo, this.fresh, this.count,
        h('label', { class: 'check' }, this.pause, 'Learning waits')),
      this.status, this.sure,
      h('div', { class: 'picker-weights' }, h('table', {},
        h('thead', {}, h('tr', {}, ...['Term', 'Weight', 'By picks', ''].map((text) => h('th', { scope: 'col' }, text)))), this.rows)),
      this.apply);
    this.element = h('section', { class: 'picker', 'aria-label': 'Pick what you like', hidden: true }, this.place, this.numbers, this.sheet);
    this.settings.session.addEventListener('closing', () => this.close());
    document.addEventListener('keydown', (event) => this.#press(event), { capture: true });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Plays scenes and shows them. */
  async open() {
    const { session, training } = this.settings;
    if (this.isOpen || !session.sim?.training || !training.run) return;
    if (training.run.id !== this.#run) this.#picks = [];
    this.#run = training.run.id;
    this.element.hidden = false;
    this.#hold(this.pause.checked);
    await this.#play();
  }

  close() {
    if (!this.isOpen) return;
    this.#turn += 1;
    this.element.hidden = true;
    this.#hold(false);
    this.#stage?.close();
    this.#stage = this.#pool = this.#standing = null;
    this.settings.closed();
  }

  /** Colours have changed. */
  applyTheme() {
    this.#stage?.view.applyTheme();
  }

  /** Learning waits while somebody looks, if it did not anyway. @param {boolean} held */
  #hold(held) {
    const { training } = this.settings;
    if (held && this.isOpen && training.state === 'running') {
      training.pause();
      this.#held = true;
    } else if (!held && this.#held) {
      this.#held = false;
      // What is only about to halt goes on as well.
      if (['paused', 'pausing'].includes(training.state)) training.go();
    }
  }

  async #play() {
    const { sim } = this.settings.session;
    if (!sim) return;
    await this.#work('Scenes are played …', async (present) => {
      const pool = await sim.playScenes(this.#seed++);
      if (!present()) return;
      this.#pool = pool;
      await this.#ask(present);
    });
  }

  #judge() {
    return this.#work('', (present) => this.#ask(present));
  }

  /** What the picks come to, and the scenes that are shown next. @param {() => boolean} present  whether it is still wanted */
  async #ask(present) {
    const { sim } = this.settings.session;
    const pool = this.#pool;
    if (!sim || !pool) return;
    const standing = await sim.judgePicks(pool, this.#picks, { count: Number(this.count.value), seed: this.#seed });
    if (!present()) return;
    this.#standing = standing;
    this.#chosen.clear();
    this.#show(standing);
    if (!this.#stage) {
      const stage = await this.#makeStage();
      if (!present()) {
        stage.close();
        return;
      }
      this.#stage = stage;
    }
    const scenes = new Scenes(sim.groups[0], pool, standing.next);
    this.numbers.replaceChildren(...standing.next.map((scene, i) => this.#number(i, aboutOf(pool, scene, standing.terms))));
    await this.#stage.show(scenes);
    if (!present()) return;
    this.#stage.setCovers([this.sheet]);
    this.#stage.view.home(false);
  }

  /** @param {string} doing @param {(present: () => boolean) => Promise<void>} work */
  async #work(doing, work) {
    const turn = ++this.#turn;
    const present = () => turn === this.#turn;
    this.#enable(false);
    if (doing) this.#tell(doing);
    try {
      await work(present);
    } catch (error) {
      if (present()) this.#tell(/** @type {Error} */ (error).message, true);
    }
    if (present()) this.#enable(true);
  }

  /** @param {boolean} able */
  #enable(able) {
    const asked = able && this.#standing !== null;
    for (const button of [this.next, this.none]) button.disabled = !asked;
    this.undo.disabled = !asked || !this.#picks.length;
    this.apply.disabled = !asked || !this.#picks.length;
    this.fresh.disabled = this.count.disabled = !able;
  }

  async #makeStage() {
    const { options } = this.settings.session;
    const stage = await Stage.make(options.renderer, () => this.#label());
    stage.set({ ...options, overview: 'cells', draw: 'auto' });
    this.place.replaceChildren(stage.element);
    let [downX, downY] = [0, 0];
    stage.element.addEventListener('pointerdown', ({ offsetX, offsetY }) => ([downX, downY] = [offsetX, offsetY]));
    stage.element.addEventListener('click', ({ offsetX, offsetY }) => {
      if (Math.hypot(offsetX - downX, offsetY - downY) > STILL) return;
      const scene = stage.view.pick(offsetX, offsetY);
      if (scene !== null) this.#toggle(scene);
    });
    return stage;
  }

  /** @param {number} i  place among those shown @param {string} about */
  #number(i, about) {
    return h('button', { 'aria-pressed': 'false', 'aria-label': `Scene ${i + 1}`, title: about, onclick: () => this.#toggle(i) }, String(i + 1));
  }

  /** Brings the numbers to their robots. */
  #label() {
    const view = this.#stage?.view;
    if (!view) return;
    [...this.numbers.children].forEach((number, i) => {
      const { x, y } = view.screen(i);
      /** @type {HTMLElement} */ (number).style.transform = `translate(${Math.round(x)}px, ${Math.round(y + BELOW)}px) translate(-50%, -50%)`;
    });
  }

  /** @param {number} i  place among those shown */
  #toggle(i) {
    const button = this.numbers.children[i];
    if (!button || this.next.disabled) return;
    if (!this.#chosen.delete(i)) this.#chosen.add(i);
    button.setAttribute('aria-pressed', String(this.#chosen.has(i)));
    this.#stage?.view.tint([...this.#chosen].map((first) => ({ first, count: 1, color: CHOSEN })));
    if (this.#standing) this.#show(this.#standing);
  }

  /** @param {number[]} [chosen]  left away: those that are marked */
  #pick(chosen = [...this.#chosen]) {
    const [pool, standing] = [this.#pool, this.#standing];
    if (!pool || !standing || this.next.disabled) return;
    this.#picks.push({ sums: standing.next.map((scene) => pool.sums[scene]), chosen });
    void this.#judge();
  }

  #undo() {
    if (this.undo.disabled) return;
    this.#picks.pop();
    void this.#judge();
  }

  /** @param {string} text @param {boolean} [isError] */
  #tell(text, isError = false) {
    setText(this.status, text);
    this.status.classList.toggle('problem', isError);
  }

  /** @param {PicksStanding} standing */
  #show({ terms, before, after, errors, picks, certainty }) {
    const many = `${picks} pick${picks === 1 ? '' : 's'}`;
    this.#tell(`${many} so far; which of two scenes is better is ${Math.round(100 * certainty)} % sure. `
      + (this.#chosen.size ? `${this.#chosen.size} marked.` : 'Click or press the numbers of those that move well.'));
    this.sure.value = Math.max(0, 2 * certainty - 1);
    const most = Math.max(...[...after, ...before].map(Math.abs)) || 1;
    this.rows.replaceChildren(...terms.map((term, k) => h('tr', { 'data-term': term },
      h('th', { scope: 'row' }, term), h('td', { class: 'value' }, measure(before[k])),
      h('td', { class: 'value' }, `${measure(after[k])} ± ${measure(errors[k])}`),
      h('td', {}, h('meter', { min: 0, max: most, value: Math.abs(after[k]), 'aria-label': `Size of the weight of ${term}` })))));
  }

  async #apply() {
    const { session: { sim }, training } = this.settings;
    const standing = this.#standing;
    if (!sim?.training || !standing || this.apply.disabled) return;
    await this.#work('The new weights are in force when the iteration under way has ended.', async () => {
      const { reward, why } = standing;
      const inForce = sim.training?.setReward(reward, { why: JSON.parse(why) });
      if (training.state !== 'running') training.go();
      this.#held = false;
      await inForce;
      this.#picks = [];
      for (const [i, { task, learns }] of sim.groups.entries()) {
        if (task === sim.groups[0].task && !learns) await sim.setReward(i, reward);
      }
      this.close();
    });
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { ctrlKey, metaKey, altKey, key, target } = event;
    if (!this.isOpen || ctrlKey || metaKey || altKey || document.querySelector('dialog[open]')) return;
    const element = /** @type {Element} */ (target);
    if (element.matches('input:not([type=checkbox]), select, textarea, [contenteditable=true]')) return;
    const digit = /^[0-9]$/.test(key) ? Number(key) : null;
    if (digit === 0) this.#pick([]);
    else if (digit !== null) this.#toggle(digit - 1);
    else if (key === 'Enter' && !element.matches('button, summary')) this.#pick();
    else if (key === 'Backspace') this.#undo();
    else if (key === 'Escape') this.close();
    else return;
    event.preventDefault();
  }
}

/** How its robot was moved, and the sums of the terms. @param {ScenePool} pool @param {number} scene @param {string[]} terms */
function aboutOf({ ways, sums }, scene, terms) {
  return `${ways[scene]}: ${terms.map((term, k) => `${term} ${measure(sums[scene][k])}`).join(', ')}`;
}
