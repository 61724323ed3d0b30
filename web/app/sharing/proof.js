/** What came by a link, and what it claims, measured again in front of whoever opened it. */

import { h, setText } from '../dom.js';
import { count, measure } from '../format.js';
import { trusting } from '../opening/questions.js';

/**
 * @typedef {object} Opened  a link that was opened
 * @property {import('../../sim/page/links.js').Links} links  in whose worker it was read; it is ended here
 * @property {string} title @property {string} author
 * @property {import('../../sim/shared/messages.js').Claim|null} claim
 */

export class ProofCard {
  /** @param {Opened} opened @param {ArrayBuffer} run  as a file */
  constructor({ links, title, author, claim }, run) {
    this.links = links;
    this.run = run;
    this.claim = claim;
    this.result = h('p', { role: 'status' });
    this.why = h('p', { class: 'subtle' });
    this.element = h('section', { class: 'proof card', 'aria-label': 'What came by the link' },
      h('h2', {}, title), author ? h('p', { class: 'subtle' }, `by ${author}`) : '',
      this.result, this.why,
      h('button', { onclick: () => this.close() }, 'Close'));
  }

  /** Plays the claimed episodes, and says what came of them. */
  async prove() {
    const { links, claim } = this;
    if (!claim) {
      setText(this.result, 'Nothing is claimed of how well it does.');
      links.close();
      return;
    }
    const claimed = `Claimed ${measure(claim.meanReturn)}`;
    setText(this.result, `${claimed} over ${count(claim.episodes)} episodes; measuring …`);
    try {
      const proof = await trusting('the code in the link', (trusted) => links.prove(this.run, { trusted }, (episodes, of) => {
        setText(this.result, `${claimed}; measuring: ${count(episodes)} of ${count(of)} episodes are over`);
      }));
      if (proof) this.#show(claimed, proof);
      else setText(this.result, `${claimed}; not measured, because its code is not to run.`);
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      if (name !== 'ClosedError') setText(this.result, `${claimed}; it could not be measured here: ${message}`);
    } finally {
      links.close();
    }
  }

  /** @param {string} claimed @param {import('../../sim/shared/messages.js').Proof} proof */
  #show(claimed, { measured, holds, why }) {
    this.element.dataset.holds = String(holds);
    setText(this.result, `${claimed}, measured here ${measure(measured.meanReturn)}${holds ? '' : ': it is not what is claimed'}`);
    setText(this.why, why);
  }

  /** Takes it away; what is being measured is given up. */
  close() {
    this.links.close();
    this.element.remove();
  }
}
