/** Who writes rewards: the choice, and what a language model is told and says. */

import { h, setText } from '../dom.js';
import { count } from '../format.js';

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../../sim/page/conversation.js').AuthoringEvent} AuthoringEvent
 * @typedef {import('../../sim/page/conversation.js').LanguageModel} LanguageModel
 *
 * @typedef {object} Settings
 * @property {Session} session
 * @property {() => {words: string, candidates: number}} wish  as the form has it
 */

/** After the last key, in milliseconds. */
const PAUSE_MS = 400;

export class Writer {
  /** @type {LanguageModel | null} */
  #model = null;
  #due = 0;

  /** @param {Settings} settings */
  constructor({ session, wish }) {
    this.session = session;
    this.wish = wish;
    this.choice = h('select', { id: 'author-writer', onchange: () => this.#chosen() },
      h('option', { value: 'offline' }, 'Words and rules, in this tab'), h('option', { value: 'llm' }, 'A language model'));
    this.about = h('p', { class: 'subtle', id: 'author-model' });
    this.system = h('pre', { tabindex: 0, 'aria-label': 'Instructions' });
    this.request = h('pre', { tabindex: 0, 'aria-label': 'Request' });
    this.prompt = h('details', { hidden: true, ontoggle: () => this.preview() },
      h('summary', {}, 'What it is told'), h('p', { class: 'subtle' }, 'The request, with your words:'), this.request,
      h('p', { class: 'subtle' }, 'The instructions before it, always the same:'), this.system);
    /** Goes into the form. */
    this.element = h('div', {}, h('div', { class: 'field' }, h('label', { for: 'author-writer' }, 'Written by'), this.choice), this.about, this.prompt);

    this.note = h('p', { class: 'subtle', id: 'author-note', role: 'status' });
    this.used = h('p', { class: 'subtle', id: 'author-used' });
    this.cancel = h('button', { type: 'button', onclick: () => this.session.sim?.cancelAuthoring() }, 'Stop writing');
    this.text = h('pre', { class: 'writing', tabindex: 0, 'aria-label': 'What it writes' });
    this.said = h('div');
    /** Below the form: what goes on. */
    this.progress = h('div', { class: 'authoring', hidden: true }, this.note, this.used, h('div', { class: 'row' }, this.cancel), this.text,
      h('details', {}, h('summary', {}, 'All that was said'), this.said));
    session.addEventListener('authoring', (event) => this.#show(/** @type {CustomEvent<AuthoringEvent>} */ (event).detail));
    session.addEventListener('closing', () => (this.progress.hidden = true));
  }

  /** @returns {'offline' | 'llm'} */
  get author() {
    return this.choice.value === 'llm' ? 'llm' : 'offline';
  }

  /** Shows what would be sent, a moment after the last key. */
  preview() {
    clearTimeout(this.#due);
    if (this.prompt.open && this.author === 'llm') this.#due = window.setTimeout(() => this.#preview(), PAUSE_MS);
  }

  async #chosen() {
    const wanted = this.author === 'llm';
    this.prompt.hidden = !wanted;
    setText(this.about, wanted ? 'Asking the server…' : '');
    if (!wanted) return;
    this.#model = await this.session.use((sim) => sim.languageModel()).catch(({ message }) => ({ available: false, why: message }));
    if (this.author !== 'llm') return;
    const { available, why, model, service, maxTokens = 0, maxCost = 0, spent = 0, priced } = this.#model;
    if (!available) {
      this.choice.value = 'offline';
      this.prompt.hidden = true;
      setText(this.about, `${why} Words and rules write instead.`);
      return;
    }
    const money = priced ? `$${maxCost.toFixed(2)} a day, ${dollars(spent)} of it spent` : 'its price is not known here';
    setText(this.about, `${model} (${service}): up to ${count(maxTokens)} tokens an answer; ${money}. Your words and the robot's names are sent to it.`);
    this.preview();
  }

  async #preview() {
    const { session: { sim, experiment } } = this;
    const { words, candidates } = this.wish();
    if (!sim || !experiment || !words.trim()) {
      setText(this.request, 'Say what robots should do.');
      return;
    }
    try {
      const { system, request } = await sim.authorPrompt({ words, experiment, candidates });
      setText(this.system, system);
      setText(this.request, request);
    } catch (error) {
      setText(this.request, /** @type {Error} */ (error).message);
    }
  }

  /** @param {AuthoringEvent} event */
  #show({ system, turns, text, note, read, written, cost, over }) {
    this.progress.hidden = false;
    this.cancel.hidden = over;
    setText(this.note, note);
    const money = cost === null ? '' : `, ${dollars(cost)}`;
    setText(this.used, read ? `${count(read)} tokens read, ${count(written)} written${money}.` : '');
    this.text.hidden = over || !text;
    setText(this.text, text.replaceAll('\\n', '\n').replaceAll('\\"', '"')); // code in JSON, for people
    this.text.scrollTop = this.text.scrollHeight;
    if (turns.length !== this.said.childElementCount - 1) {
      this.said.replaceChildren(...[system, ...turns].map((said, i) => turn(i ? (i % 2 ? 'Asked' : 'Answered') : 'Instructions', said)));
    }
  }
}

/** @param {string} who @param {string} said */
function turn(who, said) {
  return h('section', {}, h('strong', {}, who), h('pre', { tabindex: 0, 'aria-label': who }, said));
}

/** @param {number} cost */
function dollars(cost) {
  return `$${cost.toFixed(cost < 0.1 ? 4 : 2)}`;
}
