/** The panel: what is simulated, how it runs and is drawn, and the live figures. */

import { h, icon, setText } from '../dom.js';
import { count, short } from '../format.js';
import { WHY_NOT_SHARED } from '../../sim/shared/memory.js';
import { WebSim } from '../../sim/websim.js';
import { choiceField, textField } from './fields.js';
import { Figures } from './figures.js';
import { Group } from './group.js';
import { PartsField } from './partsfield.js';
import { RobotField } from './robotfield.js';
import { PanelSearch } from './search.js';
import { Sheet } from './sheet.js';
import { Transport } from './transport.js';
import { Workers } from './workers.js';

/**
 * @typedef {import('./options.js').Options} Options
 */

const THEME = 'M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0';
const TRY = 'M12 3l2.6 5.6 6 .7-4.5 4.1 1.2 6L12 16.4 6.700 19.400l1.200-6L3.400 9.300l6-.7z';
const HELP = 'M9.2 9a3 3 0 1 1 4.3 2.7c-1 .5-1.5 1.2-1.5 2.3M12 17.6v.4';
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10];
const RATES = [60, 30, 15, 5, 1];

/**
 * @typedef {object} Actions
 * @property {(change: Partial<Options>) => void} change
 * @property {() => void} toggle @property {() => void} step @property {() => void} reset
 * @property {(files: import('../opening/files.js').Files) => void} open  what the user has chosen
 * @property {() => void} theme @property {() => void} help @property {() => void} welcome  what there is to try
 * @property {() => void} fold  the panel was folded or unfolded
 */

export class Panel {
  /** @type {{show: (options: Options) => void}[]} */
  #fields;

  /** @param {Actions} actions @param {string[]} tasks @param {{author: HTMLElement, train: HTMLElement, share: HTMLElement, code: HTMLElement}} parts  tournaments, the section on training, what of it is passed on, the way to reward and measure @param {import('../world/form.js').WorldForm} world */
  constructor(actions, tasks, { author, train, share, code }, world) {
    const { change } = actions;
    this.transport = new Transport(actions);
    this.figures = new Figures();
    this.workers = new Workers();

    const robot = new RobotField(tasks, change, actions.open);
    const envs = textField('envs', 'Environments', change);
    const workers = textField('workers', 'Workers', change);
    const seed = textField('seed', 'Seed', change, { numeric: true });
    const controller = choiceField('controller', 'Controller',
      WebSim.controllers.map((name) => ({ value: name, text: name })), change);
    const speed = choiceField('speed', 'Speed', [
      { value: 'unlimited', text: 'unlimited' },
      ...SPEEDS.map((value) => ({ value: String(value), text: `${value} × real time` })),
    ], change);
    const overview = choiceField('overview', 'Overview', [
      { value: 'cells', text: 'each in its cell' },
      { value: 'world', text: 'where they are' },
    ], change);
    const draw = textField('draw', 'Drawn in full', change);
    const fps = choiceField('fps', 'Draw rate', [
      { value: 'auto', text: 'auto' },
      ...RATES.map((value) => ({ value: String(value), text: `${value} a second` })),
    ], change);
    // Several types have their numbers with them.
    robot.onSeveral = (several) => (envs.element.hidden = several);
    this.robot = robot;
    this.world = world;
    this.controller = controller;
    const parts = new PartsField(change);
    this.#fields = [robot, envs, workers, seed, speed, overview, draw, fps, parts];

    this.drawing = h('p', { class: 'subtle', id: 'drawing' });
    this.mode = h('p', { class: 'mode', hidden: true });
    this.summary = h('span', { class: 'summary' });
    this.sheet = new Sheet(() => this.element, actions.fold);
    this.simulation = h('fieldset', {}, robot.element,
      h('div', { class: 'grid' }, envs.element, workers.element, seed.element));
    this.reason = h('p', { class: 'subtle', id: 'choice' });
    this.locked = h('p', { class: 'subtle', hidden: true }, 'While robots learn, their number is the hyperparameter num_envs. '
      + 'Stop training to change the simulation.');
    this.groups = {
      robots: new Group('robots', 'Robots', true, this.simulation, this.reason, this.locked, h('div', { class: 'grid two' }, controller.element, speed.element)),
      learn: new Group('learn', 'Learn', true, train, h('h3', {}, 'Say what to learn'), author),
      world: new Group('world', 'World', false, world.element),
      code: new Group('code', 'Code', true, code),
      share: new Group('share', 'Share', true, share),
      view: new Group('view', 'View', false,
        h('div', { class: 'grid' }, overview.element, draw.element, fps.element), parts.element, this.drawing,
        h('h3', {}, 'Figures'), this.figures.element, h('h3', {}, 'Workers'), this.workers.element),
    };
    this.body = h('div', { class: 'body', id: 'panel-body' },
      ...Object.values(this.groups).map(({ element }) => element));
    this.search = new PanelSearch(this.body);
    this.element = h('aside', { class: 'panel', 'aria-label': 'Settings and figures' },
      this.sheet.handle,
      h('header', {},
        h('p', { class: 'name-of-page' }, 'MuJoCo WebSim'),
        h('button', { class: 'quiet', 'aria-label': 'What there is to try', title: 'What there is to try, and a tour', onclick: actions.welcome }, icon(TRY)),
        h('button', { class: 'quiet', 'aria-label': 'Dark or light', title: 'Dark or light (T)', onclick: actions.theme }, icon(THEME)),
        h('button', { class: 'quiet', 'aria-label': 'Help', title: 'Help (?)', onclick: actions.help }, icon(HELP))),
      h('div', { class: 'lead' }, this.transport.element, this.summary),
      this.search.element, this.mode, this.body);
  }

