/**
 * Runs kept in this browser. What belongs together is written in one transaction: a crash leaves the
 * checkpoint before, whole. Every run has an id of its own, so that two tabs do not meet; a lock on it
 * tells others that it goes on in this tab.
 */

import { StorageError, database } from '../keeping/database.js';
import { forgetLeft, takeUp } from './leaving.js';
import { problemOf, problemOfKept, readRecord } from './records.js';

/**
 * @typedef {object} RunRecord  what lists show; what is large is kept beside it
 * @property {string} id
 * @property {string} name
 * @property {boolean} kept          by the user; others give way to newer runs
 * @property {boolean} unfinished    whether the page should offer to resume it
 * @property {boolean} [finished]     to its end, which may be some steps before the total: a whole iteration more would go beyond
 * @property {string} [failure]      why it failed after this
 * @property {string} [origin]       sha256 of the file that it came in; what goes on from it is made of that
 * @property {import('./run.js').Experiment} experiment
 * @property {number} iteration
 * @property {number} globalStep
 * @property {number} totalTimesteps
 * @property {number} episodicReturn  NaN while no episode has ended
 * @property {number} seconds         of learning
 * @property {number} savedAt         as Date.now()
 * @property {number} bytes           of the checkpoint
 * @property {string} [problem]       why it cannot be read; then it can only be deleted
 *
 * @typedef {object} Kept
 * @property {ArrayBuffer} checkpoint
 * @property {import('./metriclog.js').StoredLog} curve
 */

/** Runs that are kept without having been asked for. */
const MOST_RECENT = 8;

const LOCK = 'websim-run-';

export class RunStore {
  /** All records, the newest first; those that are damaged say so. */
  async list() {
    await takeUp(this);
    return database.use(async (connection) => {
      const { store } = connection.transaction('runs');
      const [ids, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
      return values.map((value, i) => readRecord(ids[i], value)).sort((a, b) => b.savedAt - a.savedAt);
    });
  }

  /**
   * @param {string} id
   * @returns {Promise<{record: RunRecord, kept: Kept}|null>}  null: there is none
   * @throws {StorageError}
   */
  async get(id) {
    await takeUp(this);
    const found = await database.use(async (connection) => {
      const transaction = connection.transaction(['runs', 'checkpoints']);
      const [record, kept] = await Promise.all([
        transaction.objectStore('runs').get(id), transaction.objectStore('checkpoints').get(id),
      ]);
      return record && kept ? { record, kept } : null;
    });
    const problem = found && (problemOf(found.record) || problemOfKept(found.kept));
    if (problem) throw new StorageError(`This run cannot be read: ${problem}. It can be deleted under “Saved”.`);
    return found;
  }

  /**
   * Keeps a run's newest state in place of the one before, and drops the oldest of those that nobody
   * asked to be kept when there are many.
   *
   * @param {RunRecord} record @param {Kept} kept
   * @throws {StorageError}
   */
  async put(record, kept) {
    const problem = problemOf(record) || problemOfKept(kept);
    if (problem) throw new StorageError(`This run cannot be kept: ${problem}.`);
    const live = await this.liveIds();
    await database.use(async (connection) => {
      const transaction = connection.transaction(['runs', 'checkpoints'], 'readwrite');
      const [runs, checkpoints] = [transaction.objectStore('runs'), transaction.objectStore('checkpoints')];
      const written = [runs.put(record), checkpoints.put(kept, record.id)];
      const dropped = runs.getAll().then((all) => {
        const recent = all.filter((other) => !problemOf(other) && !other.kept).sort((a, b) => b.savedAt - a.savedAt);
        const old = recent.slice(MOST_RECENT).filter(({ id }) => id !== record.id && !live.has(id));
        return Promise.all(old.flatMap(({ id }) => [runs.delete(id), checkpoints.delete(id)]));
      });
      await Promise.all([...written, dropped, transaction.done]);
    });
  }

  /** When a run was last kept; 0: it is not. @param {string} id */
  async savedAt(id) {
    return database.use(async (connection) => (await connection.get('runs', id))?.savedAt ?? 0);
  }

  /** Changes what lists show of a run. @param {string} id @param {Partial<RunRecord>} change */
  async update(id, change) {
    await database.use(async (connection) => {
      const transaction = connection.transaction('runs', 'readwrite');
      const record = await transaction.store.get(id);
      if (record) await transaction.store.put({ ...record, ...change });
      await transaction.done;
    });
  }

  /** @param {string} id */
  async remove(id) {
    await forgetLeft(id);
    await database.use(async (connection) => {
      const transaction = connection.transaction(['runs', 'checkpoints'], 'readwrite');
      await Promise.all([
        transaction.objectStore('runs').delete(id), transaction.objectStore('checkpoints').delete(id),
        transaction.done,
      ]);
    });
  }

  /** Whether tabs can know of each other's runs: only a secure context has locks. */
  locks = Boolean(navigator.locks);

  /**
   * Marks a run as going on in this tab, until the function that it gives is called or the tab is
   * gone. Null: it goes on in another tab.
   *
   * @param {string} id
   * @returns {Promise<(() => Promise<void>)|null>}
   */
  async claim(id) {
    // Then ids alone keep tabs apart.
    if (!this.locks) return async () => {};
    return new Promise((resolve) => {
      /** @type {Promise<void>} */
      const released = navigator.locks.request(LOCK + id, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        const { promise, resolve: release } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
        resolve(() => {
          release();
          return released;
        });
        return promise;
      });
    });
  }

  /** Runs that go on now, in any tab. */
  async liveIds() {
    const { held = [] } = await navigator.locks?.query() ?? {};
    return new Set(held.map(({ name = '' }) => name).filter((name) => name.startsWith(LOCK)).map((name) => name.slice(LOCK.length)));
  }
}
