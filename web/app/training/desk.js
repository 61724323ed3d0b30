/**
 * Everything about training in one hand: connects the run, what is kept of it, the panel's section,
 * the large plots and the marks in the view.
 */

import { h } from '../dom.js';
import { count, measure } from '../format.js';
import { PART_COLORS } from './compare.js';
import { BestRobot } from './bestrobot.js';
import { ControllerReturns } from './controllerreturns.js';
import { Large } from './large.js';
import { Legend } from './legend.js';
import { offer } from './offer.js';
import { trainedTask } from '../panel/controllers.js';
import { savedController } from '../panel/options.js';
import { fetchManifest } from '../../sim/page/manifest.js';
import { BesideCard } from '../sharing/besidecard.js';
import { ProofCard } from '../sharing/proof.js';
import { RunCard } from '../sharing/runcard.js';
import { file, sharedId } from '../sharing/stored.js';
import { TrainSection } from './section.js';
import { Returns } from './returns.js';
import { RunStore } from './storage.js';
import { Coach } from './coach.js';

/**
 * @typedef {object} Settings
 * @property {import('../session.js').Session} session
 * @property {(error: Error) => void} report
 * @property {(message: string) => void} tell
 * @property {(index: number) => void} follow
 * @property {() => void} editReward
 * @property {(most: number) => Promise<Blob|null>} picture  of the stage, so many pixels across
 */

export class TrainDesk {
  #best = new BestRobot();
  #returns = new Returns();
  #byController = new ControllerReturns();
  /** On the stage. */
  legend = new Legend();
  /** @type {import('../panel/panel.js').Panel|null} */
  panel = null;
  /** @type {TrainSection|null} */
  section = null;
  /** Colours that others give the robots; null: nobody does. @type {() => import('../stage/view.js').Tint[] | null} */
  tints = () => null;

