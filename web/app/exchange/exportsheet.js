/** For other programs: a policy, and episodes that are played by it or by chance, in the formats that they read. */

import { h } from '../dom.js';
import { titleOf } from '../experiment.js';
import { bytes, count } from '../format.js';
import { download } from '../opening/files.js';
import { trusting } from '../opening/questions.js';
import { Work } from '../sharing/work.js';
import { loading } from './library.js';
import { ExchangeSheet } from './sheet.js';

/**
 * @typedef {object} Exportable
 * @property {import('../../sim/shared/protocol.js').Experiment} experiment
 * @property {ArrayBuffer|null} run  its file; null: nothing is learnt yet
 * @property {string} name  of what is made of it, without what stands behind the point
 */

/** @type {[format: import('../../sim/shared/protocol.js').PolicyFormat, name: string][]} */
const FORMATS = [['onnx', 'ONNX'], ['tfjs', 'TensorFlow.js'], ['safetensors', 'safetensors']];

export class ExportSheet extends ExchangeSheet {
  /** Whether somebody has said that the run's code may do anything. */
  #trusted = false;

  /** @param {Exportable} exportable */
  constructor({ experiment, run, name }) {
    super('For other programs');
    this.run = run;
    this.name = name;
    this.experiment = experiment;
    this.policyWork = new Work(this.closing.signal);
    this.saves = FORMATS.map(([format, name]) => h('button', { class: format === 'onnx' ? 'primary' : '', onclick: () => this.#save(format) }, `Save as ${name}`));
    this.recordWork = new Work(this.closing.signal);
    const number = (/** @type {Record<string, unknown>} */ properties) => h('input', { type: 'number', required: true, ...properties });
    this.episodes = number({ min: '1', max: '10000000', step: '1', value: '100' });
    this.seed = number({ min: '0', step: '1', value: '0' });
    this.random = number({ min: '0', max: '1', step: 'any', value: run ? '0' : '1', disabled: !run });
    this.format = h('select', {}, h('option', { value: 'npz' }, 'NumPy’s .npz'), h('option', { value: 'minari' }, 'Minari’s dataset, as .zip'));
    this.record = h('button', { class: 'primary', onclick: () => this.#record() }, 'Record');
    this.element.append(
      h('h2', {}, `${titleOf(experiment)} for other programs`),
      ...run ? [h('section', { 'aria-label': 'The policy' },
        h('h3', {}, 'The policy'),
        h('p', { class: 'subtle' }, 'Takes observations as they are and gives actions within their bounds: what normalises and clips is inside.'),
        h('div', { class: 'row' }, ...this.saves), this.policyWork.element)] : [],
      h('section', { 'aria-label': 'Episodes' },
        h('h3', {}, 'Episodes'),
        h('p', { class: 'subtle' }, 'They are played in a worker of their own, to their ends and without noise, and written down: observations, actions, rewards and their terms, states.'),
        h('label', {}, 'Episodes', this.episodes), h('label', {}, 'Seed of the first', this.seed),
        h('label', {}, 'Share of them that chance plays', this.random),
        h('label', {}, 'Format', this.format),
        this.record, this.recordWork.element),
      h('button', { class: 'close', onclick: () => this.element.close() }, 'Close'),
    );
  }

  /** @param {import('../../sim/shared/protocol.js').PolicyFormat} format */
  async #save(format) {
    const model = await this.policyWork.run(this.saves, () => this.#ask((exchange, trusted) => (
      exchange.toPolicy(/** @type {ArrayBuffer} */ (this.run), format, { trusted })
    )));
    if (!model) return;
    const file = `${this.name}.${format === 'tfjs' ? 'tfjs.zip' : format}`;
    download(new Blob([model]), file);
    this.policyWork.say(`${file}: ${bytes(model.length)}`);
  }

  async #record() {
    const inputs = [this.episodes, this.seed, this.random];
    if (!inputs.every((input) => input.reportValidity())) return;
    const [episodes, seed, random] = inputs.map(({ valueAsNumber }) => valueAsNumber);
    const { run, experiment } = this;
    const format = /** @type {import('../../sim/shared/messages.js').RecordingOrder['format']} */ (this.format.value);
    const name = `${this.name}.${format === 'npz' ? 'npz' : 'zip'}`;
    const file = await this.recordWork.run([this.record], (say, signal) => this.#ask((exchange, trusted) => {
      exchange.onLibrary = loading(say);
      return exchange.record({ run, experiment: run ? null : experiment, trusted, order: { episodes, seed, random, format } }, (told) => {
        say(`${count(told.episodes)} of ${count(told.of)} episodes are over: ${count(told.steps)} steps, ${bytes(told.size)}`, told.episodes / told.of);
      }, signal);
    }));
    if (!file) return;
    download(file, name);
    this.recordWork.say(`${name}: ${bytes(file.size)}`);
  }

  /** @template T @param {(exchange: import('../../sim/page/exchange.js').Exchange, trusted: boolean) => Promise<T>} work @returns {Promise<T|null>}  null: its code is not to run */
  async #ask(work) {
    const exchange = await this.exchange;
    return trusting('the code of this run', (trusted) => {
      this.#trusted = trusted;
      return work(exchange, trusted);
    }, this.#trusted);
  }
}
