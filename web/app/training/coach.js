/**
 * Looks after training in the page: starts, holds and ends it, and keeps what has been learnt. The
 * simulation is replaced by one whose robots learn, and afterwards by the user's own again, whose
 * robots then move by what was learnt.
 */

import { breathe } from '../dom.js';
import { leave, prepareToLeave } from './leaving.js';
import { Run } from './run.js';
import { savedController } from '../panel/options.js';
import { recoded } from '../../sim/page/recoding.js';
import { StorageError } from '../keeping/database.js';
import { newId } from '../keeping/ids.js';

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('./run.js').Experiment} Experiment
 * @typedef {'none'|'starting'|'running'|'pausing'|'paused'|'stopping'|'finished'|'stopped'|'failed'} TrainingState
 */

/** States in which an iteration may be under way. */
const ITERATES = /** @type {TrainingState[]} */ (['running', 'pausing', 'stopping']);
/** States in which robots learn, or could go on learning at once. */
const ACTIVE = /** @type {TrainingState[]} */ (['starting', 'running', 'pausing', 'paused', 'stopping', 'failed']);

/** Keeping checkpoints in the browser takes no more than this share of the time... */
const KEEP_SHARE = 0.02;

/** ...but after so many milliseconds the newest is kept. */
const KEEP_MS = 10_000;

/** Lists show a run that goes on as it was so many milliseconds ago, at most. */
const TELL_MS = 10_000;

/** Events: `change` (state, message or what is kept), `run` (another run's curve). */
export class Coach extends EventTarget {
  /** @type {TrainingState} */
  state = 'none';
  /** @type {Run|null} */
  run = null;
  /** What the user should know: why training failed, or could not start. */
  message = '';
  /** Why nothing is kept in this browser, or empty. */
  storageProblem = '';
  /** Lets other tabs have the run. @type {() => Promise<void>} */
  #release = async () => {};
  /** Done when the newest checkpoint is kept. @type {Promise<void>} */
  #storing = Promise.resolve();
  /** When a checkpoint was last kept, and what it took, in milliseconds. */
  #lastKept = { at: -Infinity, took: 0 };
  #lastTold = -Infinity;
  /** The newest checkpoint is not kept yet. */
  #pending = false;
  /** What was kept when the page might have been about to go. @type {import('./run.js').Saved|null} */
  #left = null;
  /** When what was last kept or left was made, as Date.now(). */
  #savedAt = 0;
  /** The page has gone, but may come back as it is: from the back/forward cache. */
  #away = false;
  /** A new simulation is to be opened by training itself. */
  #replacing = false;
  #startWhenOpen = true;
  #discard = false;

