/** A run of the store that was opened: where it stands, what it came of and what came of it, and how to go on. */

import { h } from '../dom.js';
import { count, measure, short } from '../format.js';
import { about } from './stored.js';

/**
 * @typedef {import('./stored.js').Relative} Relative
 *
 * @typedef {object} Actions
 * @property {() => void} goOn        with the run's own reward
 * @property {() => void} goOnHere    with what is in force here
 * @property {() => void} editReward
 * @property {(error: Error) => void} report
 */

export class RunCard {
  /** @param {string} id @param {boolean} open  what it says is seen at once @param {Actions} actions */
  constructor(id, open, { goOn, goOnHere, editReward, report }) {
    this.id = id;
    this.report = report;
    const then = (/** @type {() => void} */ action) => () => {
      this.element.remove();
      action();
    };
    this.changed = h('button', { class: 'primary', hidden: true, title: 'Train on from here with the reward and the measure that are in force now', onclick: then(goOnHere) }, 'Go on with the changed reward');
    this.buttons = h('div', { class: 'row' }, this.changed,
      h('button', { title: 'Train on from here, as it would have gone on', onclick: then(goOn) }, 'Go on'),
      h('button', { title: 'Write another reward first', onclick: editReward }, 'Change the reward…'));
    this.title = h('summary');
    this.content = h('div');
    this.element = h('section', { class: 'shared-run card', 'aria-label': 'The run that was opened' },
      h('button', { class: 'quiet', 'aria-label': 'Close', onclick: () => this.element.remove() }, '×'),
      h('details', { open }, this.title, this.content, this.buttons));
  }

  async show() {
    try {
      const known = await about(this.id);
      const { title, author, task, algorithm, iteration, global_step: steps, has_learner: whole } = known.about;
      const learner = whole ? '' : 'It has a policy without a learner: critic and optimiser begin anew.';
      this.title.textContent = title || task;
      this.content.replaceChildren(
        h('p', { class: 'subtle' }, [author && `by ${author}`, `${algorithm.toUpperCase()}, iteration ${count(iteration)}, ${count(steps)} steps`].filter(Boolean).join(' · ')),
        ...standing(known), ...line('Made of', known.ancestors, ' ← '), ...line('Made of it', known.children, ', '),
        ...(learner ? [h('p', { class: 'subtle' }, learner)] : []));
    } catch (error) {
      this.report(/** @type {Error} */ (error));
    }
  }

  /** Says whether the reward here is another than the run's. @param {boolean} changed */
  offer(changed) {
    this.changed.hidden = !changed;
  }
}

/** @param {import('./stored.js').Known} known */
function standing({ standing: stands, about: { contest, no_contest: why } }) {
  if (!stands || !contest) return [h('p', { class: 'subtle' }, `On no board: ${why}`)];
  const { rank, score, error, board, state, reason } = stands;
  const where = rank === null ? `${state}${reason && `: ${reason}`}`
    : `${measure(score ?? NaN)} ± ${measure(error ?? NaN)}, number ${count(rank)}`;
  return [h('p', {}, h('a', { href: `/boards/${board}` }, `Board of ${contest.name}`), `: ${where}`)];
}

/** @param {string} what @param {Relative[]} relatives @param {string} between */
function line(what, relatives, between) {
  if (!relatives.length) return [];
  const links = relatives.flatMap(({ id, title, global_step: steps, shared }, i) => [
    ...(i ? [between] : []),
    shared ? h('a', { href: `/r/${id}` }, `${title} (${short(steps)} steps)`) : `a run that is not here (${id})`,
  ]);
  return [h('p', {}, `${what}: `, ...links)];
}
