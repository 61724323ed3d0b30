/**
 * A tournament as the page runs it: keeps its state and its runs, deals jobs to workers that have
 * none, and hands what came of them to Python, which decides (`websim/authors/tournament`).
 */

import { Conversation } from './conversation.js';
import { InvalidArgument, WorkerError, toPlain } from '../shared/errors.js';

/** How often it looks at the time, and for workers that are back, in milliseconds. */
const TICK_MS = 500;

/**
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 * @typedef {import('../shared/messages.js').TournamentStep} TournamentStep
 * @typedef {import('../shared/messages.js').TournamentJob} TournamentJob
 *
 * @typedef {object} WrittenCandidate  a reward that somebody may learn from
 * @property {string} name
 * @property {string} reward  source of a file with `reward(now, before, action)`
 * @property {string} measure  source of a file with `measure(now, before)`: what the words mean
 * @property {string} why
 *
 * @typedef {object} TournamentOptions
 * @property {string} words  what the robots should do
 * @property {import('../shared/protocol.js').Experiment} experiment  task, robot and settings
 * @property {string} author  who writes: `offline`, `llm` or `hand`
 * @property {string[]} rewards  by hand: sources of files with `reward(now, before, action)`
 * @property {string} measure  likewise: what the words mean, the source of a file with `measure(now, before)`
 * @property {number} candidates  how many learn at first
 * @property {number | null} minutes
 * @property {number | null} steps
 * @property {number} episodes  by which a policy is judged
 * @property {number} seed
 *
 * @typedef {object} KeptTournament  what it goes on from, jobs under way begin anew
 * @property {TournamentOptions} options
 * @property {string} state
 * @property {Map<number, ArrayBuffer>} runs  checkpoints by the number of their job
 * @property {number} seconds  that have passed
 * @property {boolean} over
 *
 * @typedef {TournamentStep & {running: number[], failure: string}} TournamentEvent
 *   how it stands; running: numbers of the candidates that learn now; failure: why it cannot go on
 */

export class TournamentRun {
  /** How it stands. @type {TournamentStep | undefined} */
  #step;
  /** Checkpoints by the number of their job. @type {Map<number, ArrayBuffer>} */
  #runs = new Map();
  /** Who is at which job. @type {Map<KeptWorker, TournamentJob>} */
  #running = new Map();
  /** Numbers of jobs under way that nobody wants any longer. @type {Set<number>} */
  #abandoned = new Set();
  /** What is done to it is done one after another. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  #wanted = true;
  #closed = false;
  /** With a language model. @type {Conversation | undefined} */
  #conversation;
  #ending = false;
  #failure = '';
  /** Of those that it may take, what has passed before this moment. */
  #seconds = 0;
  #since = performance.now();
  #ticking = setInterval(() => this.#tick(), TICK_MS);

  /**
   * @param {TournamentOptions} options
   * @param {() => KeptWorker[]} workers
   * @param {import('./events.js').Events} events
   */
  constructor(options, workers, events) {
    this.options = options;
    this.workers = workers;
    this.events = events;
  }

