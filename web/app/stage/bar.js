/** The figures that say at a glance what goes on, on the stage; while robots learn, with the curve of their return. */

import { h, setText } from '../dom.js';
import { count, duration, measure, short } from '../format.js';
import { returnPlot } from '../training/curves.js';
import { Peak } from './peak.js';

/**
 * @typedef {import('../../sim/websim.js').WebSim} WebSim
 * @typedef {import('../training/coach.js').Coach} Coach
 */

const NAMES = /** @type {const} */ (['robots', 'steps', 'steps/s', 'best return', 'mean return', 'time']);

/** The overlay shows all of the curve, as it was measured. */
/** @type {import('../training/look.js').Look} */
const LOOK = { smoothing: 0, logarithmic: false, over: 'steps' };

export class StageBar {
  #steps = new Peak();
  #seconds = new Peak();
  #best = new Peak();
  /** What is counted: a run, or a simulation without one. @type {unknown} */
  #counted = null;
  #began = 0;
  #drawn = 0;

  /** @param {Coach} training @param {() => void} enlarge  the curves */
  constructor(training, enlarge) {
    this.training = training;
    this.values = NAMES.map(() => h('dd', {}, '–'));
    this.plot = returnPlot();
    this.curve = h('button', {
      class: 'stage-curve card', hidden: true, title: 'Show the curves large (C)', onclick: enlarge,
    }, this.plot.element);
    this.element = h('div', { class: 'stage-figures' },
      h('dl', { class: 'card', 'aria-label': 'Key figures' },
        ...NAMES.map((name, i) => h('div', {}, h('dt', {}, name), this.values[i]))),
      this.curve);
  }

  /** An episode has ended. @param {number} episodeReturn */
  note(episodeReturn) {
    this.#best.add(episodeReturn);
  }

  /** @param {WebSim} sim @param {number} now  in ms @param {boolean} large  whether the curves are shown large */
  update(sim, now, large) {
    const { run, active } = this.training;
    const learning = active ? run : null;
    this.#count(learning?.id ?? sim, now);
    const stats = sim.stats();
    const speed = learning && Number.isFinite(learning.speed) ? learning.speed : stats.environmentStepsPerSecond;
    const figures = [
      count(sim.numEnvs),
      `${(this.#steps.add(learning?.globalStep ?? stats.environmentSteps) / 1e6).toFixed(2)} M`,
      short(speed),
      measure(this.#best.value),
      measure(learning?.recentReturn ?? stats.meanReturn),
      duration(this.#seconds.add(learning?.seconds ?? (now - this.#began) / 1000)),
    ];
    figures.forEach((text, i) => setText(this.values[i], text));
    this.curve.hidden = !learning || learning.log.length < 2 || large;
    if (!this.curve.hidden && learning && learning.log.length !== this.#drawn) {
      this.#drawn = learning.log.length;
      this.plot.draw(learning.log, LOOK, null);
    }
  }

  /** Counters begin anew with another run or simulation only. @param {unknown} counted @param {number} now */
  #count(counted, now) {
    if (counted === this.#counted) return;
    this.#counted = counted;
    this.#began = now;
    this.#drawn = 0;
    for (const peak of [this.#steps, this.#seconds, this.#best]) peak.clear();
  }

  /** Colours have changed. */
  invalidate() {
    this.plot.invalidate();
    this.#drawn = 0;
  }
}
