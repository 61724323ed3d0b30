/** The followed robot from inside: observation, action, reward and state. */

import { h, setText } from '../dom.js';
import { count, measure } from '../format.js';
import { themeColor } from '../theme.js';
import { kindText } from '../world/terrain.js';
import { Rewind } from './rewind.js';

/**
 * @typedef {import('../../sim/websim.js').WebSim} WebSim
 * @typedef {ReturnType<WebSim['getEnvironmentState']>} State
 * @typedef {import('../../sim/websim.js').Group} Group
 */

/** Observations are shown up to this size; nearly all of Gymnasium's are within it. */
const OBSERVATION_RANGE = 5;

const OBSERVATION_HEIGHT = 56;

/** The number that says on what kind of ground a robot stands (`websim.worlds.running.TILE`). */
const KIND = 'terrain kind';

/** How the name of a level ends. */
const LEVEL = ' level';

const RETURN = 'Return so far';

/** Where bounds of actions come from, if nothing is to be said of it. */
const USUAL = 'ctrlrange';

/** Where bounds come from, in words. @param {string} source  see `websim.action_ranges` */
const originOf = (source) => (source === 'default' ? 'default, as the model sets no limits' : source);

export class Details {
  /** @type {Group|null} */
  #group = null;
  /** @type {State|null} */
  #state = null;

  /**
   * @param {{close: () => void, step: (by: number) => void}} actions
   * @param {import('./hands/controls.js').HandControls} byHand
   */
  constructor({ close, step }, byHand) {
    this.byHand = byHand;
    this.rewind = new Rewind();
    this.title = h('h2');
    this.subtitle = h('p', { class: 'subtle' });
    this.figures = h('dl', { class: 'tiles' });
    this.actions = h('div', { class: 'bars' });
    /** Where bounds of actions come from that the model does not say in so many words. */
    this.bounds = h('p', { class: 'subtle bounds' });
    this.rewards = h('table', { class: 'terms' });
    this.drawn = h('table', { class: 'terms' });
    this.world = h('details', { open: true }, h('summary', {}, 'Its own world'), this.drawn);
    this.observation = h('canvas', { class: 'observation', role: 'img' });
    this.observationLabel = h('h3', {}, 'Observation');
    this.observationValue = h('span', { class: 'subtle' });
    this.positions = h('p', { class: 'numbers' });
    this.velocities = h('p', { class: 'numbers' });
    this.element = h('section', { class: 'details card', 'aria-label': 'Followed robot', hidden: true },
      h('header', {},
        h('div', {}, this.title, this.subtitle),
        h('button', { class: 'quiet', 'aria-label': 'Robot before', onclick: () => step(-1) }, '‹'),
        h('button', { class: 'quiet', 'aria-label': 'Next robot', onclick: () => step(1) }, '›'),
        h('button', { class: 'quiet', 'aria-label': 'Back to the overview', onclick: close }, '×')),
      h('div', { class: 'scroll' },
        this.figures,
        this.rewind.element,
        h('h3', {}, 'Reward'), this.rewards,
        this.world,
        h('h3', {}, 'Action'), this.actions, this.bounds,
        h('div', { class: 'heading' }, this.observationLabel, this.observationValue), this.observation,
        byHand.element,
        h('details', {}, h('summary', {}, 'Positions and velocities'),
          h('h3', {}, 'qpos'), this.positions, h('h3', {}, 'qvel'), this.velocities)));
    this.observation.addEventListener('pointermove', ({ offsetX }) => this.#point(offsetX));
    this.observation.addEventListener('pointerleave', () => setText(this.observationValue, ''));
  }

  /**
   * Opens for a robot.
   *
   * @param {Group} group @param {number} index  of the environment
   */
  open(group, index) {
    setText(this.title, `${group.title} ${index - group.offset}`);
    setText(this.observationLabel, `Observation (${group.observationSize})`);
    this.observation.setAttribute('aria-label', `Observation: ${group.observationSize} values as bars`);
    if (group !== this.#group) {
      this.#group = group;
      this.#buildActions(group);
      this.#buildTerms(group.rewardTerms);
      this.#buildWorld(group);
      this.#buildFigures();
    }
    this.byHand.open(group, index);
    this.element.hidden = false;
  }

  close() {
    this.element.hidden = true;
    this.#state = null;
  }

  #buildFigures() {
    const tile = (/** @type {string} */ name) => {
      const value = h('dd', {}, '–');
      const label = h('dt', {}, name);
      return { label, value, element: h('div', {}, label, value) };
    };
    this.tiles = { return: tile(RETURN), length: tile('Length'), reward: tile('Reward'), time: tile('Time') };
    this.figures.replaceChildren(...Object.values(this.tiles).map(({ element }) => element));
  }

