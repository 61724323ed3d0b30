/** What somebody who is here for the first time can do, a click each: cards over the stage, and the way to the tour. */

import { h, setText } from '../dom.js';
import { recall, remember } from '../remembered.js';
import { Tour } from './tour.js';

/**
 * @typedef {'watch'|'learn'|'push'|'open'|'example'|'reward'} Deed  what a click does
 *
 * @typedef {object} Settings
 * @property {Record<Deed, () => Promise<unknown>|void>} deeds
 * @property {(place: import('./tour.js').Place) => HTMLElement|null} reveal  brings a part of the page into view
 * @property {() => Promise<unknown>} clear  takes away what would lie over what is shown next
 * @property {() => void} moved  it was opened or closed
 * @property {(error: Error) => void} report
 */

/** @type {{deed: Deed, title: string, text: string, other?: {deed: Deed, title: string}}[]} */
const CARDS = [
  { deed: 'watch', title: 'Watch trained Humanoids', text: 'They learnt it from nothing, with this program.' },
  { deed: 'learn', title: 'Watch 100 Ants learn from nothing', text: 'In a minute or two they walk.' },
  { deed: 'push', title: 'Push a walking robot', text: 'Drag it, and see it find its feet again.' },
  { deed: 'open', title: 'Bring your own robot', text: 'MJCF, URDF, a zip: or drop it on the page.', other: { deed: 'example', title: 'None at hand? A desk lamp' } },
  { deed: 'reward', title: 'Write a reward', text: 'Python that says what robots are paid for.' },
];

const SEEN = 'welcomed';

export class Welcome {
  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.tour = new Tour(settings.reveal, () => this.show(false));
    this.way = h('button', { onclick: () => this.tour.begin() });
    this.element = h('section', { class: 'welcome', 'aria-labelledby': 'welcome-title', hidden: true },
      h('header', {}, h('h2', { id: 'welcome-title' }, 'What would you like to see?'), this.way,
        h('button', { class: 'quiet', 'aria-label': 'Close what there is to see', title: 'Found again at the top of the panel', onclick: () => this.show(false) }, '×')),
      h('ul', { class: 'welcome-cards' }, ...CARDS.map((card) => h('li', {}, this.#card(card), ...(card.other ? [this.#other(card.other)] : [])))));
  }

  /** @param {typeof CARDS[number]} card */
  #card({ deed, title, text }) {
    const still = h('img', { src: new URL(`./stills/${deed}.jpg`, import.meta.url).href, alt: '', width: 320, height: 180, loading: 'lazy' });
    return h('button', { class: 'card', 'data-deed': deed, onclick: () => this.#do(deed) },
      still, h('strong', {}, title), h('small', {}, text));
  }

  /** @param {{deed: Deed, title: string}} other  that a card leads to for those who cannot take what it says */
  #other({ deed, title }) {
    return h('button', { class: 'welcome-other card', 'data-deed': deed, onclick: () => this.#do(deed) }, title);
  }

  /** @param {Deed} deed */
  async #do(deed) {
    this.show(false);
    try {
      await this.settings.clear();
      await this.settings.deeds[deed]();
    } catch (error) {
      this.settings.report(/** @type {Error} */ (error));
    }
  }

  /** Shows it to who has not been here, and has come for nothing in particular. */
  greet() {
    if (!location.search && !location.hash && !recall(SEEN)) this.show(true);
  }

  get open() {
    return !this.element.hidden;
  }

  /** @param {boolean} shown */
  show(shown) {
    if (shown === this.open) return;
    if (shown) {
      const { step, of } = this.tour.left;
      setText(this.way, step ? `Go on with the tour (${step + 1} of ${of})` : 'Take the tour');
    } else {
      remember(SEEN, '1');
    }
    this.element.hidden = !shown;
    this.settings.moved();
  }
}