  /** @param {Session} session @param {import('./storage.js').RunStore} store */
  constructor(session, store) {
    super();
    this.session = session;
    this.store = store;
    session.leaving = () => this.#park();
    const on = (/** @type {string} */ type, /** @type {(detail: any) => void} */ listener) => (
      session.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail))
    );
    on('opened', () => this.#onOpened());
    on('failed', () => (this.#replacing = false));
    on('refused', (error) => this.#onRefused(error));
    // A laptop that is closed may not be opened again with this page in it, and a phone ends what it
    // does not show without another word.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) return;
      this.#leave();
      if (this.#pending) this.#keepNewest();
      if (this.state === 'running') this.#engine?.save().catch(() => {});
    });
    addEventListener('pagehide', ({ persisted }) => {
      this.#leave();
      if (persisted) this.#stepAside();
    });
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) this.#comeBack();
    });
  }

  get active() {
    return ACTIVE.includes(this.state);
  }

  get #engine() {
    return this.session.sim?.training ?? null;
  }

  /** Begins a new run. @param {Experiment} experiment */
  async start(experiment) {
    await this.#begin(new Run(experiment));
  }

  /**
   * Goes on with a run that was kept.
   *
   * @param {string} id
   * @param {Record<string, unknown>} [hyperparameters]  in place of its own
   * @param {import('./section.js').PresentCode} [code]  likewise
   */
  async resumeKept(id, hyperparameters = {}, code = {}) {
    const found = await this.store.get(id);
    if (!found) throw new StorageError('This run is no longer kept in this browser.');
    // One that was kept, and one that goes on in another tab or may do so, stay as they are.
    const release = found.record.kept || !this.store.locks ? null : await this.store.claim(id);
    const record = { ...found.record, id: release ? id : newId() };
    await release?.();
    if (record.id !== id && record.unfinished) await this.store.update(id, { unfinished: false });
    const run = Run.from(record, found.kept);
    const { origin } = record;
    run.experiment = recoded(run.experiment, { ...code, ...(origin ? { parent: origin } : {}) });
    await this.resume(run, hyperparameters);
  }

  /** @param {Run} run @param {Record<string, unknown>} [hyperparameters]  in place of its own */
  async resume(run, hyperparameters = {}) {
    run.experiment = { ...run.experiment, hyperparameters: { ...run.experiment.hyperparameters, ...hyperparameters } };
    await this.#begin(run);
  }

  /** @param {Run} run */
  async #begin(run) {
    if (this.active) await this.#park();
    await this.#release();
    this.run = run;
    this.#discard = this.#pending = false;
    this.#lastTold = -Infinity;
    this.#savedAt = Date.now();
    this.#emit('run');
    // Not waited for: Firefox asks the user first, who may never answer.
    navigator.storage?.persist?.().catch(() => false);
    prepareToLeave();
    this.#release = await this.store.claim(run.id) ?? (async () => {});
    await this.#launch(true);
  }

  /** Opens a simulation whose robots learn, from the newest checkpoint if there is one. @param {boolean} start */
  async #launch(start) {
    const { run } = this;
    if (!run) return;
    run.rewind();
    this.#startWhenOpen = start;
    this.#set('starting');
    this.#replacing = true;
    await this.session.train({ experiment: run.experiment, checkpoint: run.saved?.checkpoint.slice(0) });
  }

  #onOpened() {
    this.#replacing = false;
    const { sim } = this.session;
    if (!sim?.training) return;
    // The server's tasks have their code in the run, so that it can go on without that server.
    const { task_code: code } = sim.training.experiment;
    if (this.run && code && !this.run.experiment.task_code) {
      this.run.experiment = recoded(this.run.experiment, { task_code: code, trusted: ['task_code'] });
    }
    if (this.run && sim.training.adapts) {
      this.run.decisions = sim.training.decisions;
      this.run.course = sim.training.course;
    }
    sim.on('iteration', (iteration) => this.run?.take(iteration));
    sim.on('training', (change) => this.#onTraining(change));
    sim.on('checkpoint', (checkpoint) => this.#onCheckpoint(checkpoint));
    if (this.#startWhenOpen) sim.training.start();
    else this.#set('paused');
  }

  /** @param {Error} error  why the simulation for training could not be made */
  #onRefused({ name, message }) {
    this.#replacing = false;
    this.#release();
    this.run = null;
    this.#emit('run');
    this.#set('none', name === 'InvalidArgument' ? message : `${name}: ${message}`);
  }

  /** Starts, holds, or goes on. @param {() => Experiment} experiment  of a new run */
  toggle(experiment) {
    switch (this.state) {
      case 'running': return this.pause();
      case 'paused': return this.go();
      case 'none': case 'stopped': case 'finished': return this.start(experiment());
    }
  }

  pause() {
    this.#set('pausing');
    this.#engine?.pause();
  }

  go() {
    this.#engine?.start();
  }

  /** Says whether what is proposed is to be tried. @param {boolean} yes */
  async answer(yes) {
    await this.#engine?.answer(yes);
  }

  /** Goes back to the side that a decision did not take. @param {number} number */
  async undo(number) {
    await this.#engine?.undo(number);
  }

  /** Ends the run after the iteration under way; the robots then move by what was learnt. */
  stop() {
    if (this.state === 'failed') {
      this.#end('stopped');
    } else {
      this.#set('stopping');
      this.#engine?.stop();
    }
  }

  /** Ends the run and forgets its curve; what is kept of it stays kept. */
  reset() {
    this.#discard = true;
    if (this.active) this.stop();
    else this.#forget();
  }

  #forget() {
    this.run = null;
    this.#set('none');
    this.#emit('run');
  }

  /** From the newest checkpoint, with a lower learning rate: after a failure. */
  async retrySlower() {
    const { run } = this;
    if (!run) return;
    const rate = Number(run.experiment.hyperparameters.learning_rate);
    await this.resume(run, Number.isFinite(rate) ? { learning_rate: rate / 2 } : {});
  }

  /** The simulation is made anew around the learners, which go on as if nothing had happened. */
  async regroup() {
    const wasRunning = this.state === 'running';
    if (wasRunning) await this.#hold();
    if (this.state === 'paused') await this.#launch(wasRunning);
  }

  /** Pauses, and waits for the checkpoint of that. */
  async #hold() {
    this.pause();
    await this.#engine?.pause();
    await this.#storing;
  }

  /** Another simulation is wanted: the run is kept as it is, to be resumed. */
  async #park() {
    if (this.#replacing || !this.active) return;
    if (this.state === 'running') await this.#hold();
    await this.#release();
    this.#set('none', this.run?.saved
      ? 'Training was interrupted by another simulation. It is kept: resume it under “Saved”.' : '');
  }

  /** Sees to it that the newest checkpoint is of now; of the end of the iteration, if it runs. */
  async checkpoint() {
    if (ITERATES.includes(this.state)) await this.#engine?.save();
    await this.#storing;
  }

  /** Keeps a copy of the run as it is now, under a name. @param {string} name */
  async keep(name) {
    const { run } = this;
    if (!run) return;
    await this.checkpoint();
    const { record, kept } = run.toKeep({ name, kept: true, unfinished: false });
    await this.#store({ ...record, id: newId() }, kept);
  }

  /** @param {import('../../sim/websim.js').SimEvents['training']} change */
  #onTraining({ state, message = '' }) {
    if (!this.run) return;
    // Until the iteration under way is over the engine runs, although it has been told to stop.
    const told = this.state === 'pausing' || this.state === 'stopping';
    if (state === 'waiting' || (state === 'running' && told)) return;
    if (state === 'finished' || state === 'stopped') this.#end(state);
    else if (this.state !== state || this.message !== message) this.#set(state, message);
  }

  /** @param {import('../../sim/websim.js').SimEvents['checkpoint']} checkpoint */
  #onCheckpoint({ data, iteration, globalStep, episodicReturn, reason }) {
    const { run } = this;
    if (!run) return;
    run.saved = { checkpoint: data, iteration, globalStep, episodicReturn, seconds: run.seconds };
    this.#pending = true;
    const { at, took } = this.#lastKept;
    const due = performance.now() - at >= Math.min(KEEP_MS, took / KEEP_SHARE);
    if (due || reason !== 'interval') this.#keepNewest();
  }

  /** What is kept of a run that goes on. @param {Run} run */
  #newest(run) {
    const failure = this.state === 'failed' ? { failure: this.message } : {};
    return run.toKeep({ name: '', kept: false, unfinished: true, ...failure });
  }

  /** Keeps the newest checkpoint, if it is not kept, before this page may be gone. */
  #leave() {
    const { run } = this;
    if (!this.#pending || !run?.saved || run.saved === this.#left) return;
    this.#left = run.saved;
    const { record, kept } = this.#newest(run);
    this.#savedAt = record.savedAt;
    leave(record, kept);
  }

  /** Meanwhile others may have the run. */
  #stepAside() {
    this.#away = true;
    this.#release();
  }

  /** The run goes on, unless it has gone on elsewhere. */
  async #comeBack() {
    const { run } = this;
    if (run && this.active) {
      const release = await this.store.claim(run.id);
      if (!release || await this.store.savedAt(run.id).catch(() => 0) > this.#savedAt) return location.reload();
      this.#release = release;
    }
    this.#away = false;
    if (this.#pending) this.#keepNewest();
  }

  #keepNewest() {
    const { run } = this;
    if (!run?.saved || this.#away) return;
    const began = performance.now();
    const { record, kept } = this.#newest(run);
    this.#savedAt = record.savedAt;
    this.#storing = this.#store(record, kept).then(() => {
      const at = performance.now();
      this.#lastKept = { at, took: at - began };
      // A newer one may have come meanwhile.
      if (run.saved?.checkpoint === kept.checkpoint) this.#pending = false;
    });
  }

  /**
   * @param {import('./storage.js').RunRecord} record
   * @param {import('./storage.js').Kept} kept
   */
  async #store(record, kept) {
    const before = this.storageProblem;
    try {
      await this.store.put(record, kept);
      this.storageProblem = '';
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.storageProblem = error.message;
    }
    const now = performance.now();
    if (this.state === 'running' && before === this.storageProblem && now - this.#lastTold < TELL_MS) return;
    this.#lastTold = now;
    this.#emit('change');
  }

  /**
   * The user's own simulation again, with what was learnt.
   *
   * @param {'finished'|'stopped'} state
   */
  async #end(state) {
    const { run } = this;
    this.#replacing = true;
    this.#set(state);
    // The last checkpoint comes right after the news of the end.
    await breathe();
    await this.#storing;
    if (run?.saved) await this.store.update(run.id, { unfinished: false, finished: state === 'finished' }).catch(() => {});
    await this.#release();
    if (this.#discard) this.#forget();
    await this.session.train(null);
    if (this.run === run && run?.saved) this.#handOver(savedController(run.id));
    this.#emit('change');
  }

  /** The user's robots move by what was learnt. @param {string} controller */
  #handOver(controller) {
    const { compare } = this.session.options;
    this.session.set({ controller, compare: compare.replaceAll(/:(best|current)(?=,|$)/g, `:${controller}`) }, 'replace');
  }

  /** @param {TrainingState} state @param {string} [message] */
  #set(state, message = '') {
    this.state = state;
    this.message = message;
    this.#emit('change');
  }

  /** @param {'change'|'run'} type */
  #emit(type) {
    this.dispatchEvent(new Event(type));
  }
}
