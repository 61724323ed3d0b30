/** What came by a link, and what it claims, measured again in front of whoever opened it. */

import { Links } from '../../sim/page/links.js';
import { h, setText } from '../dom.js';
import { count, measure } from '../format.js';
import { trusting } from '../opening/questions.js';

export class ProofCard {
  /** In whose worker it is measured. @type {Links | undefined} */
  #links;
  #closed = false;

  /**
   * @param {NonNullable<import('../session.js').Served['link']>} link
   * @param {{archive: ArrayBuffer, trusted?: boolean}} run  as a file
   */
  constructor({ title, author, claim }, run) {
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
    const { claim, run: { archive, trusted: known } } = this;
    if (!claim) {
      setText(this.result, 'Nothing is claimed of how well it does.');
      return;
    }
    const claimed = `Claimed ${measure(claim.meanReturn)}`;
    setText(this.result, `${claimed} over ${count(claim.episodes)} episodes; measuring …`);
    try {
      const links = await Links.start();
      this.#links = links;
      if (this.#closed) return;
      const proof = await trusting('the code in the link', (trusted) => links.prove(archive, { trusted }, ({ episodes, of }) => {
        setText(this.result, `${claimed}; measuring: ${count(episodes)} of ${count(of)} episodes are over`);
      }), known);
      if (proof) this.#show(claimed, proof);
      else setText(this.result, `${claimed}; not measured, because its code is not to run.`);
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      if (name !== 'ClosedError') setText(this.result, `${claimed}; it could not be measured here: ${message}`);
    } finally {
      this.#links?.close();
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
    this.#closed = true;
    this.#links?.close();
    this.element.remove();
  }
}
