/**
 * A training run as the page sees it: begins, halts and saves it, and keeps it going when a worker
 * is lost. Each worker is a rank; `learner.js` is its end.
 */

import { createExchange, expel } from '../shared/communicator.js';
import { CodeFailed, InvalidArgument, WorkerError } from '../shared/errors.js';
import { RANK_SLOT_BYTES } from '../shared/constants.js';
import { recoded } from './recoding.js';

/** A run in which workers are lost so often without an iteration in between has failed. */
const MAX_LOSSES = 6;

/**
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 * @typedef {'waiting' | 'running' | 'paused' | 'finished' | 'stopped' | 'failed'} TrainingState
 *
 * @typedef {object} TrainingEvent  after each change of state
 * @property {TrainingState} state
 * @property {string} [message]  why it failed
 *
 * @typedef {object} CheckpointEvent
 * @property {ArrayBuffer} data
 * @property {number} iteration
 * @property {number} globalStep
 * @property {number} episodicReturn  mean return of the newest episodes
 * @property {'interval' | 'asked' | 'pause' | 'end' | 'failed'} reason  failed: the last good one
 *
 * @typedef {Omit<CheckpointEvent, 'reason'>} Saved
 *
 * @typedef {object} TrainingOptions
 * @property {import('../shared/protocol.js').Experiment} [experiment]  left away: that of the checkpoint
 * @property {ArrayBuffer} [checkpoint]  to go on from
 * @property {number} [checkpointSeconds]  between two checkpoints; left away: as often as they cost little
 */

export class TrainingRun {
  /** @type {TrainingState} */
  state = 'waiting';
  recentReturn = NaN;
  /** Of learning, pauses not counted. */
  seconds = 0;
  /** What is wanted of the run once it has begun. @type {'run' | 'pause' | 'stop'} */
  #wanted = 'pause';
  /** Whether the ranks iterate, or have been told to. */
  #iterating = false;
  /** Workers that have a learner. @type {Set<KeptWorker>} */
  #present = new Set();
  /** Those of them that are ranks of the present group. @type {Set<KeptWorker>} */
  #members = new Set();
  /** @type {SharedArrayBuffer | null} */
  #exchange;
  /** The last checkpoint of this run. @type {Saved | undefined} */
  #last;
  /** Grows with every loss of a worker: what was begun before it is void. */
  #turn = 0;
  #losses = 0;
  /** Workers that are there, or are being replaced. */
  #expected;
  /** Called when the run halts. @type {(() => void)[]} */
  #halted = [];
  /** Other code that is wished, until it is in force. @type {{code: import('../shared/protocol.js').Code, resolve: () => void, reject: (error: Error) => void} | undefined} */
  #wish;
  /** What somebody wants of a run that adapts, until it has been heard. @type {{wish: import('../shared/protocol.js').Wish, resolve: () => void, reject: (error: Error) => void}[]} */
  #wishes = [];
  #wishId = 0;
  /** Called with the next checkpoint. @type {{resolve: (data: ArrayBuffer) => void, reject: (error: Error) => void}[]} */
  #asked = [];

  /**
   * @param {import('../shared/protocol.js').TrainingPlan} plan
   * @param {TrainingOptions} options
   * @param {boolean} isolated
   * @param {import('./events.js').Events} events
   */
  constructor(plan, { experiment, checkpoint, checkpointSeconds }, isolated, events) {
    /** What is trained. @type {import('../shared/protocol.js').CompleteExperiment} */
    this.experiment = { ...JSON.parse(plan.experiment), archive: experiment?.archive, trusted: experiment?.trusted };
    this.numEnvs = plan.numEnvs;
    this.maxEpisodeSteps = plan.maxEpisodeSteps;
    this.totalTimesteps = plan.totalTimesteps;
    this.iteration = plan.iteration;
    this.globalStep = plan.globalStep;
    /** Workers that learn. */
    this.ranks = plan.ranks;
    this.#expected = plan.ranks;
    /** Whether it changes its own course. */
    this.adapts = plan.adapts;
    /** What it has decided. @type {import('../shared/messages.js').Decision[]} */
    this.decisions = plan.decisions;
    /** How that goes. @type {import('../shared/messages.js').Course} */
    this.course = {
      trying: null, tried: 0, proposed: null, spent: plan.globalStep, decisions: null, undoable: plan.undoable,
      experiment: null, heard: 0, refused: '',
    };
    this.checkpointSeconds = checkpointSeconds ?? null;
    this.initial = checkpoint ?? null;
    this.isolated = isolated;
    this.events = events;
    this.#exchange = this.#newExchange();
  }

