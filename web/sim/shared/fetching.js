/** Files of the server's. */

import { WorkerError } from './errors.js';

/** @param {string} url @throws {WorkerError} it does not come */
export async function fetchFile(url) {
  const response = await fetch(url).catch((error) => {
    throw new WorkerError(`${url}: the server cannot be reached: ${error.message}`);
  });
  if (!response.ok) throw new WorkerError(`${url}: the server answered ${response.status}`);
  return response;
}
