/** Takes a policy that another program learnt: what its actions mean is tried and shown before anybody decides. */

import { h, setText } from '../dom.js';
import { titleOf } from '../experiment.js';
import { count, measure } from '../format.js';
import { fileInput } from '../opening/files.js';
import { Work } from '../sharing/work.js';
import { loading } from './library.js';
import { ExchangeSheet } from './sheet.js';

/**
 * @typedef {import('../../sim/shared/messages.js').Taking} Taking
 *
 * @typedef {object} Settings
 * @property {File} policy
 * @property {File|null} statistics  that observations are normalised by
 * @property {import('../../sim/shared/protocol.js').Experiment} experiment  with the robots that it is for
 * @property {(file: File) => Promise<void>} openRun
 */

/** What actions can mean. @type {Record<string, string>} */
const MEANINGS = {
  'as-is': 'Its actions as they are',
  normalized: '−1 and 1 mean the bounds of actions',
  squashed: 'A tanh is missing; then −1 and 1 mean the bounds',
};

export class TakeSheet extends ExchangeSheet {
  /** @type {Taking[]} */
  #takings = [];

  /** @param {Settings} settings */
  constructor(settings) {
    super('A policy of another program');
    this.settings = settings;
    this.statistics = settings.statistics;
    this.work = new Work(this.closing.signal);
    this.beside = h('span', {});
    const input = fileInput({ accept: '.npz,.json,.pkl,.safetensors' }, (files) => {
      [this.statistics] = Object.values(files);
      this.#try();
    });
    this.choose = h('button', { onclick: () => input.click() }, 'Statistics…');
    this.choices = h('div', { class: 'choices', role: 'radiogroup', 'aria-label': 'What its actions mean' });
    this.use = h('button', { class: 'primary', disabled: true, onclick: () => this.#use() }, 'Use it');
    this.element.append(
      h('h2', {}, `The policy in ${settings.policy.name}`),
      h('p', {}, `It is tried with ${titleOf(settings.experiment)}: one episode for each thing that its actions may mean.`),
      h('div', { class: 'row' }, this.beside, this.choose, input),
      this.work.element, this.choices,
      h('div', { class: 'row' }, this.use, h('button', { onclick: () => this.element.close() }, 'Cancel')),
    );
  }

  /** @override */
  open() {
    super.open();
    return this.#try();
  }

  /** Plays the episodes, and shows what came of them. */
  async #try() {
    const { policy, experiment } = this.settings;
    setText(this.beside, this.statistics ? `Observations are normalised by ${this.statistics.name}.`
      : 'Observations go in as they are, or are normalised inside.');
    this.choices.replaceChildren();
    this.use.disabled = true;
    const takings = await this.work.run([this.choose], async (say, signal) => {
      const [exchange, data, statistics] = await Promise.all([this.exchange, policy.arrayBuffer(), this.statistics?.arrayBuffer()]);
      exchange.onLibrary = loading(say);
      return exchange.take(data, experiment, { statistics, title: titleOfFile(policy) }, ({ steps }) => say(`Playing: ${count(steps)} steps of episodes that are over`), signal);
    });
    if (!takings) return;
    this.#takings = takings;
    this.work.say('');
    this.choices.replaceChildren(...takings.map((taking, i) => this.#choice(taking, i)));
    this.use.disabled = false;
    this.use.focus();
  }

  /** @param {Taking} taking @param {number} i */
  #choice({ actions, problem, episodeReturn, length }, i) {
    const input = h('input', { type: 'radio', name: 'taking', value: String(i), checked: i === 0, disabled: Boolean(problem) });
    const outcome = problem || `returned ${measure(episodeReturn ?? NaN)} in an episode of ${count(length)} steps`;
    return h('label', {}, h('span', {}, input, ` ${MEANINGS[actions]}`), h('small', {}, outcome));
  }

  async #use() {
    const chosen = this.choices.querySelector('input:checked');
    const { archive } = this.#takings[Number(/** @type {HTMLInputElement} */ (chosen).value)];
    const name = `${titleOfFile(this.settings.policy)}.websim`;
    this.use.disabled = true;
    try {
      await this.settings.openRun(new File([/** @type {Uint8Array<ArrayBuffer>} */ (archive)], name));
      this.element.close();
    } catch (error) {
      this.use.disabled = false;
      this.work.say(/** @type {Error} */ (error).message);
    }
  }
}

/** @param {File} file */
const titleOfFile = ({ name }) => name.replace(/\.\w+$/, '').slice(0, 200);
