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

  /** Brings them to their places, as far as those are within the picture. @param {import('./view.js').View} view */
  turn(view) {
    /** @type {HTMLElement[]} */ ([...this.element.children]).forEach((label, g) => {
      const place = view.front(g);
      label.hidden = !place || view.followed !== null;
      if (!place) return;
      const most = view.element.clientWidth - EDGE;
      label.style.transform = `translate(clamp(${EDGE}px, ${place.x.toFixed(1)}px - 50%, ${most}px - 100%), ${place.y.toFixed(1)}px)`;
    });
  }
}
