/** What is asked while a robot is opened: which model is meant, and where files are. */

import { h } from '../dom.js';
import { acceptDrops, fileInput } from './files.js';

/**
 * Asks which of several models is the robot.
 *
 * @param {string[]} models
 * @returns {Promise<string|null>}  null: none
 */
export function askModel(models) {
  return ask('Which one is the robot?', (answer) => [
    h('p', {}, 'There are several models among the files. The others are left out, unless this one includes them.'),
    h('div', { class: 'choices' }, ...models.map((path) => h('button', { onclick: () => answer(path) }, path))),
  ]);
}

/**
 * Asks for files that a robot names and that are not there.
 *
 * @param {string[]} missing
 * @returns {Promise<import('./files.js').Files|null>}  some of them, perhaps; null: there are none
 */
export function askFiles(missing) {
  return ask('Files are missing', (answer, dialog) => {
    acceptDrops(dialog, (files) => files.then(answer, () => answer(null)));
    const input = fileInput({}, answer);
    return [
      h('p', {}, 'The robot names these files. Drop them here, or the folder in which they are.'),
      h('ul', { class: 'missing' }, ...missing.map((name) => h('li', {}, name))),
      h('button', { class: 'primary', onclick: () => input.click() }, 'Choose files…'),
      input,
    ];
  });
}

/**
 * Asks whether code that does more than calculate may run.
 *
 * @param {string} name  of its file
 * @param {string} problems  what it does
 * @returns {Promise<boolean>}
 */
export async function askTrust(name, problems) {
  const trusted = await ask(`Run ${name} all the same?`, (answer) => [
    h('p', {}, 'It does more than calculate, so nobody can say what it does. It runs in workers of this page: do this only if you know who wrote it.'),
    h('pre', { class: 'problems', tabindex: 0 }, problems),
    h('button', { class: 'primary', onclick: () => answer(true) }, 'Run it, I trust it'),
  ]);
  return trusted ?? false;
}

/**
 * Reads code, which runs at once where it only calculates; otherwise the user is asked first.
 *
 * @template T
 * @param {string} name  of its file
 * @param {(trusted: boolean) => Promise<T>} read  fails by UnsafeCode where it does more and is not trusted
 * @param {boolean} [trusted]  it is known already that it may
 * @returns {Promise<T|null>}  null: it is not to run
 */
export async function trusting(name, read, trusted = false) {
  try {
    return await read(trusted);
  } catch (error) {
    const { name: kind, message } = /** @type {Error} */ (error);
    if (kind !== 'UnsafeCode') throw error;
    return await askTrust(name, message) ? read(true) : null;
  }
}

/**
 * @template T
 * @param {string} title
 * @param {(answer: (value: T|null) => void, dialog: HTMLDialogElement) => HTMLElement[]} content
 * @returns {Promise<T|null>}
 */
function ask(title, content) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { class: 'question', 'aria-label': title });
    const answer = (/** @type {T|null} */ value) => {
      resolve(value);
      dialog.close();
    };
    dialog.append(h('h2', {}, title), ...content(answer, dialog), h('button', { onclick: () => answer(null) }, 'Cancel'));
    dialog.addEventListener('close', () => {
      resolve(null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
