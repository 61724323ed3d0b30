/** A sheet with a worker of its own beside it; both go together. */

import { Exchange } from '../../sim/page/exchange.js';
import { h } from '../dom.js';

export class ExchangeSheet {
  closing = new AbortController();
  /** @type {Promise<Exchange> | undefined} */
  #exchange;

  /** @param {string} label */
  constructor(label) {
    this.element = h('dialog', { class: 'question share', 'aria-label': label });
    this.element.addEventListener('close', () => {
      this.closing.abort();
      this.#exchange?.then((exchange) => exchange.close(), () => {});
      this.element.remove();
    });
  }

  /** Its worker boots when it is needed first. */
  get exchange() {
    this.#exchange ??= Exchange.start();
    return this.#exchange;
  }

  open() {
    document.body.append(this.element);
    this.element.showModal();
  }
}
