/**
 * What this browser keeps: IndexedDB, since the private file system (OPFS) is for secure contexts
 * only, and a page on a LAN address is none.
 */

import { openDB } from 'idb';

/**
 * @typedef {import('idb').DBSchema} DBSchema
 *
 * @typedef {DBSchema & {
 *   runs: {key: string, value: import('../training/storage.js').RunRecord},
 *   checkpoints: {key: string, value: import('../training/storage.js').Kept},
 *   experiments: {key: string, value: import('./experiments.js').ExperimentRecord},
 *   archives: {key: string, value: ArrayBuffer},
 * }} Schema
 */

/** Before 2 a record of a run called its `experiment` `spec`; before 3 there were runs only. */
const VERSION = 3;

/** What the browser says of a database that it has closed by itself. */
const CLOSED = ['InvalidStateError', 'AbortError', 'UnknownError'];

/** Raised when the browser keeps nothing, or nothing more; the message says what can be done. */
export class StorageError extends Error {
  /** @override */
  name = 'StorageError';
}

/** @template {DBSchema} S */
export class Database {
  /** @type {Promise<import('idb').IDBPDatabase<S>>|null} */
  #database = null;
  /** The same, once it is open; for what cannot wait. @type {import('idb').IDBPDatabase<S>|null} */
  opened = null;

  /**
   * @param {string} name @param {number} version
   * @param {NonNullable<import('idb').OpenDBCallbacks<S>['upgrade']>} upgrade
   */
  constructor(name, version, upgrade) {
    this.name = name;
    this.version = version;
    this.upgrade = upgrade;
  }

  #open() {
    if (this.#database) return this.#database;
    const forget = () => {
      if (this.#database === opened) this.#database = this.opened = null;
    };
    /** @type {Promise<import('idb').IDBPDatabase<S>>} */
    const opened = openDB(this.name, this.version, {
      upgrade: this.upgrade,
      // Another tab has a newer page, or the user clears what this site keeps.
      blocking: async () => {
        forget();
        (await opened).close();
      },
      terminated: forget,
    });
    this.#database = opened;
    opened.then((database) => (this.opened = database), forget);
    return opened;
  }

  /**
   * Works with the database; once more, with a new connection, where the browser has closed it.
   *
   * @template T
   * @param {(database: import('idb').IDBPDatabase<S>) => Promise<T>} work
   * @returns {Promise<T>}
   * @throws {StorageError}
   */
  async use(work) {
    try {
      try {
        return await work(await this.#open());
      } catch (error) {
        if (!CLOSED.includes(/** @type {Error} */ (error).name)) throw error;
        this.opened?.close();
        this.#database = this.opened = null;
        return await work(await this.#open());
      }
    } catch (error) {
      throw explained(/** @type {Error} */ (error));
    }
  }
}

/** Of the page's own things. @type {Database<Schema>} */
export const database = new Database('websim', VERSION, async (opened, before, _, transaction) => {
  if (before < 1) {
    opened.createObjectStore('runs', { keyPath: 'id' });
    opened.createObjectStore('checkpoints');
  }
  if (before < 3) {
    opened.createObjectStore('experiments', { keyPath: 'id' });
    opened.createObjectStore('archives');
  }
  if (before !== 1) return;
  for await (const cursor of transaction.objectStore('runs')) {
    const { spec: experiment, ...record } = /** @type {any} */ (cursor.value);
    cursor.update({ ...record, experiment });
  }
});

/** Says what can be done. @param {Error} error */
const explained = ({ name, message }) => new StorageError(name === 'QuotaExceededError'
  ? 'This browser has no room left for checkpoints. Delete saved ones, or save this run as a file.'
  : `This browser keeps no checkpoints (${name}: ${message}). Save the run as a file to keep it.`);
