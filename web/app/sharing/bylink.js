/** A link that carries a run: how long it may be, what it claims, and what a smaller policy would; copied, scanned or passed on. */

import { h, setText } from '../dom.js';
import { count, measure } from '../format.js';
import { MOST, qrCode } from './qr.js';
import { snippets } from './snippets.js';
import { Work } from './work.js';

/**
 * @typedef {import('../../sim/shared/messages.js').SharedLink} SharedLink
 * @typedef {NonNullable<import('../../sim/page/links.js').LinkOptions['size']>} Size
 */

/** How long a link may be, and where it comes through whole. */
const FITS = /** @type {const} */ ([
  [2000, 'chat'],
  [4000, 'mail, and the address bar of every browser'],
  [30_000, 'documents and web pages; many programs cut it'],
]);

const ANYTHING = 1 << 20;

const SIZES = /** @type {const} */ ({ '32x32': 'two layers of 32', linear: 'linear' });

/** Where a link of so many characters comes through whole. @param {number} length */
export const placeFor = (length) => FITS.find(([most]) => length <= most)?.[1] ?? 'files only: nearly every program cuts it';

export class ByLink {
  /** The link with the run's own policy. @type {SharedLink | undefined} */
  #whole;

  /** @param {import('./sheet.js').Desk} desk @param {AbortSignal} closing */
  constructor(desk, closing) {
    this.desk = desk;
    this.work = new Work(closing);
    this.size = h('select', { 'aria-label': 'How long it may be' },
      ...FITS.map(([most, place]) => h('option', { value: String(most) }, `${count(most)} characters: ${place}`)),
      h('option', { value: String(ANYTHING) }, 'any length'));
    this.make = h('button', { class: 'primary', onclick: () => this.#make() }, 'Make the link');
    this.smaller = h('select', { 'aria-label': 'How small' },
      ...Object.entries(SIZES).map(([value, text]) => h('option', { value }, text)));
    this.shrink = h('button', { onclick: () => this.#shrink() }, 'Make it smaller');
    this.shrinking = h('div', { class: 'row', hidden: true }, this.shrink, this.smaller);
    /** What a smaller policy came to, and whether it is to be taken. */
    this.offer = h('div', { class: 'offer', hidden: true });
    this.made = h('div', { class: 'made' });
    this.element = h('section', { 'aria-label': 'By a link' },
      h('h3', {}, 'By a link'),
      h('p', { class: 'subtle' }, 'Nothing is sent: the link itself carries all of it, and what stands behind # never reaches a server.'),
      h('label', {}, 'Made for', this.size),
      this.make, this.work.element, this.made, this.shrinking, this.offer);
  }

  /** @param {Size|null} size  of a smaller policy @param {(told: import('../../sim/shared/messages.js').Measuring) => string} words */
  #linkOf(size, words) {
    const how = { ...this.desk.said(), maxCharacters: Number(this.size.value), size };
    return this.work.run([this.make, this.shrink], (say, signal) => this.desk.measure((links, trusted) => (
      links.share(this.desk.run, { ...how, trusted }, (told) => say(words(told), size ? told.taught : told.episodes / told.of), signal)
    )));
  }

  async #make() {
    this.made.replaceChildren();
    this.offer.hidden = this.shrinking.hidden = true;
    const link = await this.#linkOf(null, ({ episodes, of }) => `Measuring what it will claim: ${count(episodes)} of ${count(of)} episodes are over`);
    if (!link) return;
    this.#whole = link;
    this.#show(link);
    this.shrinking.hidden = false;
  }

  /** What becomes of it is shown before anybody decides. */
  async #shrink() {
    const whole = /** @type {SharedLink} */ (this.#whole);
    const size = /** @type {Size} */ (this.smaller.value);
    this.offer.hidden = true;
    const shown = this.work.state.textContent;
    const small = await this.#linkOf(size, ({ taught, episodes, of }) => (taught < 1
      ? `Teaching a smaller policy what this one does: ${Math.floor(100 * taught)}%`
      : `Measuring what it will claim: ${count(episodes)} of ${count(of)} episodes are over`));
    if (!small) return;
    this.work.say(shown);
    const [before, now] = [whole, small].map(({ claim }) => claim.meanReturn);
    const part = (now - before) / Math.abs(before);
    const take = (/** @type {SharedLink} */ link) => () => {
      this.offer.hidden = true;
      this.#show(link);
    };
    this.offer.replaceChildren(
      h('p', { role: 'status' }, `With ${SIZES[size]} it returns ${measure(now)} in place of ${measure(before)} `
        + `(${part < 0 ? '−' : '+'}${Math.abs(100 * part).toFixed(1)}%), and the link has ${count(addressOf(small).length)} characters `
        + `in place of ${count(addressOf(whole).length)}.`),
      h('div', { class: 'row' },
        h('button', { class: 'primary', onclick: take(small) }, 'Take the smaller one'),
        h('button', { onclick: take(whole) }, 'Keep the large one')));
    this.offer.hidden = false;
  }

  /** @param {SharedLink} link */
  #show(link) {
    const { precision, claim } = link;
    const address = addressOf(link);
    const fits = address.length <= Number(this.size.value);
    this.work.say(`It claims a return of ${measure(claim.meanReturn)} over ${count(claim.episodes)} episodes. `
      + `${count(address.length)} characters, weights in ${precision}; it fits ${placeFor(address.length)}.`
      + `${fits ? '' : ' That is longer than you asked for: make it smaller, or send it another way.'}`);
    this.made.replaceChildren(...waysOf(address, this.desk),
      ...address.length <= MOST ? [qrCode(address)] : [h('p', { class: 'subtle' }, `A QR code holds ${count(MOST)} characters.`)]);
  }
}

/** @param {SharedLink} link */
const addressOf = ({ fragment }) => `${location.origin}${location.pathname}${fragment}`;

/**
 * An address to copy, or to pass on where the system has a way for it.
 *
 * @param {string} address @param {import('./sheet.js').Desk} desk
 */
export function waysOf(address, { said, picture }) {
  const text = h('textarea', { readonly: true, rows: '3', 'aria-label': 'The link' });
  text.value = address;
  const copy = h('button', { class: 'primary', onclick: () => copyFrom(text, copy) }, 'Copy');
  const pass = () => {
    const data = { title: said().title, url: address };
    const files = picture ? [new File([picture], 'robots.jpg', { type: picture.type })] : [];
    const all = { ...data, files };
    // Who gives up, or has nobody to pass it to, stays here.
    return navigator.share(files.length && navigator.canShare?.(all) ? all : data).catch(() => {});
  };
  const places = Object.entries(snippets(address, said().title)).map(([place, words]) => h('button', {
    onclick: () => {
      text.value = words;
      return copyFrom(text, copy);
    },
  }, place));
  return [
    text, h('div', { class: 'row' }, copy, typeof navigator.share === 'function' ? h('button', { onclick: pass }, 'Pass it on…') : ''),
    h('div', { class: 'row', role: 'group', 'aria-label': 'Copy as' }, h('small', {}, 'Copy as'), ...places),
  ];
}

/** @param {HTMLTextAreaElement} text @param {HTMLButtonElement} button */
async function copyFrom(text, button) {
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    // Not allowed, or no secure context: whoever sees it selected can copy it.
    text.select();
    document.execCommand('copy');
  }
  setText(button, 'Copied');
}
