/**
 * A world as a list of entries, one for each thing in it: what a form shows and changes. The document
 * is `websim.worlds.World`.
 */

import { terrainSummary } from './terrain.js';

/**
 * @typedef {import('../../sim/shared/messages.js').World} World
 * @typedef {import('../../sim/shared/messages.js').EventTerm} EventTerm
 * @typedef {import('../../sim/shared/messages.js').Noise} Noise
 * @typedef {import('../../sim/shared/messages.js').Terrain} Terrain
 * @typedef {import('../../sim/shared/messages.js').WorldTarget} WorldTarget
 *
 * @typedef {'observation_noise' | 'action_noise'} NoiseName
 * @typedef {'observation_delay' | 'action_delay'} DelayName
 * @typedef {{kind: 'terrain', of: 'terrain', terrain: Terrain}
 *   | {kind: 'event', event: EventTerm}
 *   | {kind: 'noise', of: NoiseName, noise: Noise}
 *   | {kind: 'delay', of: DelayName, lags: [number, number]}} Entry
 */

const NOISES = /** @type {const} */ (['observation_noise', 'action_noise']);
const DELAYS = /** @type {const} */ (['observation_delay', 'action_delay']);

const SIGNS = { abs: '=', scale: '×', add: '+' };
const OF = { observation: 'Observations', action: 'Actions' };

/** What there is in a world. @param {World} world @returns {Entry[]} */
export function entriesOf(world) {
  /** @type {Entry[]} */
  const entries = world.terrain ? [{ kind: 'terrain', of: 'terrain', terrain: structuredClone(world.terrain) }] : [];
  for (const event of world.events ?? []) entries.push({ kind: 'event', event: structuredClone(event) });
  for (const of of NOISES) {
    const noise = world[of];
    if (noise) entries.push({ kind: 'noise', of, noise: structuredClone(noise) });
  }
  for (const of of DELAYS) {
    const lags = world[of];
    if (lags) entries.push({ kind: 'delay', of, lags: [...lags] });
  }
  return entries;
}

/**
 * The world of which these are the entries; what entries do not show stays as it was.
 *
 * @param {Entry[]} entries @param {World} before @returns {World | null}  null: there is nothing in it
 */
export function worldOf(entries, before) {
  /** @type {World} */
  const world = { ...before };
  for (const name of /** @type {const} */ (['terrain', 'events', 'levels', ...NOISES, ...DELAYS])) delete world[name];
  for (const entry of entries) if (entry.kind === 'terrain') world.terrain = entry.terrain;
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []));
  if (events.length) world.events = events;
  const levels = before.levels?.filter(({ name }) => events.some(({ level }) => level === name));
  if (levels?.length) world.levels = levels;
  for (const entry of entries) {
    if (entry.kind === 'noise') world[entry.of] = entry.noise;
    else if (entry.kind === 'delay') world[entry.of] = entry.lags;
  }
  return Object.values(world).some((value) => value !== null && value !== undefined) ? world : null;
}

/** Adds what there is in a world; there is one ground, and of each signal one noise and one delay. @param {Entry[]} entries @param {World} world */
export function withWorld(entries, world) {
  const added = entriesOf(world);
  const replaced = new Set(added.flatMap((entry) => (entry.kind === 'event' ? [] : [entry.of])));
  return [...entries.filter((entry) => entry.kind === 'event' || !replaced.has(entry.of)), ...added];
}

/** What may follow of a choice of another target. @param {EventTerm} event @param {WorldTarget} target @returns {EventTerm} */
export function retargeted(event, { name, modes, operations }) {
  const { mode, operation } = event;
  return timed({
    ...event,
    target: name,
    mode: modes.includes(mode) ? mode : /** @type {EventTerm['mode']} */ (modes[0]),
    operation: operations.includes(operation) ? operation : /** @type {EventTerm['operation']} */ (operations[0]),
    names: [], // of something else
  });
}

/** What levels of an event are called that the form gives. @param {EventTerm} event */
export function levelOf({ target }) {
  return { push: 'pushes', command: 'commands' }[target] ?? 'width';
}

/** With the time between two where the mode wants one, and only there. @param {EventTerm} event @returns {EventTerm} */
export function timed({ interval_range_s, ...event }) {
  return event.mode === 'interval' ? { ...event, interval_range_s: interval_range_s ?? [2, 4] } : event;
}

/** An entry in a line. @param {Entry} entry @param {import('./terrain.js').Whole} whole  a whole terrain */
export function summaryOf(entry, whole) {
  if (entry.kind === 'terrain') return terrainSummary(entry.terrain, whole);
  if (entry.kind === 'event') {
    const { target, operation, range, distribution, level, names = [] } = entry.event;
    const of = names.length ? ` of ${names.join(', ')}` : '';
    return `${target}${of} ${SIGNS[operation]} ${drawn(range, distribution)}, ${whenOf(entry.event)}${level ? `, by levels of ${level}` : ''}`;
  }
  const [signal] = entry.of.split('_');
  const of = OF[/** @type {keyof typeof OF} */ (signal)];
  if (entry.kind === 'delay') return `${of} ${span(entry.lags)} steps late`;
  const { range, distribution = 'gaussian', operation = 'add' } = entry.noise;
  return `${of} ${SIGNS[operation]} ${drawn(range, distribution)}`;
}

/** @param {EventTerm} event */
function whenOf({ mode, interval_range_s: between }) {
  if (mode === 'startup') return 'once';
  return mode === 'reset' ? 'in each episode' : `every ${span(between ?? [0, 0])} s`;
}

/** @param {[number, number]} range @param {string} [distribution] */
function drawn(range, distribution) {
  return distribution === 'gaussian' ? `${range[0]} ± ${range[1]}` : span(range);
}

/** @param {[number, number]} range */
const span = ([low, high]) => (low === high ? `${low}` : `${low} to ${high}`);
