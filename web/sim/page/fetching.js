/** What the page fetches for its workers. */

import { WorkerError } from '../shared/errors.js';
import { fetchManifest } from './manifest.js';

/** @param {string} url @param {AbortSignal} [signal] */
export async function fetchFile(url, signal) {
  const response = await fetch(url, { signal }).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new WorkerError(`${url}: the server cannot be reached: ${error.message}`);
  });
  if (!response.ok) throw new WorkerError(`${url}: the server answered ${response.status}`);
  return response;
}

/**
 * Fetches a library that few visits need: the worker that imports it then has it from the browser.
 *
 * @param {string} name  in the manifest
 * @param {(part: number, bytes: number) => void} onProgress  how much of it is there, from 0 to 1, and how large it is
 * @param {AbortSignal} [signal]  gives it up
 */
export async function fetchLibrary(name, onProgress, signal) {
  const files = (await fetchManifest()).libraries[name];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let loaded = 0;
  for (const { url } of files) {
    const { body } = await fetchFile(url, signal);
    const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      loaded += value.length;
      onProgress(loaded / bytes, bytes);
    }
  }
}
