/**
 * A Web Worker: boots Python and MuJoCo, owns shards of environments, steps them on request or runs
 * them freely, and tells the page. `protocol.js` lists all messages; this is where they come in.
 */

import { Clock } from './clock.js';
import { toPlain } from '../shared/errors.js';
import { Handlers } from './handlers.js';
import { PartInbox } from './inbox.js';
import { Mailbox } from '../shared/mailbox.js';
import { HEARTBEAT_MS, News } from './news.js';
import { Owned } from './owned.js';
import { Scheduler } from './scheduler.js';

const parts = new PartInbox();
const owned = new Owned();
const clock = new Clock();
const news = new News(owned, (message, transfer = []) => self.postMessage(message, { transfer }), clock);
const scheduler = new Scheduler(owned, news, clock, fail);
const handlers = new Handlers(parts, owned, news, scheduler, hear);
/** @type {Mailbox | undefined} */
let mailbox;

self.onmessage = async ({ data }) => {
  hear(); // what lies there was sent before
  if (data.part) parts.receive(data);
  else if (data.mailbox) mailbox = new Mailbox(data.mailbox);
  else if (data.recycle) news.recycle(data.recycle);
  else if (!data.letters) await answer(data);
};

setInterval(() => news.beat(), HEARTBEAT_MS);

/** @param {import('../shared/protocol.js').RequestMessage} request */
async function answer({ id, type, payload }) {
  try {
    const reply = await done(() => handlers[type](payload));
    self.postMessage({ id, reply }, { transfer: transfersOf(reply) });
  } catch (error) {
    refuse(id, error);
  }
}

/** Does something, once more where it lacked a library. @template T @param {() => T} work @returns {Promise<Awaited<T>>} */
async function done(work) {
  try {
    return await work();
  } catch (error) {
    if (!await handlers.libraries.bring()) throw error;
    return await work();
  }
}

/**
 * Answers letters, which say what hands do; also where an iteration cannot wait.
 *
 * @param {(request: import('../shared/protocol.js').RequestMessage) => boolean} [may]  see Mailbox
 */
function hear(may) {
  for (let letter = mailbox?.take(may); letter; letter = mailbox?.take(may)) {
    try {
      self.postMessage({ id: letter.id, reply: handlers.handle(letter.payload) });
    } catch (error) {
      refuse(letter.id, error);
    }
  }
}

/** @param {number} id  of a request @param {unknown} error */
function refuse(id, error) {
  // After a trap MuJoCo's memory is as it may be; what Python's traps do, `on_fatal` is told.
  if (error instanceof WebAssembly.RuntimeError) fail(error);
  self.postMessage({ id, error: toPlain(error) });
}

/** Tells that this worker is of no more use. @param {unknown} error */
function fail(error) {
  news.tell({ event: 'failed', error: toPlain(error) });
}

/** @param {unknown} reply @returns {Transferable[]} */
function transfersOf(reply) {
  if (!Array.isArray(reply)) return [];
  return reply.map((item) => item?.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
