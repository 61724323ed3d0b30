/**
 * Parts of a worker as they arrive from the page (`page/parts.js`).
 *
 * @typedef {import('../page/parts.js').Parts} Parts
 * @typedef {import('../page/parts.js').PartMessage} PartMessage
 */

export class PartInbox {
  /** @type {Map<string, PromiseWithResolvers<any>>} */
  #parts = new Map();

  /** @template {keyof Parts} T @param {T} part @returns {Promise<Parts[T]>} */
  get(part) {
    return this.#entry(part).promise;
  }

  /** @param {PartMessage} message */
  receive(message) {
    const entry = this.#entry(message.part);
    if ('error' in message) entry.reject(Object.assign(new Error(message.error.message), { name: message.error.name }));
    else entry.resolve(message.value);
  }

  /** @param {string} part */
  #entry(part) {
    let entry = this.#parts.get(part);
    if (!entry) {
      entry = Promise.withResolvers();
      entry.promise.catch(() => {}); // whoever needs the part awaits it
      this.#parts.set(part, entry);
    }
    return entry;
  }
}