  /** Begins, or goes on after a pause. */
  start() {
    if (!['waiting', 'paused', 'running'].includes(this.state)) {
      throw new InvalidArgument(`training has ${this.state === 'failed' ? 'failed' : 'ended'}: make a new run, from a checkpoint perhaps`);
    }
    this.#wanted = 'run';
    if (this.state === 'running') return; // it was to halt: it goes on as soon as it has
    this.state = 'running';
    this.#losses = 0;
    this.#tell();
    this.#go();
  }

  /** Halts after the iteration under way, with a checkpoint; resolves when it has. */
  pause() {
    return this.#halt('pause');
  }

  /** Ends the run after the iteration under way, with a checkpoint; resolves when it has. */
  stop() {
    return this.#halt('stop');
  }

  /**
   * A checkpoint as soon as there can be one: after the iteration under way; the last one where
   * nothing is being learnt. Of a run that is to halt it is the one of the halt, which may be an
   * iteration later: ranks halt when all of them have heard of it.
   *
   * @returns {Promise<ArrayBuffer>}
   */
  save() {
    if (this.state !== 'running') {
      const data = this.#last?.data ?? this.initial;
      if (!data) return Promise.reject(new InvalidArgument('nothing has been learnt yet that could be saved'));
      return Promise.resolve(data.slice(0));
    }
    if (this.#wanted !== 'run') return new Promise((resolve) => this.#halted.push(() => resolve(this.save())));
    this.#command({ save: true });
    return new Promise((resolve, reject) => this.#asked.push({ resolve, reject }));
  }

  /**
   * Pays or judges by other code, from the end of an iteration on; resolves when it is in force.
   *
   * @param {import('../shared/protocol.js').Code} code
   * @returns {Promise<void>}  rejected where the code fails in any worker: then nothing has changed
   */
  change(code) {
    if (!['waiting', 'paused', 'running'].includes(this.state)) {
      return Promise.reject(new InvalidArgument('training has ended: begin another run, from a checkpoint perhaps'));
    }
    this.#wish?.reject(new InvalidArgument('something else was asked for before this was in force'));
    return new Promise((resolve, reject) => {
      this.#wish = { code, resolve, reject };
      if (this.#iterating) this.#command({ code });
    });
  }

  /**
   * Wants something of a run that adapts; resolves when it is done, before the next iteration.
   *
   * @param {{answer: boolean} | {undo: number}} what
   * @returns {Promise<void>}
   */
  wish(what) {
    if (!this.adapts) return Promise.reject(new InvalidArgument('this run does not change its own course'));
    if (!['paused', 'running'].includes(this.state)) {
      return Promise.reject(new InvalidArgument('the robots do not learn: begin or resume first'));
    }
    return new Promise((resolve, reject) => {
      this.#wishes.push({ wish: { id: ++this.#wishId, ...what }, resolve, reject });
      if (this.#iterating && this.#wishes.length === 1) this.#command({ wish: this.#wishes[0].wish });
    });
  }

  /** @param {import('../shared/messages.js').Course} course */
  #onCourse(course) {
    this.course = { ...course, trying: course.trying ?? null, proposed: course.proposed ?? null };
    this.decisions = course.decisions ?? this.decisions;
    if (course.experiment) {
      const { reward = null, measure = null } = this.experiment;
      this.experiment = { ...JSON.parse(course.experiment), archive: this.experiment.archive, trusted: this.experiment.trusted };
      const { reward: paid = null, measure: judged = null } = this.experiment;
      if (paid !== reward || judged !== measure) this.events.emit('code', { group: 0, reward: paid, measure: judged, failure: '' });
    }
    const [first] = this.#wishes;
    if (!first || course.heard !== first.wish.id) return;
    this.#wishes.shift();
    if (course.refused) first.reject(new InvalidArgument(course.refused));
    else first.resolve();
    if (this.#wishes.length) this.#command({ wish: this.#wishes[0].wish });
  }

  /** What was wished is decided on. @param {import('../shared/messages.js').Iteration['code']} code  in force @param {string} refused */
  #decide(code, refused) {
    const wish = this.#wish;
    if (!code || !wish) return;
    const granted = /** @type {const} */ (['reward', 'measure']).every((kind) => !(kind in wish.code) || code[kind] === wish.code[kind]);
    if (!granted && !refused) return; // of an earlier wish
    this.#wish = undefined;
    if (granted) wish.resolve();
    else wish.reject(new CodeFailed(refused));
  }

  /**
   * Makes a worker's learner.
   *
   * @param {KeptWorker} worker
   */
  async equip(worker) {
    // One that comes later has its environments start anew and gets the rest when it joins.
    const checkpoint = this.state === 'running' ? null : this.#last?.data ?? this.initial;
    const exchange = this.state === 'waiting' ? this.#exchange : this.#newExchange();
    const reply = await worker.request('learn', this.#seat(worker, checkpoint, exchange));
    this.#present.add(worker);
    if (this.state === 'waiting') this.#members.add(worker);
    else this.#reformIfNeeded();
    return reply;
  }

  /** @param {KeptWorker} worker @param {string} reason */
  onLost(worker, reason) {
    this.#present.delete(worker);
    if (this.state === 'waiting') return;
    this.#turn += 1;
    if (this.#members.delete(worker) && this.#exchange) expel(this.#exchange, worker.index, this.ranks);
    if (this.state !== 'running') return;
    if (!this.#members.size) this.#iterating = false;
    this.#losses += 1;
    if (this.#losses > MAX_LOSSES) this.#fail(`workers are lost again and again; the last: ${reason}`);
  }

  /** @param {KeptWorker} worker @param {import('../shared/messages.js').Iteration} told */
  onIteration(worker, { checkpoint, ...told }) {
    if (!told.root || !this.#members.has(worker) || this.state !== 'running') return;
    const { iteration, globalStep, recentReturn, lost, done, finished, changed, refused } = told;
    // What is None in Python is undefined here.
    const code = told.code ? { reward: told.code.reward ?? null, measure: told.code.measure ?? null } : null;
    Object.assign(this, { iteration, globalStep, recentReturn });
    this.seconds += told.seconds;
    if (!lost.length) this.#losses = 0;
    const asked = this.#asked.splice(0, checkpoint ? this.#asked.length : 0);
    if (checkpoint) this.#last = { data: checkpoint.buffer, iteration, globalStep, episodicReturn: recentReturn };
    this.events.emit('iteration', told);
    if (code) {
      this.experiment = recoded(this.experiment, code);
      if (changed) this.events.emit('code', { group: 0, ...code, failure: changed.failure });
    }
    this.#decide(code, refused);
    if (told.course) this.#onCourse(told.course);
    if (lost.length && (this.#wish || this.#wishes.length)) this.#command({ code: this.#wish?.code, wish: this.#wishes[0]?.wish });
    if (done) {
      this.#iterating = false;
      if (finished) this.state = 'finished';
      else this.#settle();
      this.#tell();
    }
    if (checkpoint) {
      this.#tellCheckpoint(this.#reasonNow() ?? (asked.length ? 'asked' : 'interval'));
      for (const { resolve } of asked) resolve(checkpoint.buffer.slice(0));
    }
    if (done) {
      for (const halted of this.#halted.splice(0)) halted();
      // Where there are more workers than ranks, `#reform` goes on.
      if (this.state === 'running' && this.#present.size === this.#members.size) this.#go();
    }
    // The others have waited in vain for a worker that the page takes for alive.
    for (const member of this.#members) {
      if (lost.includes(member.index)) member.lose('the other ranks waited for it in vain');
    }
  }

  /** @param {string} message */
  onDiverged(message) {
    if (this.state === 'running') this.#fail(message);
  }

  /** A worker could not be replaced; the others go on. */
  onGivenUp() {
    this.#expected -= 1;
    if (this.#expected === 0) this.#fail('no worker is left that could learn');
    else this.#reformIfNeeded();
  }

  /** Has the ranks give up what they are doing. */
  close() {
    this.#turn += 1;
    this.state = 'stopped';
    if (!this.#exchange) return;
    for (let rank = 0; rank < this.ranks; rank++) expel(this.#exchange, rank, this.ranks);
  }

  /** @param {'pause' | 'stop'} wanted */
  async #halt(wanted) {
    if (this.state === 'running') {
      const halted = new Promise((resolve) => this.#halted.push(() => resolve(undefined)));
      this.#wanted = wanted;
      if (this.#iterating) this.#command({ run: false });
      await halted;
    } else if (wanted === 'stop' && (this.state === 'waiting' || this.state === 'paused')) {
      this.state = 'stopped';
      this.#tell();
      this.#tellCheckpoint('end');
    }
  }

  /** Why a checkpoint is told of now that the run has halted; null if it has not. */
  #reasonNow() {
    if (this.state === 'running') return null;
    return this.state === 'paused' ? 'pause' : 'end';
  }

  /** Takes the state that is wanted. */
  #settle() {
    if (this.#wanted === 'pause') this.state = 'paused';
    if (this.#wanted === 'stop') this.state = 'stopped';
  }

  #reformIfNeeded() {
    const goesOn = this.state === 'running' || this.state === 'paused';
    if (!goesOn || this.#present.size < this.#expected || this.#members.size === this.#expected) return;
    this.#reform().catch((error) => {
      // One was lost meanwhile: when it has been replaced, this begins again.
      if (!(error instanceof WorkerError)) this.#fail(error.message);
    });
  }

  /**
   * All workers are there again, and go on together: with what the survivors have learnt, or, where
   * there are none, from the last checkpoint.
   */
  async #reform() {
    const turn = ++this.#turn;
    /** @type {ArrayBuffer | null} */
    // Those that adapt are made anew of it: they may be in the middle of a trial.
    let checkpoint = this.adapts ? this.#last?.data ?? this.initial : null;
    if (this.state === 'running') {
      if (this.#iterating) {
        const halted = new Promise((resolve) => this.#halted.push(() => resolve(undefined)));
        this.#command({ run: false });
        await halted;
        if (turn !== this.#turn) return;
      }
      checkpoint = this.#last?.data ?? this.initial;
    }
    const exchange = this.#newExchange();
    const workers = [...this.#present];
    const indices = workers.map(({ index }) => index);
    for (let i = 0; exchange && i < this.ranks; i++) {
      if (!indices.includes(i)) expel(exchange, i, this.ranks); // given up for good
    }
    await Promise.all(workers.map((worker) => worker.request('learn', this.#seat(worker, checkpoint, exchange))));
    if (turn !== this.#turn) return;
    this.#exchange = exchange;
    this.#members = new Set(workers);
    if (this.state !== 'running') return;
    this.#settle();
    if (this.state === 'running') {
      this.#go();
      return;
    }
    this.#tell();
    this.#tellCheckpoint(this.#reasonNow() ?? 'end');
    for (const halted of this.#halted.splice(0)) halted();
  }

  #go() {
    if (this.#members.size < this.#expected) return; // `#reform` goes on when all are there
    this.#iterating = true;
    this.#command({ run: true, save: this.#asked.length > 0, code: this.#wish?.code, wish: this.#wishes[0]?.wish });
  }

  /** @param {import('../shared/protocol.js').Payload<'train'>} wish */
  #command(wish) {
    for (const worker of this.#members) {
      worker.request('train', wish).catch((error) => {
        if (!(error instanceof WorkerError)) this.#fail(error.message);
      });
    }
  }

  /** @param {string} message */
  #fail(message) {
    if (this.state !== 'running' && this.state !== 'paused') return;
    this.state = 'failed';
    this.#iterating = false;
    this.#command({ run: false });
    this.#tell(message);
    this.#tellCheckpoint('failed');
    for (const { reject } of this.#asked.splice(0)) reject(new WorkerError(`training has failed: ${message}`));
    for (const halted of this.#halted.splice(0)) halted();
  }

  /** @param {KeptWorker} worker @param {ArrayBuffer | null} checkpoint @param {SharedArrayBuffer | null} exchange */
  #seat({ index }, checkpoint, exchange) {
    const { experiment, ranks, checkpointSeconds } = this;
    return { experiment, checkpoint, exchange, rank: index, ranks, checkpointSeconds };
  }

  #newExchange() {
    return this.isolated ? createExchange(this.ranks, RANK_SLOT_BYTES) : null;
  }

  /** @param {string} [message]  why it failed */
  #tell(message) {
    const { state } = this;
    if (['finished', 'stopped', 'failed'].includes(state)) {
      this.#wish?.reject(new InvalidArgument('training has ended before it was in force'));
      this.#wish = undefined;
      for (const { reject } of this.#wishes.splice(0)) reject(new InvalidArgument('training has ended before it was heard'));
    }
    this.events.emit('training', message === undefined ? { state } : { state, message });
  }

  /** @param {CheckpointEvent['reason']} reason */
  #tellCheckpoint(reason) {
    if (!this.#last) return;
    this.events.emit('checkpoint', { ...this.#last, data: this.#last.data.slice(0), reason });
  }
}
