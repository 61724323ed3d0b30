/** The sheet in which reward, measure and task are written: editors, what is paid, and how it is put in force. */

import { h, setText } from '../dom.js';
import { givenWay } from '../experiment.js';
import { Editor } from './editor.js';
import { Terms } from './terms.js';

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../../sim/shared/protocol.js').CodeKind} Kind
 * @typedef {import('../../sim/shared/messages.js').Vocabulary} Vocabulary
 *
 * @typedef {object} Fork  a candidate of a tournament that another one is made of
 * @property {string} of  its name
 * @property {(reward: string) => Promise<void>} add  rejected: nothing is added
 */

const KINDS = /** @type {const} */ (['reward', 'measure', 'task_code']);

/** Where a task has none of its own. @type {Record<Kind, string>} */
const EMPTY = {
  reward: 'def reward(now, before, action):\n    """What is paid for."""\n    return {\n        "effort": -0.1 * np.square(action).sum(axis=1),\n    }\n',
  measure: '"""What success is."""\n\nreduce = "mean"\n\n\ndef measure(now, before):\n    return now.center_of_mass[:, 2]\n',
  task_code: '',
};

/** @type {Record<Kind, string>} */
const NAMES = { reward: 'Reward', measure: 'Measure', task_code: 'Task' };

/** @type {Record<Kind, string>} */
const HINTS = {
  reward: 'Terms that are paid for in each step; they are what is learnt from.',
  measure: 'One number a step: what success is, whatever is paid. Nothing is learnt from it.',
  task_code: 'What robots observe, how they begin, what ends an episode. It is a class and may do anything: apply what you understand.',
};

/** What `Apply` does to robots. @type {Record<Kind, string>} */
const EFFECTS = {
  reward: 'robots and learning go on', measure: 'robots and learning go on', task_code: 'the robots begin anew',
};

export class CodeSheet {
  /** @type {Vocabulary | null} */
  #words = null;
  /** @type {Fork | undefined} */
  #fork;
  /** What is in force, as it was last seen. @type {Record<Kind, string>} */
  #inForce = { reward: '', measure: '', task_code: '' };
  /** @type {Kind} */
  #kind = 'reward';
  #applying = false;