  /** @param {Settings} settings */
  constructor({ session, report, tell, follow, editReward, picture }) {
    this.session = session;
    this.report = report;
    this.tell = tell;
    this.follow = follow;
    this.editReward = editReward;
    this.picture = picture;
    this.store = new RunStore();
    this.training = new Coach(session, this.store);
    /** Where the plots, or the table of runs, are shown large. */
    this.large = new Large();
    /** Where interrupted runs are offered. */
    this.offers = h('div', { class: 'offers' });
    /** Who is who of shared runs side by side. */
    this.beside = new BesideCard(() => this.#showBeside(), report);
    this.offers.append(this.beside.element);
    session.addEventListener('closing', () => {
      this.#best.clear();
      this.#returns.begin(0);
      this.#byController.clear();
    });
    session.addEventListener('episode', (event) => {
      const { index, return: episodeReturn } = /** @type {CustomEvent} */ (event).detail;
      this.#byController.note(index, episodeReturn);
      const learners = this.controllers?.learners ?? 0;
      if (index >= learners) return;
      this.#best.note(index, episodeReturn);
      if (this.#returns.robots !== learners) this.#returns.begin(learners);
      this.#returns.note(index, episodeReturn);
    });
    this.training.addEventListener('change', () => this.#onChange());
  }

  #wasActive = false;
  /** @type {import('../session.js').Served|null} */
  #servedShown = null;

  /** One pause for all: what stands beside the robots that learn holds and goes on with them. */
  #onChange() {
    const { state, active } = this.training;
    this.panel?.lock(state, active);
    const ended = this.#wasActive && !active;
    this.#wasActive = active;
    if (state === 'running' || ended) this.session.set({ paused: false }, 'replace');
    else if (state === 'paused') this.session.set({ paused: true }, 'replace');
  }

  /** Whether robots learn, or could go on learning at once. */
  get learning() {
    return this.training.active;
  }

  /** Holds the learning, or lets it go on, where it does not already. @param {boolean} paused */
  hold(paused) {
    const { state } = this.training;
    if (paused && state === 'running') this.training.pause();
    if (!paused && state === 'paused') this.training.go();
  }

  /**
   * @param {import('./hyperparameters.js').Algorithms} algorithms
   * @param {import('../../sim/shared/messages.js').Threshold[]} thresholds
   * @param {import('../../sim/shared/messages.js').TrainedRun[]} trained
   * @param {import('../panel/controllers.js').Controllers} controllers
   * @returns {Promise<{train: HTMLElement, share: HTMLElement}>}  the panel's parts
   */
  async build(algorithms, thresholds, trained, controllers) {
    this.controllers = controllers;
    const { session, training, store, report, tell, picture } = this;
    const section = new TrainSection({
      session, training, store, algorithms, thresholds, trained, report, tell, picture,
      enlarge: () => this.enlarge(),
      enlargeRuns: () => this.#enlargeRuns(),
      followBest: () => this.followBest(),
      nameOf: (controller) => this.beside.nameOf(controller),
      onControllers: (choices) => this.panel?.showControllers(choices, session.options, this.#learner),
    });
    this.section = section;
    controllers.addEventListener('change', () => {
      this.#byController.assign(this.#playing());
      this.#showBeside();
    });
    try {
      const { records, live } = await section.refresh();
      const interrupted = records.find(({ id, unfinished }) => unfinished && !live.has(id));
      if (interrupted) this.#offer(interrupted);
    } catch (error) {
      report(/** @type {Error} */ (error));
    }
    return { train: section.element, share: section.sharing };
  }

  /** @param {import('./storage.js').RunRecord} record */
  #offer(record) {
    const section = /** @type {TrainSection} */ (this.section);
    const reported = (/** @type {Promise<unknown>} */ work) => work.catch(this.report);
    this.offers.append(offer(record, {
      resume: () => reported(section.resume(record)),
      save: () => reported(section.saveRecord(record)),
      discard: () => section.remove(record),
      later: () => this.store.update(record.id, { unfinished: false }),
      report: this.report,
    }));
  }

  #showBeside() {
    this.beside.show(this.controllers?.parts ?? []);
    this.section?.show();
  }

  /** The checkpoint that a controller is made of, the present run's even where the browser keeps nothing. @param {string} controller */
  async checkpointOf(controller) {
    const shared = sharedId(controller);
    if (shared) return file(shared);
    const task = trainedTask(controller);
    if (task) return trained(task);
    const id = controller.slice(savedController('').length);
    const { training: { run }, session: { served } } = this;
    if (run?.id === id && run.saved) return run.saved.checkpoint;
    if (served?.id === id) return served.archive;
    return (await this.store.get(id))?.kept.checkpoint ?? null;
  }

  toggle() {
    this.section?.toggle();
  }

  /** Lets robots of a task learn from nothing. @param {string} task @param {Partial<import('../panel/options.js').Options>} options */
  async begin(task, options) {
    await this.section?.begin(task, options);
  }

  /** @param {File} file */
  async openRun(file) {
    await this.section?.openRun(file);
  }

  /** What the server was asked to open is set up, and plays what it has learnt; once. */
  async showServed() {
    const { served } = this.session;
    if (!served || served === this.#servedShown) return;
    this.#servedShown = served;
    await this.section?.openServed(served).catch(this.report);
    if (served.stored) this.#showStored(served.stored, served.id);
    if (!served.link) return;
    const card = new ProofCard(served.link, served);
    this.offers.append(card.element);
    await card.prove();
  }

  /** @param {string} stored  its id in the store @param {string} id  of what is kept of it here */
  #showStored(stored, id) {
    const section = /** @type {TrainSection} */ (this.section);
    const reported = (/** @type {Promise<unknown>} */ work) => work.catch(this.report);
    const present = () => {
      const record = section.recordOf(id);
      return record ? section.presentCode(record) : null;
    };
    const goOn = (/** @type {import('./section.js').PresentCode} */ code) => {
      const record = section.recordOf(id);
      if (record) reported(section.resume(record, code));
    };
    const card = new RunCard(stored, !this.beside.showing, {
      goOn: () => goOn({}),
      goOnHere: () => goOn(present() ?? {}),
      editReward: this.editReward,
      report: this.report,
    });
    this.session.addEventListener('experiment', () => card.offer(present() !== null));
    this.offers.append(card.element);
    card.show();
  }

  /** Brings it to the options and the simulation. */
  show() {
    this.section?.show();
    this.panel?.lock(this.training.state, this.training.active);
  }

  /** Colours have changed. */
  invalidate() {
    this.section?.curves.invalidate();
    this.section?.library.curves.invalidate();
  }

  /** What a controller is called. @param {string|null} name  null: of a robot that learns */
  label(name) {
    return name === null ? this.#learner : this.section?.label(name) ?? name;
  }

  /** What moves the robots that learn; empty where there are none. */
  get #learner() {
    const { active, run } = this.training;
    return active && run ? `learning (${run.experiment.algorithm.toUpperCase()})` : '';
  }

