/**
 * The world of the robots as a form: what differs from one to the other, and what disturbs them. Changes
 * wait until they are applied, because then all robots begin anew.
 */

import { h, setText } from '../dom.js';
import { entriesOf, levelOf, retargeted, summaryOf, timed, withWorld, worldOf } from './entries.js';
import { WorldFields } from './fields.js';
import { terrainFields } from './terrain.js';

/**
 * @typedef {import('./entries.js').Entry} Entry
 * @typedef {import('./entries.js').World} World
 * @typedef {import('./entries.js').EventTerm} EventTerm
 * @typedef {import('../../sim/shared/messages.js').Worlds} Worlds
 */

const ALIKE = 'All robots are alike, and nothing disturbs them.';

/** In the list of what can be added. */
const ANOTHER = 'another';

const MODES = { startup: 'once', reset: 'in each episode', interval: 'again and again' };
const OPERATIONS = { abs: '= in its place', scale: '× times it', add: '+ added to it' };
const DISTRIBUTIONS = { uniform: 'uniform', log_uniform: 'log-uniform', gaussian: 'Gaussian' };

export class WorldForm {
  /** As it is simulated. @type {World} */
  #world = {};
  /** As it is shown. @type {Entry[]} */
  #entries = [];
  #fields = new WorldFields();
  #able = true;
  #learning = false;
  #applying = false;

  /**
   * @param {Worlds} worlds
   * @param {{apply: (world: World | null) => Promise<void>, drawAgain: () => void}} actions
   */
  constructor(worlds, { apply, drawAgain }) {
    this.worlds = worlds;
    this.whole = /** @type {import('./terrain.js').Whole} */ (worlds.terrain);
    this.apply = apply;
    this.note = h('p', { class: 'subtle' }, ALIKE);
    this.list = h('ul', { class: 'world-entries' });
    this.add = h('select', { id: 'world-add', 'aria-label': 'Add to the world' },
      h('option', { value: '' }, 'Add…'),
      ...Object.keys(worlds.ready).map((name) => h('option', { value: name }, name)),
      h('option', { value: ANOTHER }, 'Another event…'));
    this.add.addEventListener('change', () => this.#add());
    this.problem = h('p', { class: 'problem', role: 'alert' });
    this.button = h('button', { class: 'primary', disabled: true, onclick: () => this.#apply() }, 'Apply');
    this.again = h('button', { title: 'Other numbers: all robots begin anew, with another seed', onclick: drawAgain }, 'Draw again');
    this.fields = h('fieldset', {}, this.list, this.add,
      h('div', { class: 'row world-actions' }, this.button, this.again));
    this.element = h('div', { class: 'world' }, this.note, this.fields, this.problem);
    this.#build();
  }

  /**
   * Shows what is simulated. What has been changed and not applied stays, unless the world is another one.
   *
   * @param {import('../../sim/shared/protocol.js').Experiment | null} experiment  null: there are several types
   */
  show(experiment) {
    this.#able = experiment !== null;
    const world = experiment?.world ?? {};
    if (JSON.stringify(world) !== JSON.stringify(this.#world)) {
      this.#world = world;
      this.#entries = entriesOf(world);
      setText(this.problem, '');
      this.#build();
    }
    this.#update();
  }

  /** While robots learn their world stays as it is. @param {boolean} learning */
  lock(learning) {
    this.#learning = learning;
    this.#update();
  }

  get #changed() {
    return JSON.stringify(worldOf(this.#entries, this.#world)) !== JSON.stringify(worldOf(entriesOf(this.#world), this.#world));
  }

  async #apply() {
    this.#applying = true;
    setText(this.problem, '');
    this.#update();
    try {
      await this.apply(worldOf(this.#entries, this.#world));
    } catch (error) {
      setText(this.problem, /** @type {Error} */ (error).message);
    }
    this.#applying = false;
    this.#update();
  }

  #add() {
    const { value } = this.add;
    this.add.value = '';
    const [target] = this.worlds.targets;
    /** @type {EventTerm} */
    const event = { mode: 'startup', target: target.name, operation: 'scale', range: [0.8, 1.2] };
    const world = value === ANOTHER ? { events: [event] } : /** @type {World} */ (this.worlds.ready[value]);
    this.#entries = withWorld(this.#entries, world);
    this.#build();
    const details = this.list.querySelector(':scope > li:last-child > details');
    if (value === ANOTHER && details) /** @type {HTMLDetailsElement} */ (details).open = true;
    this.#update();
  }

  /** Makes the list anew. */
  #build() {
    this.list.replaceChildren(...this.#entries.map((entry) => this.#entry(entry)));
  }

  /** @param {Entry} entry */
  #summary(entry) {
    return summaryOf(entry, this.whole);
  }

  /** @param {Entry} entry */
  #entry(entry) {
    const text = h('span', {}, this.#summary(entry));
    const body = h('div', { class: 'world-fields' });
    const told = () => {
      setText(text, this.#summary(entry));
      this.#update();
    };
    // Other fields after a choice; what is typed leaves them, and the focus, where they are.
    const fill = () => {
      const fields = entry.kind === 'terrain' ? terrainFields(entry, this.#fields, this.whole, fill, told) : entry.kind === 'event' ? this.#eventFields(entry, fill, told)
        : entry.kind === 'noise' ? this.#noiseFields(entry, fill, told) : this.#delayFields(entry, told);
      body.replaceChildren(...fields);
      told();
    };
    const details = h('details', {}, h('summary', {}, text), body);
    // What nobody opens needs no fields.
    details.addEventListener('toggle', () => details.open && !body.firstChild && fill());
    return h('li', {}, details, h('button', {
      class: 'quiet', 'aria-label': `Remove ${this.#summary(entry)}`,
      onclick: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
        this.#build();
        this.#update();
      },
    }, '×'));
  }

  /** @param {Extract<Entry, {kind: 'event'}>} entry @param {() => void} chosen @param {() => void} typed */
  #eventFields(entry, chosen, typed) {
    const set = (/** @type {Partial<EventTerm>} */ change, changed = chosen) => {
      entry.event = timed({ ...entry.event, ...change });
      changed();
    };
    const { event } = entry;
    const { targets, distributions } = this.worlds;
    const target = /** @type {typeof targets[number]} */ (targets.find(({ name }) => name === event.target) ?? targets[0]);
    const between = event.interval_range_s;
    return [
      this.#fields.choice('What', targets.map(({ name, help }) => [name, `${name} (${help})`]), target.name, (name) => {
        entry.event = retargeted(entry.event, /** @type {typeof target} */ (targets.find((other) => other.name === name)));
        chosen();
      }),
      this.#fields.choice('When', named(target.modes, MODES), event.mode, (mode) => set({ mode: /** @type {EventTerm['mode']} */ (mode) })),
      this.#fields.choice('How', named(target.operations, OPERATIONS), event.operation,
        (operation) => set({ operation: /** @type {EventTerm['operation']} */ (operation) })),
      this.#fields.choice('Distribution', named(distributions, DISTRIBUTIONS), event.distribution ?? 'uniform',
        (distribution) => set({ distribution: /** @type {EventTerm['distribution']} */ (distribution) })),
      ...this.#fields.numbers(event.range, event.distribution === 'gaussian' ? ['Mean', 'Deviation'] : ['From', 'to'], (range) => set({ range }, typed)),
      ...(between ? this.#fields.numbers(between, ['Every, from s', 'to s'], (range) => set({ interval_range_s: range }, typed)) : []),
      this.#fields.check('Wider level by level, as the robot achieves more', Boolean(event.level),
        (on) => set({ level: on ? levelOf(event) : null }, typed)),
      ...(target.kind ? [
        this.#fields.names(event.names ?? [], target.kind, (names) => set({ names }, typed)),
        this.#fields.check('One number for all of them', event.shared_random ?? false, (shared_random) => set({ shared_random }, typed)),
      ] : []),
    ];
  }

