/** Makes a link of a run: what it is called, how long it may be, what it claims; to be copied, scanned or passed on. */

import { Links } from '../../sim/page/links.js';
import { h, setText } from '../dom.js';
import { titleOf } from '../experiment.js';
import { count, measure } from '../format.js';
import { trusting } from '../opening/questions.js';
import { MOST, qrCode } from './qr.js';

/**
 * @typedef {object} Shareable
 * @property {import('../../sim/shared/protocol.js').Experiment & {algorithm?: string}} experiment
 * @property {ArrayBuffer} run  its file
 */

/** How long a link may be, and where it comes through whole. */
const FITS = /** @type {const} */ ([
  [2000, 'chat'],
  [4000, 'mail, and the address bar of every browser'],
  [30_000, 'documents and web pages; many programs cut it'],
]);

const ANYTHING = 1 << 20;

/** Where a link of so many characters comes through whole. @param {number} length */
export const placeFor = (length) => FITS.find(([most]) => length <= most)?.[1] ?? 'files only: nearly every program cuts it';

export class ShareSheet {
  /** Its worker boots with the first link that is made. @type {Links | undefined} */
  links;

  /** @param {Shareable} shareable */
  constructor({ experiment, run }) {
    this.run = run;
    this.title = h('input', { maxlength: '200', value: titleOf(experiment), 'aria-label': 'Title' });
    this.author = h('input', { maxlength: '200', placeholder: 'nobody says', 'aria-label': 'Author' });
    this.size = h('select', { 'aria-label': 'How long it may be' },
      ...FITS.map(([most, place]) => h('option', { value: String(most) }, `${count(most)} characters: ${place}`)),
      h('option', { value: String(ANYTHING) }, 'any length'));
    this.make = h('button', { class: 'primary', onclick: () => this.#make() }, 'Make the link');
    this.state = h('p', { role: 'status' });
    this.made = h('div', { class: 'made' });
    this.element = h('dialog', { class: 'question share', 'aria-label': 'Share' },
      h('h2', {}, 'Share what has been learnt'),
      h('p', {}, contentsOf(experiment)),
      h('label', {}, 'Title', this.title), h('label', {}, 'Author', this.author), h('label', {}, 'Made for', this.size),
      h('p', { class: 'subtle' }, 'Nothing is sent: the link itself carries all of it, and what stands behind # never reaches a server.'),
      this.make, this.state, this.made,
      h('button', { onclick: () => this.element.close() }, 'Close'));
    this.element.addEventListener('close', () => {
      this.links?.close();
      this.element.remove();
    });
  }

  open() {
    document.body.append(this.element);
    this.element.showModal();
  }

  async #make() {
    this.make.disabled = true;
    this.made.replaceChildren();
    setText(this.state, 'Starting a worker to measure how well it does …');
    try {
      this.links ??= await Links.start();
      const { links } = this;
      const how = { title: this.title.value.trim(), author: this.author.value.trim(), maxCharacters: Number(this.size.value) };
      const link = await trusting('the code of this run', (trusted) => links.share(this.run, { ...how, trusted }, (episodes, of) => {
        setText(this.state, `Measuring what it will claim: ${count(episodes)} of ${count(of)} episodes are over`);
      }));
      if (link) this.#show(link);
      else setText(this.state, '');
    } catch (error) {
      this.links?.close();
      this.links = undefined;
      const { name, message } = /** @type {Error} */ (error);
      setText(this.state, name === 'ClosedError' ? '' : message);
    } finally {
      this.make.disabled = false;
    }
  }

  /** @param {import('../../sim/shared/messages.js').SharedLink} link */
  #show({ fragment, precision, claim }) {
    const address = `${location.origin}${location.pathname}${fragment}`;
    const fits = address.length <= Number(this.size.value);
    setText(this.state, `It claims a return of ${measure(claim.meanReturn)} over ${count(claim.episodes)} episodes. `
      + `${count(address.length)} characters, weights in ${precision}; it fits ${placeFor(address.length)}.`
      + `${fits ? '' : ' That is longer than you asked for: a smaller network makes a shorter link.'}`);
    const text = h('textarea', { readonly: true, rows: '3', 'aria-label': 'The link' });
    text.value = address;
    const copy = h('button', { class: 'primary', onclick: () => this.#copy(text, copy) }, 'Copy');
    const pass = () => navigator.share({ title: this.title.value, url: address }).catch(() => {});
    this.made.replaceChildren(text, h('div', { class: 'row' }, copy,
      typeof navigator.share === 'function' ? h('button', { onclick: pass }, 'Pass it on…') : ''),
    ...address.length <= MOST ? [qrCode(address)] : [h('p', { class: 'subtle' }, `A QR code holds ${count(MOST)} characters.`)]);
  }

  /** @param {HTMLTextAreaElement} text @param {HTMLButtonElement} button */
  async #copy(text, button) {
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      // Not allowed, or no secure context: whoever sees it selected can copy it.
      text.select();
      document.execCommand('copy');
    }
    setText(button, 'Copied');
  }
}

/** What a link of it carries, in words. @param {Shareable['experiment']} experiment */
function contentsOf({ task, robot, reward, measure: judged, world, algorithm = 'ppo', task_code: code }) {
  const parts = [
    robot ? 'the robot' : `the task ${task}`, `the policy that ${algorithm.toUpperCase()} has learnt`,
    reward ? 'its reward' : '', judged ? 'its measure' : '', code ? 'its task as code' : '', world ? 'its world' : '',
  ].filter(Boolean);
  return `In the link are ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}, and how well it does.`;
}