  /** @param {Options} options */
  show(options) {
    for (const field of this.#fields) field.show(options);
    if (!this.controller.select.disabled) this.controller.show(options);
    this.transport.show(options.paused);
  }

  /** Whether figures and workers can be seen: on a phone the panel is folded at first. */
  get open() {
    return this.figures.element.checkVisibility();
  }

  /** Brings a part of it into view. @param {keyof Panel['groups']} name */
  reveal(name) {
    this.sheet.unfold();
    const { element } = this.groups[name];
    this.groups[name].unfold();
    element.scrollIntoView({ block: 'nearest' });
    return element;
  }

  /** Lets a setting be found by its name. */
  find() {
    this.sheet.unfold();
    this.search.focus();
  }

  /**
   * What can be chosen as controller.
   *
   * @param {{value: string, text: string}[]} choices @param {Options} options
   * @param {string} learning  what moves robots that learn; empty without them
   */
  showControllers(choices, options, learning) {
    if (learning) {
      this.controller.offer([{ value: '', text: learning }]);
    } else {
      this.controller.offer(choices);
      this.controller.show(options);
    }
  }

  /**
   * While robots learn the simulation stays as it is.
   *
   * @param {import('../training/coach.js').TrainingState} state @param {boolean} learning
   */
  lock(state, learning) {
    this.simulation.disabled = learning;
    this.groups.robots.foldFor(learning);
    this.world.lock(learning);
    this.locked.hidden = !learning;
    this.controller.select.disabled = learning;
    this.transport.showLearning(state);
  }

  /** @param {boolean} isolated @param {string} reason  why there are so many workers and environments */
  showMode(isolated, reason) {
    setText(this.reason, reason);
    this.mode.hidden = isolated;
    setText(this.mode, `Slower mode, which shares no memory with workers: ${WHY_NOT_SHARED}.`);
  }

  /**
   * @param {WebSim} sim @param {number} now  in s
   * @param {import('../stage/stage.js').Status} status  of the view
   * @param {string} training  how far it is, or empty
   */
  update(sim, now, status, training) {
    const stats = sim.stats();
    this.groups.robots.say(lineOf(sim.groups, this.controller.select.selectedOptions[0]?.text ?? ''));
    setText(this.summary, training || `${short(stats.physicsStepsPerSecond)} physics steps/s`);
    setText(this.drawing, drawingText(status));
    const { open } = this;
    this.figures.update(stats, now, open);
    if (open) this.workers.update(stats.workerLoads);
  }
}

/**
 * What is simulated, in a line.
 *
 * @param {WebSim['groups']} groups @param {string} controller  of those that do not learn
 */
function lineOf(groups, controller) {
  const robots = groups.map(({ title, numEnvs, learns }) => `${title} · ${count(numEnvs)}${learns ? ' learn' : ''}`);
  const [first, ...beside] = groups;
  if (!first.learns) return `${robots.join(', ')} · ${controller}`;
  const others = beside.reduce((sum, { numEnvs }) => sum + numEnvs, 0);
  return others ? `${robots[0]} · ${count(others)} beside` : robots[0];
}

/** @param {import('../stage/stage.js').Status} status */
function drawingText({ full, inView, total, reason }) {
  const all = inView < total ? `Drawing ${count(inView)} of ${count(total)}, all in view` : `Drawing all ${count(total)}`;
  return full < inView ? `${all}: ${count(full)} in full (${reason})` : all;
}
