/** The ground in the form of a world. */

import { h } from '../dom.js';

/**
 * @typedef {import('../../sim/shared/messages.js').Terrain} Terrain
 * @typedef {import('../../sim/shared/messages.js').Scan} Scan
 * @typedef {Required<Terrain> & {scan: Required<Scan>}} Whole  with all that a terrain says, and a scan
 */

/** Seeds that are drawn are shorter than this: they are read and typed. */
const MAX_SEED = 1_000_000;

/** What levels follow, as it is chosen. @type {[NonNullable<Terrain['curriculum']>, string][]} */
const CURRICULA = [
  ['none', 'drawn once'],
  ['robots', 'follow what was walked'],
  ['progress', 'go where most is learnt'],
];

const HOW = { none: '', robots: ', harder by what is walked', progress: ', where most is learnt' };

/** A kind as it is read. @param {string} kind */
export const kindText = (kind) => kind.replaceAll('_', ' ');

/** The kinds that remain when one is chosen or not; in the order that there is. @param {string[]} kinds @param {string} kind @param {boolean} chosen @param {string[]} all */
export function withKind(kinds, kind, chosen, all) {
  return all.flatMap((one) => (one === kind ? (chosen ? [kind] : []) : kinds.filter((other) => other === one)));
}

/** @param {Terrain} terrain @param {Whole} whole */
export function terrainSummary(terrain, whole) {
  const { kinds, levels, curriculum, scan } = { ...whole, scan: null, ...terrain };
  const of = kinds.length === whole.kinds.length ? `of ${kinds.length} kinds` : kinds.map(kindText).join(', ') || 'of no kind';
  return `Ground ${of}; ${levels} ${levels === 1 ? 'level' : 'levels'}${HOW[curriculum]}${scan ? '; observed' : ''}`;
}

/**
 * @param {Extract<import('./entries.js').Entry, {kind: 'terrain'}>} entry
 * @param {import('./fields.js').WorldFields} fields
 * @param {Whole} whole
 * @param {() => void} chosen  other fields follow @param {() => void} typed
 */
export function terrainFields(entry, fields, whole, chosen, typed) {
  const terrain = { ...whole, scan: /** @type {Scan | null} */ (null), ...entry.terrain };
  const set = (/** @type {Terrain} */ change, told = typed) => {
    entry.terrain = { ...entry.terrain, ...change };
    told();
  };
  const scan = terrain.scan && { ...whole.scan, ...terrain.scan };
  const setScan = (/** @type {Partial<Scan>} */ change) => set({ scan: { ...whole.scan, ...entry.terrain.scan, ...change } });
  return [
    h('fieldset', { class: 'field world-kinds' }, h('legend', {}, 'Kinds'), ...whole.kinds.map((kind) => (
      fields.check(kindText(kind), terrain.kinds.includes(kind), (on) => {
        set({ kinds: withKind(entry.terrain.kinds ?? whole.kinds, kind, on, whole.kinds) });
      })))),
    ...fields.numbers([terrain.levels], ['Levels'], ([levels]) => set({ levels }), 100),
    ...fields.numbers([terrain.tile], ['A tile, m'], ([tile]) => set({ tile })),
    ...fields.numbers(terrain.difficulty, ['Easiest, 0 to 1', 'Hardest, 0 to 1'], (difficulty) => set({ difficulty })),
    ...fields.numbers([terrain.platform], ['Level in its middle, m'], ([platform]) => set({ platform })),
    ...fields.numbers([terrain.resolution], ['Between heights, m'], ([resolution]) => set({ resolution })),
    ...fields.numbers([terrain.seed], ['Seed'], ([seed]) => set({ seed }), Number.MAX_SAFE_INTEGER),
    h('button', {
      title: 'Other ground of the same kinds, by another seed',
      onclick: () => set({ seed: Math.floor(Math.random() * MAX_SEED) }, chosen),
    }, 'Other ground'),
    fields.choice('Levels are', CURRICULA, terrain.curriculum, (curriculum) => (
      set({ curriculum: /** @type {typeof terrain.curriculum} */ (curriculum) }, chosen))),
    ...(terrain.curriculum === 'robots' ? fields.numbers([terrain.speed], ['Asked, m/s'], ([speed]) => set({ speed })) : []),
    fields.check('Heights around it are observed', scan !== null, (on) => set({ scan: on ? whole.scan : null }, chosen)),
    ...(scan ? [
      ...fields.numbers(scan.size, ['Ahead, m', 'Aside, m'], (size) => setScan({ size })),
      ...fields.numbers([scan.spacing], ['Apart, m'], ([spacing]) => setScan({ spacing })),
    ] : []),
  ];
}