  /** @param {Group} group */
  #buildActions({ actionNames, actionSize, actionLow, actionHigh, actionSources }) {
    this.bars = Array.from({ length: actionSize }, (_, i) => {
      const bar = h('i');
      const value = h('span', { class: 'value' });
      const title = `${measure(actionLow[i])} to ${measure(actionHigh[i])} (${originOf(actionSources[i])})`;
      return { bar, value, row: h('div', { title }, h('span', {}, actionNames[i]), h('b', {}, bar), value) };
    });
    this.actions.replaceChildren(...this.bars.map(({ row }) => row));
    const unsaid = [...new Set(actionSources)].filter((source) => source !== USUAL).map((source) => {
      const which = actionSources.flatMap((one, i) => (one === source ? [actionNames[i]] : []));
      return `${which.length === actionSize ? 'all' : which.join(', ')} by ${originOf(source)}`;
    });
    this.bounds.hidden = unsaid.length === 0;
    setText(this.bounds, `Bounds: ${unsaid.join('; ')}.`);
  }

  /** @param {string[]} names */
  #buildTerms(names) {
    this.terms = names.map((name) => ({ name, value: h('td', {}, '–') }));
    this.rewards.replaceChildren(...this.terms.map(({ name, value }) => (
      h('tr', {}, h('th', { scope: 'row' }, name.replace(/^reward_/, '').replaceAll('_', ' ')), value)
    )));
  }

  /** What the world has drawn for this robot. @param {Group} group */
  #buildWorld({ worldValues }) {
    this.values = worldValues.map((name) => {
      const [, what, sign] = /** @type {RegExpMatchArray} */ (name.match(/^(.*?) ?([=*+]?)$/));
      return { name, sign: sign === '*' ? '×' : sign, what, value: h('td', {}, '–') };
    });
    this.drawn.replaceChildren(...this.values.map(({ what, value }) => h('tr', {}, h('th', { scope: 'row' }, what), value)));
    this.world.hidden = worldValues.length === 0;
  }

  /** @param {State} state @param {string} controller  what moves it */
  update(state, controller) {
    const group = this.#group;
    if (!group || !this.tiles) return;
    this.#state = state;
    setText(this.subtitle, `Environment ${count(state.index)} · worker ${state.worker} · ${controller}`);
    // Robots that moved before Python was up were not rewarded then.
    setText(this.tiles.return.label, state.unrewardedSteps ? `Return since step ${count(state.unrewardedSteps)}` : RETURN);
    setText(this.tiles.return.value, measure(state.episodeReturn));
    setText(this.tiles.length.value, count(state.episodeLength));
    setText(this.tiles.reward.value, measure(state.reward));
    setText(this.tiles.time.value, `${state.time.toFixed(2)} s`);
    const names = Object.keys(state.rewardTerms);
    if (names.join() !== this.terms?.map(({ name }) => name).join()) this.#buildTerms(names);
    for (const { name, value } of this.terms ?? []) setText(value, measure(state.rewardTerms[name]));
    for (const { name, sign, value } of this.values ?? []) {
      setText(value, ownText(name, sign, state.worldValues[name], group.terrainKinds));
    }
    this.bars?.forEach(({ bar, value }, i) => {
      const [low, high] = [group.actionLow[i], group.actionHigh[i]];
      const middle = (low + high) / 2;
      const part = Math.max(-1, Math.min(1, (state.action[i] - middle) / ((high - low) / 2 || 1)));
      bar.style.transform = `scaleX(${part.toFixed(3)})`;
      setText(value, measure(state.action[i]));
    });
    setText(this.positions, [...state.qpos].map(measure).join('  '));
    setText(this.velocities, [...state.qvel].map(measure).join('  '));
    this.byHand.update(state);
    this.#drawObservation(state.observation);
  }

  /** @param {Float64Array} values */
  #drawObservation(values) {
    const { observation: canvas } = this;
    const [width, height] = [canvas.clientWidth * devicePixelRatio, OBSERVATION_HEIGHT * devicePixelRatio];
    if (!width) return;
    if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.clearRect(0, 0, width, height);
    context.fillStyle = themeColor('--line');
    context.fillRect(0, height / 2, width, 1);
    context.fillStyle = themeColor('--accent');
    const step = width / values.length;
    values.forEach((value, i) => {
      const part = Math.max(-1, Math.min(1, value / OBSERVATION_RANGE));
      context.fillRect(i * step, height / 2, Math.max(1, step - 1), (-part * height) / 2);
    });
  }

  /** Shows the value under the pointer. @param {number} x */
  #point(x) {
    if (!this.#state) return;
    const { observation } = this.#state;
    const i = Math.min(observation.length - 1, Math.floor((x / this.observation.clientWidth) * observation.length));
    if (i >= 0) setText(this.observationValue, `${this.#group?.observationNames[i] || `[${i}]`} = ${measure(observation[i])}`);
  }
}

/** What a world has drawn for a robot, as text. @param {string} name @param {string} sign @param {number} value @param {string[]} kinds */
function ownText(name, sign, value, kinds) {
  if (name === KIND) return kindText(kinds[value] ?? '–');
  return name.endsWith(LEVEL) ? String(value) : `${sign} ${measure(value)}`;
}
