/** What a simulation tells, and who listens. */

import { checkFunction, checkName } from './arguments.js';

/**
 * @typedef {{
 *   episode: {index: number, task: string, return: number, length: number},
 *   notice: {level: 'info' | 'warning' | 'error', message: string},
 *   workerRestart: {worker: number, reason: string},
 *   badState: {count: number},
 *   library: import('../shared/protocol.js').Events['library'],
 *   state: {running: boolean},
 *   hand: import('../shared/protocol.js').HandEvent & {group: number},
 *   error: {name: string, message: string, stack: string},
 *   iteration: Omit<import('../shared/messages.js').Iteration, 'checkpoint'>,
 *   training: import('./trainingrun.js').TrainingEvent,
 *   code: {group: number, reward: string | null, measure: string | null, failure: string},
 *   scene: {group: number},
 *   checkpoint: import('./trainingrun.js').CheckpointEvent,
 *   tournament: import('./tournamentrun.js').TournamentEvent,
 *   authoring: import('./conversation.js').AuthoringEvent,
 * }} SimEvents
 */

export const EVENTS = /** @type {(keyof SimEvents)[]} */ ([
  'episode', 'notice', 'workerRestart', 'badState', 'library', 'state', 'hand', 'error', 'iteration', 'training', 'checkpoint', 'code', 'scene',
  'tournament', 'authoring',
]);

export class Events {
  /** @type {Set<{name: string, listener: (detail: any) => void}>} */
  #listeners = new Set();
  /** Notices wait for a listener: there is none while a simulation is made. @type {SimEvents['notice'][]} */
  #unheard = [];

  /**
   * @template {keyof SimEvents} E
   * @param {E} name
   * @param {(detail: SimEvents[E]) => void} listener
   * @returns {() => void} call it to stop listening
   */
  on(name, listener) {
    checkName('event', name, EVENTS);
    checkFunction('listener', listener);
    const entry = { name, listener };
    this.#listeners.add(entry);
    if (name === 'notice') for (const notice of this.#unheard.splice(0)) listener(/** @type {any} */ (notice));
    return () => this.#listeners.delete(entry);
  }

  /** @template {keyof SimEvents} E @param {E} name @param {SimEvents[E]} detail */
  emit(name, detail) {
    let heard = false;
    for (const entry of this.#listeners) {
      if (entry.name !== name) continue;
      heard = true;
      entry.listener(detail);
    }
    if (name === 'notice' && !heard) this.#unheard.push(/** @type {SimEvents['notice']} */ (detail));
  }

  clear() {
    this.#listeners.clear();
  }
}