  /** @param {Extract<Entry, {kind: 'noise'}>} entry @param {() => void} chosen @param {() => void} typed */
  #noiseFields({ noise }, chosen, typed) {
    const gaussian = (noise.distribution ?? 'gaussian') === 'gaussian';
    return [
      this.#fields.choice('Distribution', named(this.worlds.distributions, DISTRIBUTIONS), noise.distribution ?? 'gaussian', (distribution) => {
        noise.distribution = /** @type {typeof noise.distribution} */ (distribution);
        chosen();
      }),
      this.#fields.choice('How', named(['add', 'scale'], OPERATIONS), noise.operation ?? 'add', (operation) => {
        noise.operation = /** @type {typeof noise.operation} */ (operation);
        chosen();
      }),
      ...this.#fields.numbers(noise.range, gaussian ? ['Mean', 'Deviation'] : ['From', 'to'], (range) => {
        noise.range = range;
        typed();
      }),
    ];
  }

  /** @param {Extract<Entry, {kind: 'delay'}>} entry @param {() => void} typed */
  #delayFields(entry, typed) {
    return this.#fields.numbers(entry.lags, ['From, steps', 'to, steps'], (lags) => {
      entry.lags = lags;
      typed();
    }, this.worlds.mostLag);
  }

  #update() {
    const empty = worldOf(this.#entries, this.#world) === null;
    const changed = this.#changed;
    setText(this.note, !this.#able ? 'There are several types of robots: choose one of them to change its world.'
      : this.#learning ? 'While robots learn their world stays as it is. Stop training to change it; what has been learnt begins anew in another world.'
        : empty ? ALIKE : changed ? 'Not applied yet: then all robots begin anew.' : '');
    this.note.hidden = this.note.textContent === '';
    this.fields.disabled = !this.#able || this.#learning || this.#applying;
    this.button.disabled = !changed;
    this.again.disabled = changed || empty;
    setText(this.button, this.#applying ? 'Trying it…' : 'Apply');
  }
}

/** @param {string[]} values @param {Record<string, string>} texts @returns {[string, string][]} */
const named = (values, texts) => values.map((value) => [value, texts[value] ?? value]);
