/** The small page for lecture notes and blogs, `?embed=1`: robots that move, what they are, and a way to the whole page. */

import { WHY_NOT_SHARED } from '../sim/shared/memory.js';
import { h, setText } from './dom.js';

export const EMBEDDED = new URLSearchParams(location.search).get('embed') === '1';

/** What stands below the robots there. */
export class Caption {
  constructor() {
    this.title = h('strong', {});
    this.mode = h('small', {});
    const whole = h('a', { class: 'button', target: '_blank', rel: 'noopener', onclick: () => (whole.href = wholePage()) }, 'Open in WebSim');
    whole.href = wholePage();
    this.element = h('footer', { class: 'caption' }, this.title, this.mode, whole);
  }

  /** @param {string} title  of what is simulated @param {boolean} isolated  whether memory is shared with workers */
  show(title, isolated) {
    setText(this.title, title);
    this.mode.title = WHY_NOT_SHARED;
    setText(this.mode, isolated ? 'shares memory with its workers' : `slower mode: ${WHY_NOT_SHARED}`);
  }
}

/** The same robots in a page of their own. */
function wholePage() {
  const url = new URL(location.href);
  // How many there are was chosen for a small place.
  for (const name of ['embed', 'envs', 'workers']) url.searchParams.delete(name);
  return url.href;
}
