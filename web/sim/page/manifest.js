import { WorkerError, fromPlain } from '../shared/errors.js';

/** @type {Promise<import('../shared/messages.js').Manifest> | undefined} */
let asked;

/** What the server has to offer; asked for once a page, until it has answered. */
export function fetchManifest() {
  asked ??= ask();
  asked.catch(() => (asked = undefined));
  return asked;
}

/** @returns {Promise<import('../shared/messages.js').Manifest>} */
async function ask() {
  const response = await fetch(new URL('/manifest.json', import.meta.url)).catch((error) => {
    throw new WorkerError(`the server cannot be reached: ${error.message}`);
  });
  if (!response.ok) throw fromPlain({ name: 'WorkerError', message: `the server answered ${response.status} for manifest.json`, stack: '' });
  return response.json();
}

/**
 * How the robots of a task begin.
 *
 * @param {import('../shared/messages.js').Manifest} manifest
 * @param {string} task
 * @returns {Promise<import('../shared/messages.js').Opening | null>}  null: its robots have to wait for Python
 */
export async function fetchOpening({ openings }, task) {
  if (!openings) return null;
  const response = await fetch(new URL(`${openings}${task}.json`, import.meta.url)).catch(() => null);
  return response?.ok ? response.json() : null;
}
