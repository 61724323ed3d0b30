/** Hands on robots: tells the workers that have them what is to be done. */

import { InvalidArgument, WorkerError } from '../shared/errors.js';
import { checkInteger, checkName, checkNames, checkPlain, checkRange, shown } from './arguments.js';

/**
 * @typedef {number | {first: number, count: number} | 'all' | 'driven'} Where  environments, numbered over
 *   all groups: one, some, all, or all that do not learn
 * @typedef {import('../shared/messages.js').Deed} Deed
 * @typedef {import('../shared/protocol.js').HandEvent} HandEvent
 */

export class Hands {
  /**
   * @param {import('./shards.js').Shards} shards
   * @param {() => import('./keptworker.js').KeptWorker[]} workers
   * @param {import('./events.js').Events} events
   * @param {import('./handsrecord.js').HandsRecord} record
   */
  constructor(shards, workers, events, record) {
    this.shards = shards;
    this.workers = workers;
    this.events = events;
    this.record = record;
  }

  /**
   * @param {Where} where
   * @param {Deed['do']} what
   * @param {Record<string, unknown>} values  that it takes
   * @returns {Promise<HandEvent[]>}  of each worker's part of each group
   */
  async act(where, what, values) {
    const plain = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plainOf(value)]));
    checkPlain(what, plain);
    const parts = this.#parts(where);
    if (!parts.length) throw new WorkerError('the workers of these robots are being replaced; try again in a few seconds');
    const { record, record: { turn } } = this;
    return Promise.all(parts.map(async ({ worker, ...place }) => {
      const event = await this.workers()[worker].handle({ ...place, do: what, what: plain });
      if (!this.shards.groups[place.group].learns) record.note(event, turn);
      this.events.emit('hand', { ...event, group: place.group });
      return event;
    }));
  }

  /** Where these environments are. @param {Where} where */
  #parts(where) {
    const { groups } = this.shards;
    const total = groups.reduce((sum, { numEnvs }) => sum + numEnvs, 0);
    const [from, end] = rangeOf(where, total);
    return this.workers().flatMap(({ index: worker }) => this.shards.of(worker).flatMap((shard) => {
      const { offset, learns } = groups[shard.group];
      if (where === 'driven' && learns) return [];
      const first = Math.max(shard.first, from - offset);
      const count = Math.min(shard.first + shard.count, end - offset) - first;
      return count > 0 ? [{ worker, group: shard.group, first, count }] : [];
    }));
  }
}

/** @param {unknown} where @param {number} total @returns {[number, number]}  first, and the one after the last */
function rangeOf(where, total) {
  if (typeof where === 'object' && where) {
    const { first, count } = /** @type {{first: number, count: number}} */ (checkRange(where));
    checkInteger('first', first, 0, total - 1);
    return [first, first + checkInteger('count', count, 1, total - first)];
  }
  if (typeof where === 'string') {
    checkName('environments, unless an index or { first, count },', where, ['all', 'driven']);
    return [0, total];
  }
  const index = checkInteger('the index of an environment', where, 0, total - 1);
  return [index, index + 1];
}

/** Lists of numbers are as good as typed arrays. @param {unknown} value */
function plainOf(value) {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(/** @type {any} */ (value)) : value;
}

/** @param {unknown} seconds */
export function checkSeconds(seconds) {
  if (typeof seconds !== 'number' || !(seconds > 0) || seconds === Infinity) {
    throw new InvalidArgument(`seconds must be a number above 0, not ${shown(seconds)}`);
  }
  return seconds;
}

/** @param {unknown} options @param {string[]} names */
export function checkHow(options, names) {
  checkNames('options of a hand', options, names);
  return /** @type {Record<string, unknown>} */ (options);
}
