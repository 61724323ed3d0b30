/** What users may do with a tournament, and see of it: what `sim.author` gives. */

import { checkInteger, checkText } from './arguments.js';

export class TournamentControls {
  #run;

  /** @param {import('./tournamentrun.js').TournamentRun} run */
  constructor(run) {
    this.#run = run;
  }

  /** What the robots should do. */
  get words() {
    return this.#run.options.words;
  }

  /** How it stands, as events `tournament` tell it. */
  get standing() {
    return this.#run.standing;
  }

  /** What `sim.resumeAuthor` goes on from; can be cloned, so that a database keeps it. Null while there is nothing. */
  get kept() {
    return this.#run.kept;
  }

  get over() {
    return this.#run.over;
  }

  /** Whether candidates learn, or it was halted. */
  get running() {
    return this.#run.playing;
  }

  /** Goes on after a pause. @throws InvalidArgument when it is over */
  start() {
    this.#run.start();
  }

  /** Halts; jobs under way begin anew when it goes on. */
  pause() {
    this.#run.pause();
  }

  /** Ends it with the best so far, after the iterations under way; `tournament` tells when it is over. */
  stop() {
    return this.#run.stop();
  }

  /** A candidate learns no longer, and cannot win. @param {number} entry */
  async takeOut(entry) {
    await this.#run.takeOut(this.#entry(entry));
  }

  /** A candidate goes on through all rounds. @param {number} entry @param {boolean} [kept] */
  async keep(entry, kept = true) {
    await this.#run.keep(this.#entry(entry), kept === true);
  }

  /**
   * Adds a reward of one's own: it learns from the next round on.
   *
   * @param {{name: string, reward: string, measure: string}} candidate
   * @param {number} [parent]  candidate whose policy it begins with
   */
  async add({ name, reward, measure }, parent) {
    const candidate = {
      name: checkText('name', name), reward: checkText('reward', reward), measure: checkText('measure', measure), why: 'By hand.',
    };
    await this.#run.add(candidate, parent === undefined ? null : this.#entry(parent));
  }

  /**
   * Adds a candidate that differs from another by its reward: it begins with that one's policy, in the next round.
   *
   * @param {number} entry
   * @param {{name: string, reward: string}} by
   * @throws UnsafeCode; InvalidArgument where there are no more rounds
   */
  async fork(entry, { name, reward }) {
    await this.#run.fork(this.#entry(entry), checkText('name', name), checkText('reward', reward));
  }

  /** What a candidate has learnt, as `sim.addPolicy` takes it; null where there is nothing. @param {number} entry */
  runOf(entry) {
    return this.#run.runOf(this.#entry(entry));
  }

  /** The best run so far as a file (`.websim`). @returns {Promise<ArrayBuffer>} */
  save() {
    return this.#run.save();
  }

  /** @param {number} entry */
  #entry(entry) {
    return checkInteger('candidate', entry, 0, (this.#run.standing?.contenders.length ?? 0) - 1);
  }
}
