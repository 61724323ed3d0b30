/**
 * The newest tournament is kept in this browser as it goes, so that it can go on when its page or its
 * simulation is gone. What was under way begins anew then.
 */

import { Database, StorageError } from '../keeping/database.js';

/**
 * @typedef {import('../../sim/page/tournamentrun.js').KeptTournament} KeptTournament
 * @typedef {import('idb').DBSchema & {tournaments: {key: string, value: KeptTournament}}} Schema
 */

const KEY = 'newest';

/** Held while one goes on: another tab does not offer it. */
const LOCK = 'websim-tournament';

/** @type {Database<Schema>} */
const database = new Database('websim-tournaments', 1, (opened) => {
  opened.createObjectStore('tournaments');
});

export class TournamentKeeper {
  /** The state that is kept, or about to be. */
  #state = '';
  /** What is kept is kept one after another. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  #release = () => {};

  /** @param {(error: Error) => void} report */
  constructor(report) {
    this.report = report;
  }

  /** Others leave it alone from now on. */
  begin() {
    this.#release();
    this.#state = '';
    const { promise, resolve } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
    this.#release = resolve;
    navigator.locks?.request(LOCK, { ifAvailable: true }, () => promise);
  }

  /** Nothing more comes of it here. */
  end() {
    this.#release();
  }

  /** The page is there again, from the back/forward cache: it goes on here, unless it has gone on elsewhere. */
  async comeBack() {
    const kept = await this.find();
    if (kept?.state === this.#state) this.begin();
    else location.reload();
  }

  /** Keeps it, if something has come of it. @param {KeptTournament | null} kept */
  keep(kept) {
    if (!kept || kept.state === this.#state) return;
    const first = !this.#state;
    this.#state = kept.state;
    this.#queue = this.#queue.then(() => database.use((connection) => connection.put('tournaments', kept, KEY))).catch((error) => {
      if (!(error instanceof StorageError)) throw error;
      if (first) this.report(error);
    });
  }

  /** One that was interrupted. @returns {Promise<KeptTournament | null>} */
  async find() {
    await this.#queue;
    const { held = [] } = await navigator.locks?.query() ?? {};
    if (held.some(({ name }) => name === LOCK)) return null;
    return await database.use((connection) => connection.get('tournaments', KEY)).catch(() => null) ?? null;
  }

  async forget() {
    await this.#queue;
    await database.use((connection) => connection.delete('tournaments', KEY));
  }
}
