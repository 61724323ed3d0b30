/** A run that the server keeps for others: sent when the button is pressed, not before; and what this browser has sent so far. */

import { h, setText } from '../dom.js';
import { ago, bytes, count, measure } from '../format.js';
import { waysOf } from './bylink.js';
import { listShares, removeShare, send } from './shares.js';
import { Work } from './work.js';

export class ByServer {
  /** @param {import('./sheet.js').Desk} desk @param {AbortSignal} closing @param {string} size  of what is sent, in words */
  constructor(desk, closing, size) {
    this.desk = desk;
    this.work = new Work(closing);
    this.share = h('button', { onclick: () => this.#share() }, 'Share on this server');
    this.made = h('div', { class: 'made' });
    this.summary = h('summary');
    this.list = h('ul', { class: 'shares' });
    this.problem = h('p', { class: 'problem', role: 'alert' });
    this.shares = h('details', {}, this.summary, this.problem, this.list);
    this.element = h('section', { 'aria-label': 'On this server' },
      h('h3', {}, 'On this server'),
      h('p', { class: 'subtle' }, `${size}. It is sent when you press the button, with title, author and picture. Everybody can see it then: who has its address, and, where it competes, on the server’s `,
        h('a', { href: '/boards', target: '_blank', rel: 'noopener' }, 'boards'), '. Only this browser can delete it again.'),
      this.share, this.work.element, this.made, this.shares);
    this.#list();
  }

  async #share() {
    const { desk } = this;
    this.made.replaceChildren();
    const said = desk.said();
    const picture = await desk.picture?.arrayBuffer() ?? null;
    const receipt = await this.work.run([this.share], async (say, signal) => {
      const file = await desk.measure((links, trusted) => links.pack(desk.run, { ...said, trusted, picture }, ({ episodes, of }) => {
        say(`Measuring what it will claim: ${count(episodes)} of ${count(of)} episodes are over`, episodes / of);
      }, signal));
      if (!file) return null;
      const sent = await send(file.archive, said.title, (part) => say(`Sending ${bytes(file.archive.length)} …`, part), signal);
      return { ...sent, claim: file.claim };
    });
    if (!receipt) return;
    const { claim, url, known } = receipt;
    this.work.say(`${known ? 'Somebody had shared the same run already. ' : ''}It claims a return of ${measure(claim.meanReturn)} over ${count(claim.episodes)} episodes.`);
    this.made.replaceChildren(...waysOf(new URL(url, location.href).href, desk));
    this.#list();
  }

  #list() {
    const shares = listShares();
    setText(this.summary, `Shared from this browser (${shares.length})`);
    this.shares.hidden = !shares.length;
    this.list.replaceChildren(...shares.map((share) => h('li', {},
      h('a', { href: share.url, target: '_blank', rel: 'noopener' }, share.title || share.url),
      h('small', {}, ago((Date.now() - share.sharedAt) / 1000)),
      h('button', { 'aria-label': `Delete: ${share.title || share.url}`, onclick: () => this.#remove(share) }, 'Delete'))));
  }

  /** @param {import('./shares.js').Share} share */
  async #remove(share) {
    try {
      await removeShare(share);
      setText(this.problem, '');
    } catch (error) {
      setText(this.problem, /** @type {Error} */ (error).message);
    }
    this.#list();
  }
}
