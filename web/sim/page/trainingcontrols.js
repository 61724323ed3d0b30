/** What users may do with a training run, and see of it: `sim.training`. */

import { checkInteger, checkNames, checkSource } from './arguments.js';

export class TrainingControls {
  #run;

  /** @param {import('./trainingrun.js').TrainingRun} run */
  constructor(run) {
    this.#run = run;
  }

  /** What is trained. */
  get experiment() {
    return this.#run.experiment;
  }

  get state() {
    return this.#run.state;
  }

  get iteration() {
    return this.#run.iteration;
  }

  get globalStep() {
    return this.#run.globalStep;
  }

  get totalTimesteps() {
    return this.#run.totalTimesteps;
  }

  /** Mean return of the newest episodes; NaN before the first has ended. */
  get recentReturn() {
    return this.#run.recentReturn;
  }

  /** Of learning, pauses not counted. */
  get seconds() {
    return this.#run.seconds;
  }

  /** Environments that learn. */
  get numEnvs() {
    return this.#run.numEnvs;
  }

  /** After which an episode ends at the latest. */
  get maxEpisodeSteps() {
    return this.#run.maxEpisodeSteps;
  }

  /** Workers that learn. */
  get ranks() {
    return this.#run.ranks;
  }

  /** Begins, or goes on after a pause. @throws InvalidArgument when the run has ended */
  start() {
    this.#run.start();
  }

  /** Halts after the iteration under way, with a checkpoint; resolves when it has. */
  pause() {
    return this.#run.pause();
  }

  /** Ends the run after the iteration under way, with a checkpoint; resolves when it has. */
  stop() {
    return this.#run.stop();
  }

  /**
   * Pays by other code from the end of an iteration on, without a new start: weights, optimiser and
   * statistics of observations go on. Resolves when it is in force.
   *
   * @param {string | null} source  of a file with `reward(now, before, action)`; null: the task's own
   * @param {{why?: Record<string, unknown>}} [how]  why: what the run tells of it in its decisions (`websim.experiments.decisions`)
   * @throws UnsafeCode, CodeFailed, TooCostly; then the old one stays in force everywhere
   */
  async setReward(source, how = {}) {
    checkNames('options of setReward', how, ['why']);
    await this.#run.change({ reward: checkSource(source), ...how });
  }

  /** The same for what judges. @param {string | null} source  of a file with `measure(now, before)`; null: none */
  async setMeasure(source) {
    await this.#run.change({ measure: checkSource(source) });
  }

  /** Whether it changes its own course. */
  get adapts() {
    return this.#run.adapts;
  }

  /** What a run that changes its own course has decided, the newest last. */
  get decisions() {
    return this.#run.decisions;
  }

  /** How that goes: what is tried or proposed now, and which decisions can be undone. */
  get course() {
    return this.#run.course;
  }

  /**
   * Says whether what is proposed is to be tried; resolves when that has been heard.
   *
   * @param {boolean} yes
   * @throws InvalidArgument where nothing is proposed
   */
  async answer(yes) {
    await this.#run.wish({ answer: Boolean(yes) });
  }

  /**
   * Goes back to the side that a decision did not take, from where it ended; resolves when that learns.
   *
   * @param {number} number  of the decision, from 0
   * @throws InvalidArgument where it is not kept
   */
  async undo(number) {
    checkInteger('the number of a decision', number, 0, Number.MAX_SAFE_INTEGER);
    await this.#run.wish({ undo: number });
  }

  /**
   * A checkpoint as soon as there can be one: after the iteration under way; the last one where
   * nothing is being learnt.
   *
   * @returns {Promise<ArrayBuffer>}
   */
  save() {
    return this.#run.save();
  }
}
