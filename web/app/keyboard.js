/** Keyboard shortcuts, and the sheet that lists them. */

import { fetchManifest } from '../sim/page/manifest.js';
import { h } from './dom.js';

/**
 * @typedef {object} Shortcut
 * @property {string[]} keys     as `KeyboardEvent.key`, in lower case
 * @property {string} label      the keys as people call them
 * @property {string} does
 * @property {string} about   under which heading it stands
 * @property {(key: string) => void} run
 */

/** What the mouse and fingers do, for the same sheet. */
const GESTURES = 'Mouse and fingers';

/** @type {[string, string][]} */
const MOVES = [
  ['Drag', 'Turn the view'],
  ['Right drag, or two fingers', 'Move the view'],
  ['Wheel, or pinch', 'Zoom'],
  ['Ctrl and drag, or Pull and drag', 'Pull a robot by a spring; with Shift all of its kind'],
  ['Double click, or double tap', 'Follow a robot and open its details'],
];

/** Elements that use the keys themselves. */
const TYPING = 'input:not([type=checkbox]), select, textarea, [contenteditable=true]';

export class Keyboard {
  /** @param {Shortcut[]} shortcuts */
  constructor(shortcuts) {
    this.shortcuts = shortcuts;
    /** The page's own JavaScript is served as it was written; Python comes as a zip. */
    this.source = h('a', { download: 'websim.zip' }, 'Source of the Python package');
    const keys = (/** @type {string} */ label) =>
      label.split(' / ').flatMap((key, i) => [i ? ' ' : '', h('kbd', {}, key)]);
    const row = (/** @type {(Node|string)[]} */ what, /** @type {string} */ does) =>
      h('div', {}, h('dt', {}, ...what), h('dd', {}, does));
    this.sheet = h('dialog', { class: 'help', 'aria-label': 'Help' },
      h('header', {}, h('h2', {}, 'Keys and gestures'),
        h('button', { class: 'quiet', 'aria-label': 'Close', onclick: () => this.sheet.close() }, '×')),
      h('div', { class: 'columns' },
        ...[...new Set(shortcuts.map(({ about }) => about))].map((about) => h('section', {}, h('h3', {}, about),
          h('dl', {}, ...shortcuts.filter((one) => one.about === about).map(({ label, does }) => row(keys(label), does))))),
        h('section', {}, h('h3', {}, GESTURES), h('dl', {}, ...MOVES.map(([what, does]) => row([what], does))))));
    const at = (/** @type {string} */ path) => new URL(path, import.meta.url).href;
    const link = (/** @type {string} */ path, /** @type {string} */ text) => h('a', { href: at(path), target: '_blank', rel: 'noopener' }, text);
    this.sheet.append(h('p', { class: 'row documents-links' },
      link('../docs/index.html', 'Documents'), link('../docs/tutorial.html', 'Tutorial'), link('../docs/dashboard.html', 'This page'),
      link('../docs/rewards.html', 'Rewards'), link('../docs/python.html', 'Python'), link('../docs/javascript.html', 'JavaScript'),
      this.source));
    this.sheet.addEventListener('click', (event) => {
      if (event.target === this.sheet) this.sheet.close();
    });
  }

  listen() {
    document.addEventListener('keydown', (event) => this.#press(event));
  }

  toggleSheet() {
    if (this.sheet.open) {
      this.sheet.close();
      return;
    }
    this.sheet.showModal();
    fetchManifest().then(({ websim }) => (this.source.href = websim.url), () => (this.source.hidden = true));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = /** @type {Element} */ (event.target);
    if (target.matches(TYPING) || (event.key === ' ' && target.matches('button, summary, a'))) return;
    // What is asked and the open sheet close by Escape themselves; other keys wait.
    const asked = document.querySelector('dialog[open]');
    if (asked && !(asked === this.sheet && event.key === '?')) return;
    const key = event.key.toLowerCase();
    const shortcut = this.shortcuts.find(({ keys }) => keys.includes(key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run(key);
  }
}
