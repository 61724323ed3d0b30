/** What is seen while a simulation is made, and when that fails. */

import { h, setText } from './dom.js';
import { bytes } from './format.js';

/** @typedef {import('../sim/websim.js').Progress} Progress */

/** The stages in their order, as the user reads them. */
const STAGES = /** @type {const} */ ({
  manifest: 'Ask the server what there is',
  mujoco: 'Load MuJoCo',
  pyodide: 'Load Python',
  packages: 'Load numpy, Gymnasium and the tasks',
  environments: 'Make the environments',
  ready: 'Draw the robots',
});

/** What can be done about an error, by its name. */
const ADVICE = /** @type {Record<string, string>} */ ({
  UnknownTask: 'Choose one of the tasks listed above.',
  InvalidArgument: 'Change the setting that the message names.',
  ModelError: 'The robot\'s MJCF file has to be corrected at the place named above.',
  WorkerError: 'Try again; if it happens again, take fewer workers or environments: memory may be short.',
  CutLink: 'Ask for the link again, or for the run as a file.',
  DamagedCheckpoint: 'Ask for the link again, or for the run as a file.',
  FutureCheckpoint: 'Load the page again: the server may have a newer one by now.',
  TypeError: 'Check that the server still runs and can be reached, then try again.',
});

const GENERAL_ADVICE = 'Try again, or go back to the defaults.';

export class Boot {
  /** @param {{retry: () => void}} actions */
  constructor({ retry }) {
    this.rows = Object.fromEntries(Object.entries(STAGES).map(([stage, text]) => [stage, {
      item: h('li', {}, text),
      text,
    }]));
    this.bar = h('progress', { max: 1, 'aria-label': 'Loading' });
    this.amount = h('p', { class: 'boot-amount' }, ' ');
    this.title = h('h2', {}, 'Starting');
    this.loading = h('div', {}, h('ol', { class: 'boot-stages' }, ...Object.values(this.rows).map(({ item }) => item)),
      this.bar, this.amount);
    this.message = h('p', { class: 'boot-message' });
    this.advice = h('p');
    this.stack = h('pre');
    this.failure = h('div', { role: 'alert', hidden: true }, this.message, this.advice,
      h('div', { class: 'row' },
        h('button', { class: 'primary', onclick: retry }, 'Try again'),
        h('a', { class: 'button', href: location.pathname }, 'Use the defaults')),
      h('details', {}, h('summary', {}, 'Where it happened'), this.stack));
    this.element = h('section', { class: 'boot', 'aria-live': 'polite' },
      h('div', { class: 'card' }, this.title, this.loading, this.failure));
  }

  /** @param {string} title */
  begin(title) {
    setText(this.title, title);
    this.element.hidden = false;
    delete this.element.dataset.aside;
    this.loading.hidden = false;
    this.failure.hidden = true;
    this.progress({ stage: 'manifest', loaded: 0, total: 0, message: '' });
  }

  /** @param {Progress} progress */
  progress({ stage, loaded, total, message }) {
    const names = Object.keys(STAGES);
    names.forEach((name, i) => {
      const { item } = this.rows[name];
      const state = i < names.indexOf(stage) ? 'done' : i === names.indexOf(stage) ? 'current' : '';
      if (item.dataset.state !== state) item.dataset.state = state;
    });
    if (total) this.bar.value = Math.min(1, loaded / total);
    else this.bar.removeAttribute('value');
    const amount = total ? `${bytes(loaded)} of ${bytes(total)}` : '';
    setText(this.amount, [amount, message].filter(Boolean).join(' · ') || ' ');
  }

  /** Lets the robots be seen, which move already. */
  stepAside() {
    this.element.dataset.aside = '';
  }

  end() {
    this.element.hidden = true;
  }

  /** @param {Error} error */
  fail({ name, message, stack }) {
    setText(this.title, 'The simulation could not start');
    setText(this.message, `${name}: ${message}`);
    setText(this.advice, ADVICE[name] ?? GENERAL_ADVICE);
    setText(this.stack, stack ?? '');
    this.element.hidden = false;
    delete this.element.dataset.aside;
    this.loading.hidden = true;
    this.failure.hidden = false;
  }
}
