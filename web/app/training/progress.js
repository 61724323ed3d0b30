/** How far training is, and the buttons that start and end it. */

import { h, icon, setText } from '../dom.js';
import { count, duration, measure, short } from '../format.js';
import { RECENT_EPISODES } from '../../sim/shared/constants.js';

/**
 * @typedef {import('./coach.js').Coach} Coach
 * @typedef {import('./run.js').Run} Run
 */

const PLAY = 'M7 4.5v15l12-7.5z';
const STOP = 'M6 6h12v12H6z';
const RESET = 'M19 12a7 7 0 1 1-2.2-5.1M19 3v5h-5';

export class TrainingProgress {
  /** @param {Coach} training @param {() => void} begin */
  constructor(training, begin) {
    this.training = training;
    this.begin = h('button', { class: 'primary', onclick: begin });
    this.stop = h('button', { title: 'End training; the robots move by what was learnt', onclick: () => training.stop() }, icon(STOP), 'Stop');
    this.reset = h('button', { title: 'End training and clear its curves', onclick: () => training.reset() }, icon(RESET), 'Reset');
    this.bar = h('progress', { max: 1, value: 0, 'aria-label': 'Training' });
    this.percent = h('strong');
    this.steps = h('span');
    this.mean = h('p');
    this.time = h('p', { class: 'subtle' });
    this.figures = h('div', { class: 'training-figures', hidden: true },
      this.bar, h('p', {}, this.percent, this.steps), this.mean, this.time);
    this.element = h('div', {},
      h('div', { class: 'training-buttons', role: 'group', 'aria-label': 'Training' }, this.begin, this.stop, this.reset),
      this.figures);
    this.show();
  }

  /** The state has changed. @param {boolean} unpaid  there is nothing to be learnt */
  show(unpaid = false) {
    const { state, active, run } = this.training;
    const name = state === 'none' ? 'Train' : 'New run';
    this.begin.replaceChildren(icon(PLAY), name);
    this.begin.title = `${name} (L)`;
    // It is paused and resumed where everything else is: at the top.
    this.begin.hidden = active;
    this.begin.disabled = unpaid;
    this.stop.disabled = !active || state === 'starting' || state === 'stopping';
    this.reset.disabled = !run || state === 'starting' || state === 'stopping';
    this.figures.hidden = !run;
    this.update();
  }

  /** The run is further. */
  update() {
    const { run, active } = this.training;
    if (!run) return;
    const part = Math.min(1, run.globalStep / run.totalTimesteps);
    this.bar.value = part;
    setText(this.percent, `${(100 * part).toFixed(part < 0.1 ? 1 : 0)}%`);
    setText(this.steps, ` · ${count(run.globalStep)} of ${count(run.totalTimesteps)} steps`);
    const { recentReturn } = run;
    setText(this.mean, Number.isFinite(recentReturn)
      ? `Return ${measure(recentReturn)} · mean of the newest ${RECENT_EPISODES} episodes` : this.#firstEnd(run));
    const left = (run.totalTimesteps - run.globalStep) / run.speed;
    setText(this.time, [
      Number.isFinite(run.speed) ? `${short(run.speed)} steps/s` : '',
      active && part < 1 && Number.isFinite(left) ? `${duration(left)} left` : '',
      run.seconds ? `${duration(run.seconds)} so far` : '',
    ].filter(Boolean).join(' · '));
  }

  /** When there will be a return: robots that do not fall end their first episodes all at once. @param {Run} run */
  #firstEnd(run) {
    const learning = this.training.session.sim?.training;
    if (!learning) return '';
    const steps = learning.numEnvs * learning.maxEpisodeSteps;
    const left = (steps - run.globalStep) / run.speed;
    return `No episode has ended yet: the first end at ${count(steps)} steps at the latest${
      left > 0 ? `, in ${duration(left)}` : ''}.`;
  }

  /** In a few words, for where there is little room; empty without training. */
  get summary() {
    const { run, active } = this.training;
    if (!run || !active) return '';
    const { recentReturn } = run;
    return [
      `${this.percent.textContent} trained`, Number.isFinite(recentReturn) ? `return ${measure(recentReturn)}` : '',
    ].filter(Boolean).join(' · ');
  }
}
