import { WorkerError, fromPlain } from './errors.js';

/** @type {Promise<import('./boot.js').Manifest> | undefined} */
let asked;

/** What the server has to offer; asked for once a page, until it has answered. */
export function fetchManifest() {
  asked ??= ask();
  asked.catch(() => (asked = undefined));
  return asked;
}

/** @returns {Promise<import('./boot.js').Manifest>} */
async function ask() {
  const response = await fetch(new URL('/manifest.json', import.meta.url)).catch((error) => {
    throw new WorkerError(`the server cannot be reached: ${error.message}`);
  });
  if (!response.ok) throw fromPlain({ name: 'WorkerError', message: `the server answered ${response.status} for manifest.json`, stack: '' });
  return response.json();
}
