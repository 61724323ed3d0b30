/** Files to and from the user's disk. */

import { h } from '../dom.js';

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Lets the user choose a file.
 *
 * @param {string} accept @param {(file: File) => void} onFile
 */
export function fileInput(accept, onFile) {
  const input = h('input', { type: 'file', accept, hidden: true });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    // The same file may be chosen again.
    input.value = '';
    if (file) onFile(file);
  });
  return input;
}

/**
 * Takes files that are dropped anywhere on the page.
 *
 * @param {HTMLElement} target  marked by the class `dropping` while a file is over it
 * @param {(file: File) => void} onFile
 */
export function acceptDrops(target, onFile) {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
  target.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    target.classList.add('dropping');
  });
  target.addEventListener('dragleave', (event) => {
    if (!target.contains(/** @type {Node|null} */ (event.relatedTarget))) target.classList.remove('dropping');
  });
  target.addEventListener('drop', (event) => {
    target.classList.remove('dropping');
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
}