  /** @param {Session} session @param {() => void} onClose */
  constructor(session, onClose) {
    this.session = session;
    const tab = (/** @type {Kind} */ kind) => h('button', {
      role: 'tab', id: `code-tab-${kind}`, 'aria-controls': 'code-text', onclick: () => this.#show(kind),
    }, NAMES[kind]);
    this.tabs = { reward: tab('reward'), measure: tab('measure'), task_code: tab('task_code') };
    this.editors = { reward: this.#editor('reward'), measure: this.#editor('measure'), task_code: this.#editor('task_code') };
    this.worked = h('div', { class: 'cards' });
    this.gallery = h('details', { class: 'code-gallery', id: 'code-gallery' }, h('summary', {}, 'Worked rewards to begin with'), this.worked);
    this.hint = h('p', { class: 'subtle' });
    this.text = h('div', { class: 'code-text', id: 'code-text', role: 'tabpanel' });
    this.state = h('p', { class: 'code-state subtle', id: 'code-state', role: 'status' });
    this.applyButton = h('button', { class: 'primary', id: 'code-apply', title: 'Ctrl+Enter', onclick: () => this.#apply() }, 'Apply');
    this.resetButton = h('button', { id: 'code-reset', onclick: () => this.#reset() }, "Task's own");
    this.forkButton = h('button', { id: 'code-fork', class: 'primary', hidden: true, onclick: () => this.#addFork() }, 'Add to the tournament');
    this.terms = new Terms();
    this.element = h('section', { class: 'code-sheet card', 'aria-label': 'Reward, measure and task' },
      h('header', {}, h('h2', {}, 'Code'),
        h('div', { class: 'row', role: 'tablist' }, ...Object.values(this.tabs)),
        h('button', { class: 'quiet', 'aria-label': 'Close the editor', onclick: onClose }, '×')),
      this.hint, this.text, this.state,
      h('div', { class: 'row' }, this.forkButton, this.applyButton, this.resetButton),
      this.gallery,
      this.terms.element);
    for (const type of ['experiment', 'opened']) session.addEventListener(type, () => this.refresh());
    session.addEventListener('code', (event) => {
      const { failure, reward } = /** @type {CustomEvent} */ (event).detail;
      this.terms.restart();
      if (failure) this.#tell(`${givenWay(reward)}\n${failure}`, true);
    });
    this.#show('reward');
  }

  /** @param {Kind} kind */
  #editor(kind) {
    return new Editor({
      label: `${NAMES[kind]}, in Python`,
      apply: () => this.#apply(),
      changed: () => this.#compare(),
      check: async (source) => (await this.session.sim?.checkCode(0, kind, source)) ?? [],
      words: () => this.#words,
    });
  }

  /** @param {Kind} kind */
  #show(kind) {
    this.#kind = kind;
    for (const [name, tab] of Object.entries(this.tabs)) tab.setAttribute('aria-selected', String(name === kind));
    this.text.replaceChildren(this.editors[kind].element);
    setText(this.hint, HINTS[kind]);
    this.#compare();
  }

  /** Takes up which robots there are, and what pays and judges them. Texts that were changed stay. */
  async refresh() {
    const { sim } = this.session;
    if (!sim) return;
    const words = await sim.vocabulary(0).catch(() => null);
    if (!words || this.session.sim !== sim) return;
    this.#words = words;
    this.worked.replaceChildren(...words.gallery.map((worked) => this.#card(worked)));
    this.gallery.hidden = words.gallery.length === 0;
    const experiment = sim.training?.experiment ?? this.session.experiment;
    for (const kind of KINDS) {
      const editor = this.editors[kind];
      const changed = editor.text !== this.#inForce[kind] && editor.text !== '';
      this.#inForce[kind] = experiment?.[kind] ?? (words.own[kind].trimStart() || EMPTY[kind]);
      if (!changed) editor.text = this.#inForce[kind];
    }
    this.#compare();
  }

  /** Says whether the text is what is in force. */
  #compare() {
    const { text } = this.editors[this.#kind];
    const same = text === this.#inForce[this.#kind];
    this.applyButton.disabled = this.#applying;
    this.#tell(same ? 'This is in force.' : `Changed: Apply (Ctrl+Enter) puts it in force; ${EFFECTS[this.#kind]}.`, false);
  }

  /** @param {string} text @param {boolean} isError */
  #tell(text, isError) {
    setText(this.state, text);
    this.state.classList.toggle('error', isError);
    this.state.classList.toggle('subtle', !isError);
  }

  #apply() {
    return this.#put(this.#kind, this.editors[this.#kind].text);
  }

  async #reset() {
    const own = this.#words?.own[this.#kind].trimStart() || EMPTY[this.#kind];
    if (await this.#put(this.#kind, null) && this.#kind !== 'task_code') {
      this.#inForce[this.#kind] = own;
      this.editors[this.#kind].text = own;
      this.#compare();
    }
  }

  /** Writes a reward down, to look at and change. @param {string} reward @param {Fork} [fork]  what may be added to */
  suggest(reward, fork) {
    this.#fork = fork;
    this.forkButton.hidden = !fork;
    this.editors.reward.text = reward;
    this.#show('reward');
    if (fork) this.#tell(`The reward of “${fork.of}”: change it, then add it to the tournament as a candidate of your own.`, false);
  }

  /** Adds what the editor has to the tournament, unless something is wrong with it. */
  async #addFork() {
    const [fork, { sim }, { text }] = [this.#fork, this.session, this.editors.reward];
    if (!fork || !sim) return;
    this.forkButton.disabled = true;
    try {
      const [problem] = await sim.checkCode(0, 'reward', text);
      if (problem) throw new Error(`line ${problem.line}, column ${problem.column}: ${problem.refused}. ${problem.allowed}`);
      await fork.add(text);
      this.forkButton.hidden = true;
      this.#tell(`Added: it begins with the policy of “${fork.of}” and learns from the next round on.`, false);
    } catch (error) {
      this.#tell(`${/** @type {Error} */ (error).message}\nNothing was added.`, true);
    } finally {
      this.forkButton.disabled = false;
    }
  }

  /** A reward of the gallery, with its measure, to look at and change. @param {import('../../sim/shared/messages.js').WorkedReward} worked */
  #card({ name, title, about, reward, measure }) {
    const choose = () => {
      Object.assign(this.editors.reward, { text: reward });
      Object.assign(this.editors.measure, { text: measure });
      this.gallery.open = false;
      if (this.#kind === 'task_code') this.#show('reward');
    };
    const picture = new URL(`./gallery/${name}.jpg`, import.meta.url).href;
    return h('button', { onclick: choose }, h('img', { src: picture, alt: '', loading: 'lazy', width: 144, height: 96 }),
      h('b', {}, title), h('small', {}, about));
  }

  /**
   * Puts code in force for all robots of the first one's type: what learns first, since it may refuse.
   *
   * @param {Kind} kind @param {string | null} source
   * @returns {Promise<boolean>}  whether it is
   */
  async #put(kind, source) {
    const { sim } = this.session;
    if (!sim || this.#applying) return false;
    this.#applying = true;
    this.applyButton.disabled = true;
    const learns = sim.training && ['waiting', 'paused', 'running'].includes(sim.training.state);
    this.#tell(learns ? 'It is in force when the iteration under way has ended.' : 'Applying …', false);
    try {
      if (kind === 'task_code') {
        if (learns) throw new Error('Robots learn: stop the training, then apply it.');
        await this.#putTask(sim, source);
      } else {
        const set = kind === 'reward' ? 'setReward' : 'setMeasure';
        for (const [i, { task, learns: learner }] of sim.groups.entries()) {
          if (task !== sim.groups[0].task || (learner && !learns)) continue;
          if (learner && sim.training) await sim.training[set](source);
          else await sim[set](i, source);
        }
      }
      if (source !== null) this.#inForce[kind] = source;
      this.#applying = false;
      this.#compare();
      return true;
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      this.#applying = false;
      this.#compare();
      this.#tell(`${name}: ${message}\nWhat was in force still is.`, true);
      const line = /line (\d+)/.exec(message);
      if (line) this.editors[kind].mark({ line: Number(line[1]), column: 1, refused: message, allowed: '' });
      return false;
    }
  }

  /**
   * Makes the robots of a task of one's own, or again of the one that there is without.
   *
   * @param {import('../../sim/websim.js').WebSim} sim @param {string | null} source
   */
  async #putTask(sim, source) {
    const { session } = this;
    const { experiment: present } = session;
    if (source === null) {
      this.editors.task_code.text = '';
      return session.change({ task_code: null });
    }
    const found = await sim.readTasks(source, { name: 'task.py', present, trusted: true });
    const { task, task_options, task_code, title, robot } = found.find((one) => one.task === present?.task) ?? found[0];
    this.#inForce.task_code = source;
    await session.change({ task, task_options, task_code, title, robot: robot ?? null, trusted: ['task_code'] });
  }

  /** Shows what is paid now. @param {number | null} followed  index of an environment @param {number} time  in s */
  turn(followed, time) {
    const { sim } = this.session;
    if (!sim) return;
    const { offset, numEnvs } = sim.groups[0];
    const own = followed !== null && followed >= offset && followed < offset + numEnvs ? termsOf(sim, followed) : null;
    this.terms.update(sim.rewardTerms(0), own, time);
  }
}

/** @param {import('../../sim/websim.js').WebSim} sim @param {number} index */
function termsOf(sim, index) {
  try {
    return sim.getEnvironmentState(index).rewardTerms;
  } catch {
    return null; // its worker is being replaced
  }
}
