/** What stands where, if there are several robots: a label before each block. */

import { h } from '../dom.js';
import { count } from '../format.js';

/** So far they stay from the picture's edges, in pixels. */
const EDGE = 4;

export class Labels {
  element = h('div', { class: 'block-labels', 'aria-hidden': 'true' });

  /** @param {import('../../sim/websim.js').Group[]} groups  none: no labels */
  show(groups) {
    this.element.replaceChildren(...(groups.length > 1 ? groups : []).map(({ title, numEnvs }) => (
      h('span', { hidden: true }, title, h('small', {}, count(numEnvs)))
    )));
  }

  /** Brings them to their places, within the picture and below each other where they'd meet. @param {import('./view.js').View} view */
  turn(view) {
    /** @type {{left: number, right: number, top: number}[]} */
    const placed = [];
    /** @type {HTMLElement[]} */ ([...this.element.children]).forEach((label, g) => {
      const place = view.front(g);
      label.hidden = !place || view.followed !== null;
      if (!place) return;
      const { offsetWidth: width, offsetHeight: height } = label;
      const left = Math.max(EDGE, Math.min(place.x - width / 2, view.element.clientWidth - EDGE - width));
      let top = place.y;
      for (const other of placed) {
        if (left < other.right && left + width > other.left && Math.abs(top - other.top) < height) top = other.top + height;
      }
      placed.push({ left, right: left + width, top });
      label.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
    });
  }
}