  get summary() {
    return this.section?.progress.summary ?? '';
  }

  /** What plays in each environment: a controller is another one for other robots. */
  #playing() {
    const { sim } = this.session;
    return sim ? sim.groups.flatMap(({ title, numEnvs, offset }) => (
      Array.from({ length: numEnvs }, (_, i) => `${title} ${sim.controllerOf(offset + i) ?? ''}`)
    )) : [];
  }

  /** What the episodes of some environments have returned, in words. @param {number} first @param {number} count */
  #returnsOf(first, count) {
    const playing = [...new Set(this.#playing().slice(first, first + count))];
    return playing.map((name) => {
      const told = returnText(this.#byController.of(name));
      return playing.length > 1 ? `${name.split(' ')[0]}: ${told}` : told;
    }).join('; ');
  }

  /** Brings the returns of all who play to where they are compared. */
  #compareReturns() {
    const { section, controllers, session: { sim, options } } = this;
    if (!section?.compare.element.open || !controllers || !sim) return;
    const { parts, learners } = controllers;
    const first = parts.reduce((next, { count }) => next + count, learners);
    const rest = [
      ...(learners ? [`${this.#learner || 'learning'}: ${this.#returnsOf(0, learners)}`] : []),
      ...(first < sim.numEnvs ? [`${this.label(options.controller)}: ${this.#returnsOf(first, sim.numEnvs - first)}`] : []),
    ];
    section.compare.tell(rest, parts.map((part) => this.#returnsOf(part.first, part.count)));
  }

  /** Shows the plots large beside the panel, or back in it. */
  enlarge() {
    const { section, large } = this;
    if (!section || section.curves.element.hidden) return;
    const { curves: { element, enlarge }, home } = section;
    large.toggle({ label: 'Training curves', element, home, enlarge });
  }

  /** The same with the table of runs. */
  #enlargeRuns() {
    if (!this.section) return;
    const { part, home, enlarge } = this.section.library;
    this.large.toggle({ label: 'Kept runs', element: part, home, enlarge });
  }

  followBest() {
    if (this.#best.index !== null) this.follow(this.#best.index);
  }

  /** Brings what has come since the last time to panel and view. @param {import('../stage/view.js').View} view */
  turn(view) {
    this.section?.turn();
    this.#compareReturns();
    const { index } = this.#best;
    if (this.section) this.section.best.hidden = index === null;
    view.mark(index);
    const parts = this.controllers?.parts.map(({ first, count }, i) => ({ first, count, color: PART_COLORS[i] })) ?? [];
    const others = this.tints() ?? [...this.section?.levels.tints ?? [], ...parts];
    const returns = this.learning && others.length === parts.length ? this.#returns.tints : [];
    this.legend.show(returns.length ? this.#returns.range : null);
    const shown = this.legend.on ? returns : [];
    view.tint(others.length ? [...shown, ...others] : shown);
  }
}

/** @param {{mean: number, count: number, of: number}} returns */
const returnText = ({ mean, count: episodes, of }) => (!episodes ? 'no whole episode yet'
  : `return ${measure(mean)}, mean of ${of < episodes ? `the newest ${count(of)} of ${count(episodes)} episodes` : episodes === 1 ? '1 episode' : `${count(episodes)} episodes`}`);

/** The run of a task that comes with the page. @param {string} task @throws {Error} there is none */
async function trained(task) {
  const { trained: runs } = await fetchManifest();
  const run = runs.find((one) => one.task === task);
  if (!run) throw new Error(`none of ${task} comes with the page. There are: ${runs.map((one) => one.task).join(', ')}.`);
  const response = await fetch(run.url);
  if (!response.ok) throw new Error(`the server answered ${response.status} for it.`);
  return response.arrayBuffer();
}
