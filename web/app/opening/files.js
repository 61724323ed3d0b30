/** Files to and from the user's disk: chosen, dropped, one by one or whole folders of them. */

import { MAX_ROBOT_FILES } from '../../sim/shared/constants.js';
import { h } from '../dom.js';

/** Files by path, folders with forward slashes. @typedef {Record<string, File>} Files */

/** What systems put beside the files that people mean. */
const HIDDEN = /(^|\/)(\.|__MACOSX\/)/;

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Lets the user choose files.
 *
 * @param {Record<string, unknown>} properties  of the input
 * @param {(files: Files) => void} onFiles
 */
export function fileInput(properties, onFiles) {
  const input = h('input', { type: 'file', hidden: true, multiple: true, ...properties });
  input.addEventListener('change', () => {
    const files = byPath([...input.files ?? []].map((file) => [file.webkitRelativePath || file.name, file]));
    // The same file may be chosen again.
    input.value = '';
    if (Object.keys(files).length) onFiles(files);
  });
  return input;
}

/**
 * Takes files and folders that are dropped on an element.
 *
 * @param {HTMLElement} target  marked by the class `dropping` while something is over it
 * @param {(files: Promise<Files>) => void} onFiles
 */
export function acceptDrops(target, onFiles) {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
  target.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    target.classList.add('dropping');
  });
  target.addEventListener('dragleave', (event) => {
    if (!target.contains(/** @type {Node|null} */ (event.relatedTarget))) target.classList.remove('dropping');
  });
  target.addEventListener('drop', (event) => {
    target.classList.remove('dropping');
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    onFiles(droppedFiles(event.dataTransfer));
  });
}

/** @param {DataTransfer} dropped  can be read only until the event is over */
function droppedFiles(dropped) {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files = [...dropped.files];
  return entries.length ? filesOf(entries) : Promise.resolve(byPath(files.map((file) => [file.name, file])));
}

/** @param {FileSystemEntry[]} entries  files and folders @returns {Promise<Files>} */
async function filesOf(entries) {
  /** @type {[string, File][]} */
  const found = [];
  const waiting = [...entries];
  for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
    if (HIDDEN.test(entry.fullPath)) continue;
    if (entry.isDirectory) {
      waiting.push(...await entriesOf(/** @type {FileSystemDirectoryEntry} */ (entry)));
    } else {
      const { fullPath } = entry;
      const file = await new Promise((...answers) => /** @type {FileSystemFileEntry} */ (entry).file(...answers));
      found.push([fullPath.replace(/^\//, ''), file]);
      if (found.length > MAX_ROBOT_FILES) throw new Error(`There are more than ${MAX_ROBOT_FILES} files in it: drop the robot's alone.`);
    }
  }
  return byPath(found);
}

/** @param {FileSystemDirectoryEntry} folder */
async function entriesOf(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const entries = [];
  for (;;) {
    // A browser tells some at a time.
    const some = /** @type {FileSystemEntry[]} */ (await new Promise((...answers) => reader.readEntries(...answers)));
    if (!some.length) return entries;
    entries.push(...some);
  }
}

/** A robot for those who have none at hand. @returns {Promise<Files>} @throws {Error} it does not come */
export async function example() {
  const response = await fetch(new URL('./lamp.xml', import.meta.url));
  if (!response.ok) throw new Error(`The server answered ${response.status} for the desk lamp.`);
  return byPath([['desk lamp.xml', new File([await response.blob()], 'desk lamp.xml')]]);
}

/** @param {[string, File][]} found @returns {Files} */
const byPath = (found) => Object.fromEntries(found.filter(([path]) => !HIDDEN.test(path)));
