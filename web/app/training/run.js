/** One training run as the page knows it: what is trained, how far it is, its curve. */

import { withoutFiles } from '../experiment.js';
import { recoded } from '../../sim/page/recoding.js';
import { RECENT_EPISODES } from '../../sim/shared/constants.js';
import { MetricLog } from './metriclog.js';
import { recentMeans } from './reduce.js';
import { newId } from '../keeping/ids.js';

/**
 * @typedef {import('../../sim/shared/protocol.js').CompleteExperiment} Experiment  what is trained
 *
 * @typedef {object} Saved  a checkpoint, and where the run was then
 * @property {ArrayBuffer} checkpoint
 * @property {number} iteration
 * @property {number} globalStep
 * @property {number} seconds
 * @property {number} episodicReturn
 *
 * @typedef {import('./storage.js').RunRecord} RunRecord
 */

/** The speed that the time left is reckoned by is over so many seconds. */
const SPEED_WINDOW = 30;

export const RETURN = 'charts/episodic_return';
export const MEASURE = 'charts/measure';
export const EPISODES = 'charts/episodes';
export const REWARD = 'charts/mean_reward';
const SPEED = 'charts/SPS';
/** Of learning so far. */
export const SECONDS = 'charts/seconds';
/** 1 after an iteration at whose end another reward or measure came in force. */
export const CHANGED = 'charts/changed_code';

export class Run {
  iteration = 0;
  globalStep = 0;
  /** Of learning, earlier sessions included. */
  seconds = 0;
  /** The newest checkpoint. @type {Saved|null} */
  saved = null;
  log = new MetricLog();
  /** What people should know of its reward. @type {string[]} */
  warnings = [];
  /** What it has decided of its own course. @type {import('../../sim/shared/messages.js').Decision[]} */
  decisions = [];
  /** How that goes; null: it does not change it. @type {import('../../sim/shared/messages.js').Course | null} */
  course = null;
  /** Where this session began. */
  #from = { globalStep: 0, seconds: 0 };
  /** Points of the last seconds. @type {{seconds: number, globalStep: number}[]} */
  #recent = [];

  /** @param {Experiment} experiment @param {string} [id] */
  constructor(experiment, id = newId()) {
    this.experiment = experiment;
    this.id = id;
  }

  /**
   * The run as it was kept, to go on from there.
   *
   * @param {RunRecord} record @param {import('./storage.js').Kept} kept
   */
  static from({ id, experiment, iteration, globalStep, seconds, episodicReturn }, { checkpoint, curve }) {
    // A checkpoint has the files of a robot.
    const run = new Run(experiment.robot ? { ...experiment, archive: checkpoint } : experiment, id);
    run.log = new MetricLog(curve);
    run.saved = { checkpoint, iteration, globalStep, seconds, episodicReturn };
    run.rewind();
    return run;
  }

  /**
   * The run of a file, to be kept as one of this browser's.
   *
   * @param {{experiment: Experiment, iteration: number, globalStep: number}} header
   * @param {ArrayBuffer} checkpoint @param {MetricLog} log @param {string} [id]
   */
  static fromFile({ experiment, iteration, globalStep }, checkpoint, log, id) {
    const run = new Run(experiment, id);
    run.log = log;
    const seconds = log.column(SECONDS).at(-1) || 0;
    run.saved = { checkpoint, iteration, globalStep, seconds, episodicReturn: run.recentReturn };
    return run;
  }

  /** Back to the newest checkpoint, or to the beginning. A new session begins there. */
  rewind() {
    const { iteration, globalStep, seconds } = this.saved ?? { iteration: 0, globalStep: 0, seconds: 0 };
    Object.assign(this, { iteration, globalStep, seconds });
    this.log.truncate(globalStep);
    this.#from = { globalStep, seconds };
    this.#recent = [];
  }

  /** The newest checkpoint, with the curve until then. @returns {import('./storage.js').Kept} */
  get kept() {
    if (!this.saved) throw new Error('there is no checkpoint yet');
    const { checkpoint, globalStep } = this.saved;
    const curve = new MetricLog(this.log.stored());
    curve.truncate(globalStep);
    return { checkpoint, curve: curve.stored() };
  }

  /**
   * What is kept in the browser, of the newest checkpoint.
   *
   * @param {Pick<RunRecord, 'name'|'kept'|'unfinished'|'failure'|'origin'>} how
   * @returns {{record: RunRecord, kept: import('./storage.js').Kept}}
   */
  toKeep(how) {
    const { kept } = this;
    const { checkpoint, ...where } = /** @type {Saved} */ (this.saved);
    return {
      record: {
        ...how, ...where, id: this.id, experiment: withoutFiles(this.experiment), totalTimesteps: this.totalTimesteps,
        savedAt: Date.now(), bytes: checkpoint.byteLength,
      },
      kept,
    };
  }

  /** @returns {number} */
  get totalTimesteps() {
    return Number(this.experiment.hyperparameters.total_timesteps);
  }

  /**
   * Takes what an iteration has to tell.
   *
   * @param {Pick<import('../../sim/shared/messages.js').Iteration, 'iteration'|'globalStep'|'metrics'|'seconds'|'lost'|'changed'|'code'|'warnings'|'course'>} told
   */
  take({ iteration, globalStep, metrics, seconds, lost, changed, code, warnings, course }) {
    this.seconds += seconds;
    if (course) this.#follow(course);
    if (lost.length) return; // it was given up
    // It can go back, to the last checkpoint, when all workers were lost.
    this.log.truncate(globalStep - 1);
    Object.assign(this, { iteration, globalStep, warnings });
    const rate = Math.round((globalStep - this.#from.globalStep) / Math.max(1e-3, this.seconds - this.#from.seconds));
    if (code) this.experiment = recoded(this.experiment, code);
    this.log.add(globalStep, { ...metrics, ...(changed || course?.experiment ? { [CHANGED]: 1 } : {}), [SPEED]: metrics[SPEED] ?? rate, [SECONDS]: this.seconds });
    this.#recent.push({ seconds: this.seconds, globalStep });
    while (this.#recent.length > 2 && this.seconds - this.#recent[1].seconds > SPEED_WINDOW) this.#recent.shift();
  }

  /** @param {import('../../sim/shared/messages.js').Course} course */
  #follow(course) {
    this.course = course;
    this.decisions = course.decisions ?? this.decisions;
    if (!course.experiment) return;
    const { archive, trusted } = this.experiment;
    this.experiment = { ...JSON.parse(course.experiment), archive, trusted };
  }

  /** Environment steps a second, lately; NaN while unknown. */
  get speed() {
    const [first, last] = [this.#recent[0] ?? this.#from, this.#recent.at(-1) ?? this.#from];
    const { seconds, globalStep } = first === last ? this.#from : first;
    return last.seconds > seconds ? (last.globalStep - globalStep) / (last.seconds - seconds) : NaN;
  }

  /** Mean return of the newest episodes; NaN while none has ended. */
  get recentReturn() {
    const means = recentMeans(this.log.column(RETURN), this.log.column(EPISODES), RECENT_EPISODES);
    return means.findLast(Number.isFinite) ?? NaN;
  }
}

/** A file's name that says what is in it, without what file systems dislike. @param {Experiment} experiment @param {number} globalStep */
export const fileNameOf = ({ task, title, algorithm, seed }, globalStep) => (
  `${title || task}__${algorithm}__${seed}__${globalStep}`.replaceAll(/[^\w.-]/g, '-')
);
