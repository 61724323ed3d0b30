/** The followed robot by hand: its actuators held, its joints set, its keyframes. */

import { h, setText } from '../../dom.js';
import { measure } from '../../format.js';

/**
 * @typedef {import('../../../sim/websim.js').WebSim} WebSim
 * @typedef {import('../../../sim/websim.js').Group} Group
 * @typedef {ReturnType<WebSim['getEnvironmentState']>} State
 */

/** What a joint without limits can be set to, in radians and in metres. */
const UNLIMITED = { angle: Math.PI, length: 2 };

/** Steps of a slider. */
const STEPS = 200;

export class HandControls {
  /** @type {Group|null} */
  #group = null;
  #index = 0;
  /** @type {State|null} */
  #state = null;
  /** The action that is held, if one is. @type {number[]|null} */
  #held = null;
  /** A slider that is being moved shows what it is moved to. @type {HTMLInputElement|null} */
  #moving = null;
  /** @type {ReturnType<HandControls['slider']>[]} */
  #actuators = [];
  /** @type {ReturnType<HandControls['slider']>[]} */
  #joints = [];

  /**
   * @param {object} host
   * @param {() => WebSim|null} host.sim
   * @param {(group: Group) => boolean} host.may  whether hands may move robots of a group
   * @param {(error: Error) => void} host.report
   */
  constructor(host) {
    this.host = host;
    this.actuators = h('div', { class: 'sliders' });
    this.joints = h('div', { class: 'sliders' });
    this.keyframes = h('div', { class: 'keyframes' });
    this.letGo = h('button', { onclick: () => this.#letGo() }, 'Let go');
    this.learns = h('p', { class: 'subtle', hidden: true }, 'It learns: its actions are the learner’s.');
    this.jointsTitle = h('h3', {}, 'Joints');
    this.keyframesTitle = h('h3', {}, 'Keyframes');
    this.element = h('details', { class: 'by-hand' }, h('summary', {}, 'By hand'),
      h('h3', {}, 'Actuators'), this.learns, this.actuators,
      this.jointsTitle, this.joints, this.keyframesTitle, this.keyframes, this.letGo);
  }

  /** @param {Group} group @param {number} index  of the environment */
  open(group, index) {
    if (index !== this.#index || group !== this.#group) this.#held = this.#moving = null;
    this.#index = index;
    if (group !== this.#group) this.#build(group);
    this.#group = group;
    this.#allow();
  }

  /** @param {Group} group */
  #build(group) {
    const { actionNames, actionLow, actionHigh, joints, keyframes } = group;
    this.#actuators = Array.from({ length: group.actionSize }, (_, i) => (
      this.slider(actionNames[i], actionLow[i], actionHigh[i], (value) => this.#hold(i, value))
    ));
    this.#joints = joints.map(({ name, low, high, angle }, i) => {
      const most = angle ? UNLIMITED.angle : UNLIMITED.length;
      return this.slider(name, low ?? -most, high ?? most, (value) => this.#do((sim) => sim.setJoint(this.#index, i, value)));
    });
    this.actuators.replaceChildren(...this.#actuators.map(({ element }) => element));
    this.joints.replaceChildren(...this.#joints.map(({ element }) => element));
    this.keyframes.replaceChildren(...keyframes.map((name, i) => (
      h('button', { onclick: () => this.#do((sim) => sim.setKeyframe(this.#index, i)) }, name)
    )));
    this.jointsTitle.hidden = !joints.length;
    this.keyframesTitle.hidden = !keyframes.length;
  }

  /**
   * @param {string} name @param {number} low @param {number} high
   * @param {(value: number) => void} onMoved
   */
  slider(name, low, high, onMoved) {
    const value = h('span', { class: 'value' }, '–');
    const input = h('input', {
      type: 'range', min: low, max: high, step: (high - low) / STEPS || 1, 'aria-label': name, title: `${measure(low)} to ${measure(high)}`,
      oninput: () => {
        this.#moving = input;
        setText(value, measure(input.valueAsNumber));
        onMoved(input.valueAsNumber);
      },
      onchange: () => { this.#moving = null; },
    });
    const show = (/** @type {number} */ now) => {
      if (input === this.#moving) return;
      input.value = String(now);
      setText(value, measure(now));
    };
    return { element: h('label', {}, h('span', {}, name), input, value), input, show };
  }

  /** What may be moved now. */
  #allow() {
    const group = /** @type {Group} */ (this.#group);
    const may = this.host.may(group);
    this.learns.hidden = !group.learns;
    for (const { input } of this.#actuators) input.disabled = group.learns;
    for (const { input } of this.#joints) input.disabled = !may;
    for (const button of this.keyframes.children) /** @type {HTMLButtonElement} */ (button).disabled = !may;
  }

  /** @param {State} state */
  update(state) {
    this.#state = state;
    if (!this.element.open || !this.#group) return;
    this.#allow();
    this.#actuators.forEach(({ show }, i) => show(this.#held?.[i] ?? state.action[i]));
    this.#group.joints.forEach(({ address }, i) => this.#joints[i].show(state.qpos[address]));
  }

  /** @param {number} i  of the actuator @param {number} value */
  #hold(i, value) {
    if (!this.#state) return;
    // Those beside it stay as they are, within what they can be.
    const { actionLow, actionHigh } = /** @type {Group} */ (this.#group);
    this.#held ??= Array.from(this.#state.action, (one, k) => Math.min(actionHigh[k], Math.max(actionLow[k], one)));
    this.#held[i] = value;
    const held = this.#held;
    this.#do((sim) => sim.setAction(this.#index, held));
  }

  #letGo() {
    this.#held = this.#moving = null;
    const learns = this.#group?.learns;
    this.#do((sim) => {
      if (!learns) sim.setAction(this.#index, null);
      return sim.release(this.#index);
    });
  }

  /** @param {(sim: WebSim) => unknown} act */
  async #do(act) {
    const sim = this.host.sim();
    if (!sim) return;
    try {
      await act(sim);
    } catch (error) {
      this.host.report(/** @type {Error} */ (error));
    }
  }
}
