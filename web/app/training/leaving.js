/**
 * Keeps a run's newest state when there is no time left. What a page has asked of its database when it
 * goes is done only if nothing else is being written there, so that this has a database of its own: an
 * object store of its own would not do, Chromium lets one transaction at a time write to a database. WebKit
 * writes nothing for a page that goes, but its messages still come: there the service worker writes it, who
 * is there on secure pages only. Who reads the runs next takes it up.
 */

import { Database, StorageError } from '../keeping/database.js';
import { ask, presentServiceWorker, startServiceWorker } from '../keeping/serviceworker.js';
import { problemOf, problemOfKept } from './records.js';

/**
 * @typedef {import('./storage.js').RunRecord} RunRecord
 * @typedef {import('./storage.js').Kept} Kept
 *
 * @typedef {object} InPieces  by the page itself
 * @property {RunRecord} record
 * @property {number} rows       of the curve
 * @property {string[]} columns  of the curve
 *
 * @typedef {InPieces | {record: RunRecord, kept: Kept}} Left
 *
 * @typedef {import('idb').DBSchema & {
 *   runs: {key: string, value: Left},
 *   pieces: {key: [string, number], value: Uint8Array<ArrayBuffer>},
 * }} Schema
 */

/** Chromium makes a file of what is larger than 64 KiB, and that takes until after the page has gone. */
const PIECE_BYTES = 32 * 1024;

/** @type {Database<Schema>} */
const database = new Database('websim-leaving', 1, (opened) => {
  opened.createObjectStore('runs');
  opened.createObjectStore('pieces');
});

/** All pieces of a run. @param {string} id */
const piecesOf = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);

/** @type {ServiceWorker | null} */
let serviceWorker = null;

/** What a service worker that does not answer may take, in milliseconds. */
const ANSWER_MS = 3000;

/** Opens it: when the page goes there is no time for that. */
export function prepareToLeave() {
  database.use(async () => {}).catch(() => {}); // why nothing is kept is told where runs are kept
  startServiceWorker().then((started) => (serviceWorker = started), () => {});
}

/** Nothing is waited for. @param {RunRecord} record @param {Kept} kept */
export function leave(record, kept) {
  serviceWorker?.postMessage({ left: { record, kept } });
  leaveInPieces(record, kept);
}

/** @param {RunRecord} record @param {Kept} kept */
function leaveInPieces(record, { checkpoint, curve: { steps, columns } }) {
  try {
    const transaction = database.opened?.transaction(['runs', 'pieces'], 'readwrite');
    if (!transaction) return;
    transaction.done.catch(() => {});
    const pieces = transaction.objectStore('pieces');
    const wanted = [pieces.delete(piecesOf(record.id))];
    let number = 0;
    for (const data of [checkpoint, steps, ...Object.values(columns)]) {
      const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        wanted.push(pieces.put(bytes.slice(at, at + PIECE_BYTES), [record.id, number++]).then(() => {}));
      }
    }
    wanted.push(transaction.objectStore('runs').put({ record, rows: steps.length, columns: Object.keys(columns) }, record.id).then(() => {}));
    for (const one of wanted) one.catch(() => {});
    transaction.commit();
  } catch {
    // The one before stays.
  }
}

/** What was left of a run. @param {string} id @returns {Promise<{record: RunRecord, kept: Kept}|null>}  null: it is not whole */
async function read(id) {
  const [left, pieces] = await database.use(async (connection) => {
    const transaction = connection.transaction(['runs', 'pieces']);
    return Promise.all([transaction.objectStore('runs').get(id), transaction.objectStore('pieces').getAll(piecesOf(id))]);
  });
  if (!left || problemOf(left.record)) return null;
  if ('kept' in left) return problemOfKept(left.kept) ? null : left;
  const { record, rows, columns } = left;
  const all = await new Blob(pieces).arrayBuffer();
  const checkpoint = all.slice(0, record.bytes);
  const column = (/** @type {number} */ i) => new Float64Array(all.slice(record.bytes + 8 * rows * i, record.bytes + 8 * rows * (i + 1)));
  const kept = { checkpoint, curve: { steps: column(0), columns: Object.fromEntries(columns.map((name, i) => [name, column(i + 1)])) } };
  return problemOfKept(kept) ? null : { record, kept };
}

/** What the page before has left to the service worker is written first. @type {Promise<unknown> | undefined} */
let written;

async function leftToServiceWorker() {
  const present = await presentServiceWorker();
  const late = new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  if (present) await Promise.race([ask(present, {}), late]);
}

/** Keeps what was left, where it is newer than what is kept. @param {import('./storage.js').RunStore} store */
export async function takeUp(store) {
  try {
    await (written ??= leftToServiceWorker().catch(() => {}));
    for (const id of await database.use((connection) => connection.getAllKeys('runs'))) {
      const left = await read(id);
      if (left && left.record.savedAt > await store.savedAt(id)) await store.put(left.record, left.kept);
      await forgetLeft(id, left?.record.savedAt);
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error; // it stays where it is
  }
}

/** @param {string} id @param {number} [savedAt]  when, if a later one is to stay */
export async function forgetLeft(id, savedAt) {
  await database.use(async (connection) => {
    const transaction = connection.transaction(['runs', 'pieces'], 'readwrite');
    const left = await transaction.objectStore('runs').get(id);
    if (savedAt === undefined || left?.record.savedAt === savedAt) {
      await Promise.all([transaction.objectStore('runs').delete(id), transaction.objectStore('pieces').delete(piecesOf(id))]);
    }
    await transaction.done;
  });
}