  /** Asks the author, and begins; rejected where it cannot. */
  async begin() {
    const { words, author, candidates, minutes, steps, episodes, seed } = this.options;
    const seconds = minutes === null ? null : 60 * minutes;
    const workers = this.workers().length;
    try {
      await this.#act('begin', { words, author, candidates, seconds, steps, episodes, seed, workers });
      await this.#answer();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Goes on with one that was kept. @param {KeptTournament} kept */
  async resume({ state, runs, seconds }) {
    this.#runs = new Map(runs);
    this.#seconds = seconds;
    this.#since = performance.now();
    try {
      await this.#act('resume', {}, state);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What it can go on from; null while there is nothing. @returns {KeptTournament | null} */
  get kept() {
    if (!this.#step) return null;
    return { options: this.options, state: this.#step.state, runs: new Map(this.#runs), seconds: this.#elapsed, over: this.over };
  }

  /** How it stands. @returns {TournamentEvent | null} */
  get standing() {
    if (!this.#step) return null;
    const { best, bestJob } = this.#step; // what is None in Python is undefined here
    const running = [...this.#running.values()].map(({ entry }) => entry);
    return { ...this.#step, best: best ?? null, bestJob: bestJob ?? null, running, failure: this.#failure };
  }

  /** Whether there is nothing more to do. */
  get over() {
    return this.#closed || (this.#step?.over ?? false);
  }

  /** Whether jobs are dealt. */
  get playing() {
    return this.#wanted && !this.over;
  }

  /** Goes on after a pause. */
  start() {
    if (this.over) throw new InvalidArgument('the tournament is over: begin another');
    if (!this.#wanted) this.#since = performance.now();
    this.#wanted = true;
    this.#deal();
  }

  /** Halts; jobs under way begin anew when it goes on. */
  pause() {
    if (!this.playing) return;
    this.#seconds = this.#elapsed;
    this.#wanted = false;
    for (const worker of this.#running.keys()) this.#abandon(worker);
    this.#tell();
  }

  /** Ends it with the best so far, when what is under way has been judged as it is; resolves then. @param {string} why */
  async stop(why = 'It was stopped by hand.') {
    if (this.over || this.#ending) return;
    this.#ending = true;
    this.cancelAuthoring();
    const running = [...this.#running.values()].map(({ number }) => number);
    await this.#act('stop', { why, running });
    for (const worker of this.#running.keys()) worker.tell('endJob', { abandon: false });
  }

  /** @param {number} entry */
  takeOut(entry) {
    return this.#act('take_out', { entry });
  }

  /** @param {number} entry @param {boolean} kept */
  keep(entry, kept) {
    return this.#act('keep', { entry, kept });
  }

  /** @param {WrittenCandidate} candidate @param {number | null} parent  whose policy it begins with */
  add(candidate, parent) {
    return this.#act('add', { candidate, parent });
  }

  /** @param {number} entry @param {string} name @param {string} reward  of the new candidate */
  fork(entry, name, reward) {
    return this.#act('fork', { entry, name, reward });
  }

  /** The run that speaks for a candidate; null while there is none, or where it is no longer needed. @param {number} entry */
  runOf(entry) {
    const job = this.#step?.contenders[entry].job;
    return (typeof job === 'number' && this.#runs.get(job)) || null;
  }

  /**
   * Its file: the best run so far, with all that the tournament knows.
   *
   * @returns {Promise<ArrayBuffer>}
   */
  async save() {
    const step = this.#step;
    if (!step) throw new InvalidArgument('nothing has been learnt yet that could be saved');
    const { experiment } = this.options;
    const data = await this.#anyone().request('writeTournament', { experiment, state: step.state, runs: this.#runs });
    return data.buffer;
  }

  close() {
    this.#closed = true;
    this.cancelAuthoring();
    clearInterval(this.#ticking);
    for (const worker of this.#running.keys()) this.#abandon(worker);
    this.#running.clear();
    this.#runs.clear();
  }

  get #elapsed() {
    return this.#seconds + (this.#wanted ? (performance.now() - this.#since) / 1000 : 0);
  }

  /** A worker that answers, if there is one that has nothing to do. */
  #anyone() {
    const there = this.workers().filter(({ equipped }) => equipped);
    const worker = there.find((one) => !this.#running.has(one)) ?? there[0];
    if (!worker) throw new WorkerError('all workers are being replaced; try again in a few seconds');
    return worker;
  }

  /** Has Python do something to it, after what was asked before. @param {string} act @param {unknown} what @param {string} [from]  a state */
  #act(act, what, from) {
    const given = JSON.stringify(what);
    const done = this.#queue.then(async () => {
      const { experiment } = this.options;
      const payload = { experiment, state: from ?? this.#step?.state ?? null, act, given, seconds: this.#elapsed };
      this.#take(await this.#anyone().request('stepTournament', payload));
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  /** @param {TournamentStep} step */
  #take(step) {
    if (this.#closed) return;
    const before = this.#step;
    this.#step = step;
    for (const job of this.#runs.keys()) if (!step.needed.includes(job)) this.#runs.delete(job);
    for (const [worker, { number }] of this.#running) {
      if (!step.jobs.some((job) => job.number === number)) this.#abandon(worker);
    }
    if (step.over) clearInterval(this.#ticking);
    this.#tell();
    if (step.stage === 'author' && before) this.#answer().catch((error) => this.#fail(error));
    this.#deal();
  }

  async #answer() {
    const { author, rewards, measure, experiment } = this.options;
    if (author !== 'llm') return this.#act('answer', { rewards, measure });
    if (this.#conversation) return; // it is being asked
    const state = this.#step?.state ?? null;
    const step = (/** @type {string} */ answers) => this.#anyone().request('converse', { experiment, state, words: '', count: 0, answers });
    this.#conversation = new Conversation(step, (event) => this.events.emit('authoring', event));
    const answer = await this.#conversation.run();
    this.#conversation = undefined;
    if (!this.#closed && this.#step?.stage === 'author') await this.#act('answer', answer);
  }

  /** Has a language model stop writing; candidates that there are go on. */
  cancelAuthoring() {
    this.#conversation?.cancel();
  }

  /** Gives jobs to workers without one. */
  #deal() {
    const step = this.#step;
    if (!step || !this.playing || this.#ending) return;
    const taken = new Set([...this.#running.values()].map(({ number }) => number));
    const open = step.jobs.filter(({ number }) => !taken.has(number));
    for (const worker of this.workers()) {
      if (!worker.equipped || this.#running.has(worker)) continue;
      const job = open.shift();
      if (!job) return;
      this.#running.set(worker, job);
      this.#learn(worker, job).catch((error) => this.#fail(error));
    }
  }

  /** @param {KeptWorker} worker @param {TournamentJob} job */
  async #learn(worker, job) {
    const { archive } = this.options.experiment;
    const experiment = { ...JSON.parse(job.experiment), archive };
    const checkpoint = job.origin === null || job.origin === undefined ? null : this.#runs.get(job.origin) ?? null;
    let result;
    try {
      const end = await worker.request('learnJob', { order: job.order, experiment, checkpoint });
      if (end.checkpoint) this.#runs.set(job.number, end.checkpoint.buffer);
      result = JSON.parse(end.result);
    } catch (error) {
      const { name, message } = toPlain(error);
      result = name === 'WorkerError' ? { lost: true } : { failure: message };
    }
    if (this.#closed) return;
    this.#running.delete(worker);
    if (this.#abandoned.delete(job.number)) this.#deal();
    else await this.#act('report', { number: job.number, result });
  }

  /** Has a worker give up its job. @param {KeptWorker} worker */
  #abandon(worker) {
    const { number } = /** @type {TournamentJob} */ (this.#running.get(worker));
    if (this.#abandoned.has(number)) return;
    this.#abandoned.add(number);
    if (worker.equipped) worker.tell('endJob', { abandon: true });
  }

  #tick() {
    const { minutes } = this.options;
    if (!this.playing || !this.#step) return;
    if (minutes !== null && this.#elapsed >= 60 * minutes) this.stop('The time was up.').catch((error) => this.#fail(error));
    this.#deal();
    this.#tell();
  }

  /** It cannot go on. @param {unknown} error */
  #fail(error) {
    if (this.#closed) return;
    this.#failure = toPlain(error).message;
    this.#tell();
    this.close();
  }

  #tell() {
    const { standing } = this;
    if (!standing) return;
    const { minutes } = this.options;
    if (minutes !== null && !standing.over) {
      standing.progress = Math.max(standing.progress, Math.min(1, this.#elapsed / (60 * minutes)));
      standing.secondsLeft = Math.max(0, 60 * minutes - this.#elapsed);
    }
    this.events.emit('tournament', standing);
  }
}
