/** Hands on the robots that are shown: who may be moved, the mode in which a drag pulls, the followed one by hand. */

import { h, setText } from '../../dom.js';
import { download } from '../../opening/files.js';
import { HandControls } from './controls.js';
import { Pull } from './pull.js';

/**
 * @typedef {import('../../../sim/websim.js').WebSim} WebSim
 * @typedef {import('../../../sim/websim.js').Group} Group
 * @typedef {import('./grip.js').Grip} Grip
 */

export class Hands {
  /** @type {Pull|null} */
  #pull = null;

  /**
   * @param {object} host
   * @param {() => WebSim|null} host.sim
   * @param {(message: string) => void} host.tell
   * @param {(error: Error) => void} host.report
   */
  constructor(host) {
    this.host = host;
    this.mode = h('button', {
      'aria-pressed': 'false', title: 'A drag pulls robots, as it does with Control held down', onclick: () => this.#switch(this.mode),
    }, 'Pull');
    this.all = h('button', { 'aria-pressed': 'false', hidden: true, title: 'All robots of its kind at once (Shift)', onclick: () => this.#switch(this.all) }, 'All');
    this.learners = h('input', { type: 'checkbox' });
    this.learnersText = h('span', {}, 'Also robots that learn');
    this.learnersLabel = h('label', { class: 'card', hidden: true }, this.learners, this.learnersText);
    this.save = h('button', {
      hidden: true, title: 'Save these robots and what hands did to them since the last reset, as a file that does it again', onclick: () => this.#save(),
    }, 'Save');
    this.element = h('div', { class: 'hands', role: 'group', 'aria-label': 'Hands' }, this.mode, this.all, this.save, this.learnersLabel);
    this.controls = new HandControls({ sim: host.sim, may: (group) => this.may(group), report: host.report });
  }

  /** The robots of a stage can be pulled. @param {import('../stage.js').Stage} stage */
  attach({ element, view }) {
    this.#pull = new Pull(element, {
      view,
      mode: () => pressed(this.mode),
      reach: (grip, shift) => this.#reach(grip, shift || pressed(this.all)),
      moves: (group) => this.#moves(group),
      tell: this.host.tell,
      report: this.host.report,
    });
    element.after(this.#pull.line);
  }

  /** Another simulation is shown. @param {WebSim} sim */
  show(sim) {
    const learns = sim.groups.some((group) => group.learns);
    this.save.hidden = true;
    sim.on('hand', () => (this.save.hidden = learns || !sim.handled));
    this.learnersLabel.hidden = !learns;
    if (!learns) this.learners.checked = false;
    setText(this.learnersText, `Also robots that learn${sim.isolated ? '' : ', after each iteration: memory is not shared'}`);
  }

  async #save() {
    const sim = this.host.sim();
    if (!sim) return;
    try {
      const { groups: [{ title }], seed } = sim;
      download(new Blob([await sim.saveExperiment()]), `${title}__hands__${seed}.websim`.replaceAll(/[^\w.-]/g, '-'));
    } catch (error) {
      this.host.report(/** @type {Error} */ (error));
    }
  }

  /** The simulation is about to go. */
  clear() {
    this.#pull?.end();
  }

  /** Whether hands may move robots of a group. @param {Group} group */
  may(group) {
    return !group.learns || this.learners.checked;
  }

  /** Whether robots of a group are simulated now. @param {Group} group */
  #moves({ learns }) {
    const sim = this.host.sim();
    return learns ? sim?.training?.state === 'running' : Boolean(sim?.running);
  }

  /** A drag pulls robots from now on. */
  begin() {
    if (!pressed(this.mode)) this.#switch(this.mode);
  }

  /** @param {HTMLButtonElement} button */
  #switch(button) {
    button.setAttribute('aria-pressed', String(!pressed(button)));
    this.all.hidden = !pressed(this.mode);
    if (this.all.hidden) this.all.setAttribute('aria-pressed', 'false');
  }

  /** See Pull. @param {Grip} grip @param {boolean} all */
  #reach({ group, sim }, all) {
    if (!this.may(group)) {
      this.host.tell('This robot learns, and is left alone: “Also robots that learn” lets hands move it.');
      return undefined;
    }
    if (!all) return null;
    const bodies = String(group.scene.bodyNames);
    return sim.groups.filter((one) => this.may(one) && String(one.scene.bodyNames) === bodies)
      .map(({ offset, numEnvs }) => ({ first: offset, count: numEnvs }));
  }
}

/** @param {HTMLButtonElement} button */
const pressed = (button) => button.getAttribute('aria-pressed') === 'true';
