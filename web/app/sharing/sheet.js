/** Shares what has been learnt: what it is called, what is in it, and the ways that it can go. */

import { Links } from '../../sim/page/links.js';
import { h } from '../dom.js';
import { titleOf } from '../experiment.js';
import { bytes } from '../format.js';
import { trusting } from '../opening/questions.js';
import { ByLink } from './bylink.js';
import { ByServer } from './byserver.js';

/**
 * @typedef {object} Shareable
 * @property {import('../../sim/shared/protocol.js').Experiment & {algorithm?: string}} experiment
 * @property {ArrayBuffer} run  its file
 * @property {Blob|null} picture  of its robots
 *
 * @typedef {object} Desk  what the ways to share have in common
 * @property {ArrayBuffer} run
 * @property {Blob|null} picture
 * @property {() => {title: string, author: string}} said  by the user
 * @property {<T>(work: (links: Links, trusted: boolean) => Promise<T>) => Promise<T|null>} measure
 *   has a worker play the run's episodes; null: its code is not to run
 */

export class ShareSheet {
  /** Its worker boots when something is to be measured first. @type {Promise<Links> | undefined} */
  #links;
  /** Whether somebody has said that the run's code may do anything. */
  #trusted = false;
  #closing = new AbortController();

  /** @param {Shareable} shareable @param {boolean} shares  whether the server keeps runs */
  constructor({ experiment, run, picture }, shares) {
    this.title = h('input', { maxlength: '200', value: titleOf(experiment), 'aria-label': 'Title' });
    this.author = h('input', { maxlength: '200', placeholder: 'nobody says', 'aria-label': 'Author' });
    /** @type {Desk} */
    const desk = {
      run, picture,
      said: () => ({ title: this.title.value.trim(), author: this.author.value.trim() }),
      measure: (work) => this.#measure(work),
    };
    const { signal } = this.#closing;
    this.element = h('dialog', { class: 'question share', 'aria-label': 'Share' },
      h('h2', {}, 'Share what has been learnt'),
      ...picture ? [pictureOf(picture, signal)] : [],
      h('p', {}, contentsOf(experiment)),
      h('label', {}, 'Title', this.title), h('label', {}, 'Author', this.author),
      new ByLink(desk, signal).element,
      ...shares ? [new ByServer(desk, signal, `${bytes(run.byteLength)}, with the learner, so that others can go on from it bit by bit`).element] : [],
      h('button', { class: 'close', onclick: () => this.element.close() }, 'Close'));
    this.element.addEventListener('close', () => {
      this.#closing.abort();
      this.#links?.then((links) => links.close(), () => {});
      this.element.remove();
    });
  }

  open() {
    document.body.append(this.element);
    this.element.showModal();
  }

  /** @type {Desk['measure']} */
  async #measure(work) {
    this.#links ??= Links.start();
    try {
      const links = await this.#links;
      return await trusting('the code of this run', (trusted) => {
        this.#trusted = trusted;
        return work(links, trusted);
      }, this.#trusted);
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      // Another one boots the next time.
      if (name === 'WorkerError' || name === 'ClosedError') this.#links = undefined;
      throw error;
    }
  }
}

/** @param {Blob} picture @param {AbortSignal} closing */
function pictureOf(picture, closing) {
  const url = URL.createObjectURL(picture);
  closing.addEventListener('abort', () => URL.revokeObjectURL(url));
  return h('img', { class: 'picture', src: url, alt: 'The robots as they are now' });
}

/** What goes to others, in words. @param {Shareable['experiment']} experiment */
function contentsOf({ task, robot, reward, measure: judged, world, algorithm = 'ppo', task_code: code }) {
  const parts = [
    robot ? 'the robot' : `the task ${task}`, `the policy that ${algorithm.toUpperCase()} has learnt`,
    reward ? 'its reward' : '', judged ? 'its measure' : '', code ? 'its task as code' : '', world ? 'its world' : '',
  ].filter(Boolean);
  return `Others get ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}, and how well it does.`;
}
