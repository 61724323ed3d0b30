/**
 * Candidates of a tournament on the stage: each has a herd, robots that move by what it has learnt so far, in its
 * colour and below its label.
 */

import { h, setText } from '../dom.js';
import { ranked } from './contenders.js';

/** As many as the stylesheet has colours that everybody can tell apart (Okabe and Ito's). */
const MOST = 8;

/** What moves a herd whose candidate has learnt nothing yet. */
const FIRST = 'random';

/**
 * @typedef {import('../../sim/page/tournamentrun.js').TournamentEvent} TournamentEvent
 * @typedef {import('../../sim/page/tournamentcontrols.js').TournamentControls} TournamentControls
 *
 * @typedef {object} Herd
 * @property {number} colour  from 0
 * @property {number} first   environment
 * @property {number} count
 * @property {number | null} job  whose policy moves it, or is on its way
 * @property {boolean} moved  whether that is there
 * @property {string} problem  why it cannot move these robots
 * @property {HTMLButtonElement} label
 * @property {HTMLElement} text
 *
 * @typedef {object} Settings
 * @property {import('../session.js').Session} session
 * @property {import('../panel/controllers.js').Controllers} controllers
 * @property {(entry: number) => void} pick   somebody wants to see a candidate
 * @property {(entry: number | null) => void} light  a herd is pointed at
 */

/** @param {number} entry */
const policyOf = (entry) => `candidate ${entry + 1}`;

export class Herds {
  /** By candidate, in the order of their robots. @type {Map<number, Herd>} */
  #herds = new Map();
  /** @type {number | null} */
  #lit = null;

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.element = h('div', { class: 'herds', role: 'group', 'aria-label': 'Herds of the candidates' });
    settings.controllers.addEventListener('change', () => this.#drive());
  }

  /** @param {TournamentEvent} standing @param {TournamentControls} tournament */
  show(standing, tournament) {
    const { sim } = this.settings.session;
    if (!sim) return;
    const { numEnvs } = sim.groups[0];
    const shown = ranked(standing).filter(({ number, out }) => !out || number === standing.best).slice(0, Math.min(MOST, numEnvs));
    const entries = new Set(shown.map(({ number }) => number));
    const gone = [...this.#herds.keys()].filter((entry) => !entries.has(entry));
    for (const entry of gone) this.#remove(entry);
    const come = shown.filter(({ number }) => !this.#herds.has(number));
    for (const { number } of come) this.#add(number);
    if (gone.length || come.length) this.#deal(numEnvs);
    shown.forEach(({ number, name, job }, rank) => {
      const herd = /** @type {Herd} */ (this.#herds.get(number));
      if (typeof job === 'number' && job !== herd.job) this.#bring(number, job, tournament);
      setText(herd.text, `${rank + 1} · ${name}`);
      herd.label.title = herd.problem || (herd.moved ? 'What it has learnt so far' : 'It has learnt nothing yet');
    });
  }

  clear() {
    for (const entry of [...this.#herds.keys()]) this.#remove(entry);
    this.#lit = null;
  }

  /** The name of a candidate's colour in the stylesheet; null: it has no herd. @param {number} entry */
  colourOf(entry) {
    const herd = this.#herds.get(entry);
    return herd ? `--herd-${herd.colour + 1}` : null;
  }

  /** What the stage shows in colour; null: there are no herds. @returns {import('../stage/view.js').Tint[] | null} */
  get tints() {
    if (!this.#herds.size) return null;
    const lit = this.#lit !== null && this.#herds.has(this.#lit) ? [this.#lit] : this.#herds.keys();
    return [...lit].map((entry) => {
      const { first, count } = /** @type {Herd} */ (this.#herds.get(entry));
      return { first, count, color: /** @type {string} */ (this.colourOf(entry)) };
    });
  }

  /** Shows one alone in its colour; null: all. @param {number | null} entry */
  light(entry) {
    this.#lit = entry;
    for (const [other, { label }] of this.#herds) label.classList.toggle('lit', other === entry);
  }

  /** Puts labels over herds. @param {import('../stage/view.js').View} view */
  turn(view) {
    for (const { first, count, label } of this.#herds.values()) {
      const place = view.middle(first, count);
      label.hidden = !place;
      if (place) label.style.transform = `translate(${place.x.toFixed(0)}px, ${place.y.toFixed(0)}px) translate(-50%, -50%)`;
    }
  }

  /** @param {number} entry */
  #add(entry) {
    const taken = [...this.#herds.values()].map(({ colour }) => colour);
    const colour = Array.from({ length: MOST }, (_, i) => i).find((one) => !taken.includes(one)) ?? 0;
    const { pick, light } = this.settings;
    const text = h('span');
    const chip = h('i', { class: 'chip', 'aria-hidden': 'true' });
    chip.style.background = `var(--herd-${colour + 1})`;
    const label = h('button', {
      hidden: true, 'data-entry': entry, onclick: () => pick(entry),
      onmouseenter: () => light(entry), onmouseleave: () => light(null),
    }, chip, text);
    this.element.append(label);
    this.#herds.set(entry, { colour, first: 0, count: 0, job: null, moved: false, problem: '', label, text });
  }

  /** @param {number} entry */
  #remove(entry) {
    this.#herds.get(entry)?.label.remove();
    this.#herds.delete(entry);
  }

  /** Deals the robots to the herds. @param {number} numEnvs */
  #deal(numEnvs) {
    const herds = [...this.#herds.values()];
    herds.forEach((herd, i) => {
      herd.first = Math.round((i * numEnvs) / herds.length);
      herd.count = Math.round(((i + 1) * numEnvs) / herds.length) - herd.first;
    });
    this.#drive();
  }

  /** Hands the robots of all herds to their candidates. */
  #drive() {
    for (const [entry, { first, count, moved, problem }] of this.#herds) {
      const controller = problem ? 'zero' : moved ? policyOf(entry) : FIRST;
      this.settings.session.sim?.setController(controller, { first, count });
    }
  }

  /**
   * Has a herd move by a newer run of its candidate.
   *
   * @param {number} entry @param {number} job @param {TournamentControls} tournament
   */
  async #bring(entry, job, tournament) {
    const { sim } = this.settings.session;
    const herd = /** @type {Herd} */ (this.#herds.get(entry));
    const run = tournament.runOf(entry);
    if (!sim || !run) return;
    herd.job = job;
    try {
      await sim.addPolicy(policyOf(entry), run);
      herd.problem = '';
    } catch (error) {
      // It sees something else than these robots do.
      herd.problem = `These robots cannot be moved by it: ${/** @type {Error} */ (error).message}`;
      sim.setController('zero', { first: herd.first, count: herd.count });
      return;
    }
    if (this.settings.session.sim !== sim || this.#herds.get(entry) !== herd) return;
    herd.moved = true;
    sim.setController(policyOf(entry), { first: herd.first, count: herd.count });
  }
}
