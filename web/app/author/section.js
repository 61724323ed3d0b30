/** Says what robots should do: an author writes rewards, and a tournament in the workers finds the best. */

import { h, setText } from '../dom.js';
import { count, duration, measure, short } from '../format.js';
import { Contenders } from './contenders.js';
import { Herds } from './herds.js';
import { TournamentKeeper } from './keeping.js';
import { Writer } from './writer.js';

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../../sim/page/tournamentrun.js').TournamentEvent} TournamentEvent
 *
 * @typedef {object} Settings
 * @property {Session} session
 * @property {(file: File) => Promise<void>} openRun
 * @property {import('../panel/controllers.js').Controllers} controllers
 * @property {(reward: string, fork?: import('../code/sheet.js').Fork) => void} edit  opens the editor with it
 * @property {(error: Error) => void} report
 */

const STAGES = {
  author: 'The author writes', trial: 'All are tried', halving: 'Round', weights: 'Weights are varied, generation',
  finish: 'The best learn on', final: 'The best are judged again', over: 'Over',
};

/** Stages of which there are several. */
const COUNTED = ['halving', 'weights'];

export class AuthorSection {
  /** @type {import('../../sim/page/tournamentcontrols.js').TournamentControls | null} */
  #tournament = null;

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    const { session } = settings;
    this.words = h('input', { id: 'author-words', type: 'text', autocomplete: 'off', maxlength: 1000, placeholder: 'hop forwards' });
    this.minutes = h('input', { id: 'author-minutes', type: 'number', min: 1, max: 600, value: 10, required: true });
    this.candidates = h('input', { id: 'author-candidates', type: 'number', min: 1, max: 64, value: 8, required: true });
    this.begin = h('button', { class: 'primary', type: 'submit' }, 'Learn it');
    this.writer = new Writer({ session, wish: () => ({ words: this.words.value, candidates: this.candidates.valueAsNumber }) });
    this.form = h('form', {
      oninput: () => this.writer.preview(),
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#begin();
      },
    },
    field('author-words', 'What robots should do', this.words),
    h('div', { class: 'grid two' }, field('author-minutes', 'Minutes', this.minutes), field('author-candidates', 'Rewards', this.candidates)),
    this.writer.element,
    this.begin);
    this.problem = h('p', { class: 'problem', role: 'alert' });
    this.stage = h('p', { class: 'subtle', id: 'author-stage', role: 'status' });
    this.bar = h('progress', { max: 1, value: 0, 'aria-label': 'Of the time' });
    this.halt = h('button', { onclick: () => this.#toggle() }, 'Pause');
    this.stop = h('button', { onclick: () => this.#act((tournament) => tournament.stop()) }, 'Stop with the best');
    this.use = h('button', { onclick: () => this.#use() }, 'Use the best');
    this.herds = new Herds({
      session, controllers: settings.controllers,
      pick: (entry) => this.contenders.reveal(entry), light: (entry) => this.#light(entry),
    });
    this.contenders = new Contenders({
      colourOf: (entry) => this.herds.colourOf(entry),
      light: (entry) => this.#light(entry),
      fork: (entry, name, reward) => this.#fork(entry, name, reward),
      takeOut: (entry) => this.#act((tournament) => tournament.takeOut(entry)),
      keep: (entry, kept) => this.#act((tournament) => tournament.keep(entry, kept)),
      edit: settings.edit,
    });
    this.decisions = h('ol', { class: 'subtle' });
    this.run = h('div', { hidden: true },
      this.stage, this.bar, h('div', { class: 'row' }, this.halt, this.stop, this.use), this.contenders.element,
      h('details', {}, h('summary', {}, 'What was decided'), this.decisions));
    this.keeper = new TournamentKeeper(settings.report);
    this.offer = h('section', { class: 'interrupted', 'aria-label': 'Interrupted tournament', hidden: true });
    this.element = h('div', { class: 'author' }, this.offer, this.form, this.problem, this.writer.progress, this.run);
    session.addEventListener('tournament', (event) => this.#show(/** @type {CustomEvent<TournamentEvent>} */ (event).detail));
    session.addEventListener('closing', () => this.#leave());
    addEventListener('beforeunload', (event) => {
      if (this.#learns) event.preventDefault();
    });
    // A page that may come back as it is, from the back/forward cache, leaves it to others meanwhile.
    addEventListener('pagehide', ({ persisted }) => {
      if (persisted) this.keeper.end();
    });
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted && this.#tournament) this.keeper.comeBack();
    });
    this.#offer();
  }

  /** Whether something is under way that would have to begin anew. */
  get #learns() {
    const { standing = null, over = true } = this.#tournament ?? {};
    return !over && Boolean(standing?.running.length);
  }

  /** Offers to go on with one that was interrupted. */
  async #offer() {
    const kept = await this.keeper.find();
    this.offer.hidden = !kept || Boolean(this.#tournament);
    if (!kept || this.#tournament) return;
    const { options: { words, minutes }, seconds, over } = kept;
    const left = minutes === null ? '' : ` ${duration(Math.max(0, 60 * minutes - seconds))} of its time are left.`;
    this.offer.replaceChildren(
      h('p', {}, over ? `“${words}” is over, and its best was not used.` : `“${words}” was interrupted.${left} What was under way begins anew.`),
      h('div', { class: 'row' },
        h('button', { class: 'primary', onclick: () => this.#begin(kept) }, over ? 'Show it' : 'Go on with it'),
        h('button', { onclick: () => this.keeper.forget().then(() => this.#offer(), this.settings.report) }, 'Forget it')));
  }

  /** @param {import('./keeping.js').KeptTournament} [kept]  to go on with */
  async #begin(kept) {
    const { session: { sim, experiment } } = this.settings;
    if (!sim || !experiment) {
      setText(this.problem, sim ? 'There are several types of robots: choose one.' : 'Wait until the simulation is there.');
      return;
    }
    setText(this.problem, '');
    this.begin.disabled = true;
    try {
      this.#tournament = await (kept ? sim.resumeAuthor(kept) : sim.author({
        words: this.words.value, experiment, minutes: this.minutes.valueAsNumber, candidates: this.candidates.valueAsNumber,
        author: this.writer.author,
      }));
      this.keeper.begin();
      this.offer.hidden = true;
      const { standing } = this.#tournament;
      if (standing) this.#show(standing);
    } catch (error) {
      setText(this.problem, /** @type {Error} */ (error).message);
    } finally {
      this.begin.disabled = false;
    }
  }

  /** @param {(tournament: import('../../sim/page/tournamentcontrols.js').TournamentControls) => Promise<unknown>} act */
  #act(act) {
    if (this.#tournament) act(this.#tournament).catch(this.settings.report);
  }

  /** @param {number | null} entry */
  #light(entry) {
    this.herds.light(entry);
    this.contenders.light(entry);
  }

  /** Opens the editor; what is made of the reward is added. @param {number} entry @param {string} name @param {string} reward */
  #fork(entry, name, reward) {
    const tournament = this.#tournament;
    if (!tournament) return;
    this.settings.edit(reward, {
      of: name,
      add: (source) => tournament.fork(entry, { name: `${name}, by hand`, reward: source }),
    });
  }

  #toggle() {
    const tournament = this.#tournament;
    if (!tournament) return;
    if (tournament.running) tournament.pause();
    else tournament.start();
    if (tournament.standing) this.#show(tournament.standing);
  }

  /** Opens the best run, as a file would be. */
  #use() {
    this.#act(async (tournament) => {
      const data = await tournament.save();
      await this.settings.openRun(new File([data], `${tournament.words.replace(/[^\w-]+/g, '-') || 'best'}.websim`));
      if (tournament.over) await this.keeper.forget(); // the run is kept like any other
    });
  }

  /** @param {TournamentEvent} standing */
  #show(standing) {
    const tournament = this.#tournament;
    if (!tournament) return;
    const { stage, round, progress, secondsLeft, steps, best, bestMeasure, bestError, contenders, over, ending, failure } = standing;
    this.keeper.keep(tournament.kept);
    this.run.hidden = false;
    this.form.hidden = !over && !failure;
    const what = COUNTED.includes(stage) ? `${STAGES[stage]} ${round}` : STAGES[stage];
    const leads = best === null ? '' : `Best: ${contenders[best].name}, ${measure(bestMeasure)} ± ${measure(bestError)}.`;
    const left = over || !Number.isFinite(secondsLeft) ? '' : `, ${duration(secondsLeft)} left`;
    setText(this.stage, [`${what}: ${count(contenders.length)} rewards, ${short(steps)} steps${left}.`, leads, ending, failure].filter(Boolean).join(' '));
    this.bar.value = progress;
    setText(this.halt, tournament.running ? 'Pause' : 'Go on');
    this.halt.hidden = this.stop.hidden = over;
    this.use.disabled = best === null;
    this.herds.show(standing, tournament);
    this.contenders.show(standing);
    const { decisions } = standing;
    if (decisions.length !== this.decisions.childElementCount) {
      this.decisions.replaceChildren(...decisions.map((text) => h('li', {}, text)));
    }
  }

  /** The simulation goes, and what learns in it. */
  #leave() {
    if (!this.#tournament) return;
    this.#tournament = null;
    this.herds.clear();
    this.form.hidden = false;
    this.run.hidden = true;
    this.keeper.end();
    this.#offer();
  }
}

/** @param {string} id @param {string} label @param {HTMLElement} input */
function field(id, label, input) {
  return h('div', { class: 'field' }, h('label', { for: id }, label), input);
}
