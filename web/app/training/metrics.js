/** What the metrics of a run are called, and what is drawn of each. */

import { RECENT_EPISODES } from '../../sim/shared/constants.js';
import { recentMeans, smooth } from './reduce.js';
import { CHANGED, EPISODES, MEASURE, RETURN, REWARD, SECONDS } from './run.js';

/** @typedef {import('./metriclog.js').MetricLog} MetricLog */

/**
 * @typedef {object} Line  what is made of what was measured
 * @property {string} word  what it is called beside that; empty where it is the same
 * @property {(values: Float64Array, log: MetricLog, smoothing: number) => Float64Array} of
 */

/** What people look at first, in this order; other metrics follow as they come. */
const TITLES = /** @type {Record<string, string>} */ ({
  [RETURN]: 'Return',
  [MEASURE]: 'Measure',
  [REWARD]: 'Reward a step',
  'charts/episodic_length': 'Episode length',
  'charts/terrain_level': 'Terrain level',
  'losses/policy_loss': 'Policy loss',
  'losses/value_loss': 'Value loss',
  'losses/approx_kl': 'Approximate KL',
  'losses/entropy': 'Entropy',
  'losses/explained_variance': 'Explained variance',
  'charts/SPS': 'Mean environment steps/s',
});

/** The clock is for files, and changes of the reward are marks in all plots. */
const NOT_DRAWN = [SECONDS, CHANGED];

/** @type {Line} */
const SMOOTHED = { word: 'smoothed', of: (values, _, smoothing) => (smoothing ? smooth(values, smoothing) : values) };

/** What is exact as it is. @type {Line} */
const MEASURED = { word: '', of: (values) => values };

/** Lines other than the smoothed one. @type {Record<string, Line>} */
const LINES = {
  [RETURN]: {
    word: `newest ${RECENT_EPISODES} episodes`,
    of: (values, log) => recentMeans(values, log.column(EPISODES), RECENT_EPISODES),
  },
  [EPISODES]: MEASURED,
  'charts/learning_rate': MEASURED,
};

/** Levels of ground, pushes and whatever has some are means over all robots: exact as they are. @param {string} tag */
export const lineOf = (tag) => LINES[tag] ?? (tag.endsWith('_level') ? MEASURED : SMOOTHED);

/** @param {string} tag */
export function titleOf(tag) {
  const [group, name] = tag.split('/');
  const words = (name ?? group).replaceAll('_', ' ');
  return TITLES[tag] ?? (group === 'rewards' ? `Reward: ${words.replace(/^reward /, '')}` : words[0].toUpperCase() + words.slice(1));
}

/** The metrics of runs that are drawn, in the order of their plots. @param {MetricLog[]} logs */
export function drawnTags(logs) {
  const measured = logs.some((log) => log.column(MEASURE).some(Number.isFinite));
  const tags = [...new Set(logs.flatMap((log) => log.tags))].filter((tag) => (tag === MEASURE ? measured : !NOT_DRAWN.includes(tag)));
  const order = Object.keys(TITLES);
  const place = (/** @type {string} */ tag) => (order.indexOf(tag) + order.length + 1) % (order.length + 1);
  return tags.toSorted((a, b) => place(a) - place(b));
}
