/** Whether a run changes its own course, and when: as the document has it. */

import { h } from '../../dom.js';
import { readNumber } from '../../numbers.js';
import { choiceField, labelled, typedField } from '../../panel/fields.js';
import { OptionError, readOption } from '../../panel/options.js';

/**
 * @typedef {import('../../panel/options.js').Options} Options
 * @typedef {import('../../../sim/shared/messages.js').Threshold} Threshold
 * @typedef {{[key: string]: any}} Document  the experiment's `adaptation`
 */

const CHOICES = [
  { value: 'off', text: 'Off' },
  { value: 'on', text: 'On: try changes, keep what helps' },
  { value: 'ask', text: 'Ask me before a change is tried' },
];

/** Rules that a run has whose document says nothing of them. */
const OWN_RULES = ['plateau', 'collapse'];

/** With wishes: how well one is to be done before the next one, and what is done then. */
const GOAL = 0.6;
const ACTS = { mastery: [{ act: 'next_wish' }], plateau: [{ act: 'rewrite' }] };

/** @param {Threshold} threshold */
const allowed = ({ whole, default: initial }) => `${whole ? 'a whole number' : 'a number'}${initial === null ? ', or nothing: without it' : ''}`;

/** @param {string} text  as `plateau.gain:0.1` */
const pairsOf = (text) => new Map(text ? text.split(',').map((pair) => /** @type {[string, string]} */ (pair.split(':'))) : []);

/** @param {Map<string, string>} pairs */
const textOf = (pairs) => [...pairs].map((pair) => pair.join(':')).join(',');

/**
 * The experiment's `adaptation` as the form says it.
 *
 * @param {Options} options @param {Threshold[]} thresholds
 * @returns {Document | undefined}  undefined: the run does not change its course
 */
export function adaptationOf({ adapt, adaptset, wishes }, thresholds) {
  if (adapt === 'off') return undefined;
  /** @type {Document} */
  const document = adapt === 'ask' ? { ask: true } : {};
  if (wishes) {
    document.wishes = wishes.split('\n');
    document.rules = { plateau: {}, mastery: { goal: GOAL } };
    document.acts = ACTS;
  }
  for (const [name, text] of pairsOf(adaptset)) {
    const value = Number(text);
    if (!thresholds.some((one) => one.name === name) || !Number.isFinite(value)) continue;
    const [rule, threshold] = name.split('.');
    if (threshold === undefined) {
      document[rule] = value;
    } else {
      document.rules ??= Object.fromEntries(OWN_RULES.map((own) => [own, {}]));
      (document.rules[rule] ??= {})[threshold] = value;
    }
  }
  // A rule that lacks what it must have is none.
  for (const { name, default: initial } of thresholds) {
    const [rule, threshold] = name.split('.');
    if (initial === null && document.rules?.[rule]?.[threshold] === undefined) delete document.rules?.[rule];
  }
  return document;
}

/**
 * The options that give a document again, as far as they go.
 *
 * @param {Document | undefined | null} document
 * @returns {Pick<Options, 'adapt' | 'adaptset' | 'wishes'>}
 */
export function adaptOptionsOf(document) {
  if (!document) return { adapt: 'off', adaptset: '', wishes: '' };
  const rules = Object.entries(/** @type {Record<string, object>} */ (document.rules ?? {}));
  const pairs = [
    ...rules.flatMap(([rule, thresholds]) => Object.entries(thresholds).map(([name, value]) => /** @type {[string, string]} */ ([`${rule}.${name}`, `${value}`]))),
    ...['trial_steps', 'episodes', 'standard_errors'].filter((name) => name in document).map((name) => /** @type {[string, string]} */ ([name, `${document[name]}`])),
  ];
  return { adapt: document.ask ? 'ask' : 'on', adaptset: textOf(new Map(pairs)), wishes: (document.wishes ?? []).join('\n') };
}

export class CourseForm {
  #options = { adaptset: '' };

  /** @param {(change: Partial<Options>) => void} change @param {Threshold[]} thresholds */
  constructor(change, thresholds) {
    this.thresholds = thresholds;
    this.choice = choiceField('adapt', 'Change its own course', CHOICES, change);
    this.fields = thresholds.map((threshold) => {
      const { name, default: initial, help } = threshold;
      const field = typedField({
        id: `adapt-${name}`, label: name.replace('.', ': ').replaceAll('_', ' '), allowed: allowed(threshold), numeric: true,
        read: (text) => read(threshold, text),
        change: (value) => {
          const pairs = pairsOf(this.#options.adaptset);
          if (value === null || value === initial) pairs.delete(name);
          else pairs.set(name, String(value));
          change({ adaptset: textOf(pairs) });
        },
      });
      field.element.append(h('small', {}, help));
      return { threshold, field };
    });
    this.wishes = h('textarea', { id: 'adapt-wishes', rows: 3, spellcheck: 'false', placeholder: 'run\nrun backwards\nhop' });
    this.problem = h('small', { class: 'problem', role: 'alert' });
    this.wishes.addEventListener('change', () => {
      try {
        this.problem.textContent = '';
        change({ wishes: readOption('wishes', this.wishes.value) });
      } catch (error) {
        this.problem.textContent = /** @type {Error} */ (error).message;
      }
    });
    this.wished = labelled(this.wishes, 'What it learns, one wish a line', this.problem);
    this.wished.append(h('small', { class: 'subtle' },
      `Rewards and measures are written of the words, in place of the present ones. It goes on to the next wish when this one is done (mastery: goal, ${GOAL} where nothing is said), and tries another reward where nothing grows. Without a wish it learns what is set.`));
    this.details = h('details', { hidden: true }, h('summary', {}, 'When it acts'),
      h('div', { class: 'hyperparameters' }, ...this.fields.map(({ field }) => field.element)));
    this.element = h('div', {}, this.choice.element, this.wished, this.details);
  }

  /** @param {Options} options */
  show(options) {
    this.#options = options;
    this.choice.show(options);
    this.details.hidden = this.wished.hidden = options.adapt === 'off';
    if (document.activeElement !== this.wishes) this.wishes.value = options.wishes;
    const pairs = pairsOf(options.adaptset);
    for (const { threshold: { name, default: initial }, field } of this.fields) {
      field.show(pairs.get(name) ?? (initial === null ? '' : String(initial)));
    }
  }
}

/** @param {Threshold} threshold @param {string} text @returns {number | null} */
function read(threshold, text) {
  if (threshold.default === null && text.trim() === '') return null;
  const value = readNumber(text);
  if (value === undefined || !Number.isFinite(value) || (threshold.whole && !Number.isSafeInteger(value))) {
    throw new OptionError(`${threshold.name} cannot be "${text}". Allowed: ${allowed(threshold)}.`);
  }
  return value;
}
