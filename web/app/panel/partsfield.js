/** What is drawn of robots besides their bodies: a box for each. */

import { h } from '../dom.js';
import { PARTS, toggled } from '../stage/parts.js';

export class PartsField {
  #shown = '';

  /** @param {(change: Partial<import('./options.js').Options>) => void} change */
  constructor(change) {
    this.boxes = PARTS.map(({ name }) => h('input', {
      type: 'checkbox', id: `show-${name}`, onchange: () => change({ show: toggled(this.#shown, name) }),
    }));
    this.element = h('div', { class: 'parts', role: 'group', 'aria-label': 'Also shown' },
      ...PARTS.map(({ name, key, label }, i) => (
        h('label', { class: 'check', for: `show-${name}`, title: `${label} (${key.toUpperCase()})` }, this.boxes[i], label)
      )));
  }

  /** @param {import('./options.js').Options} options */
  show({ show }) {
    this.#shown = show;
    const names = show.split(',');
    PARTS.forEach(({ name }, i) => (this.boxes[i].checked = names.includes(name)));
  }
}
