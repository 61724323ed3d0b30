/** How many workers and environments suit a machine, and why. */

import { MAX_ENVS, MAX_WORKERS, checkInteger } from './arguments.js';

/** What a worker takes, generously: two of them and the page took 400 MB (docs/performance.md). */
const WORKER_BYTES = 200e6;

/** What an environment takes, likewise: a thousand Humanoids took 24 MB more than HalfCheetahs. */
const ENVIRONMENT_BYTES = 100e3;

/** Other programs need memory too. */
const MEMORY_SHARE = 0.5;

const ENVIRONMENTS_A_WORKER = 500;

/**
 * @typedef {object} Choice
 * @property {number} workers
 * @property {number} environments  of each group that left it open
 * @property {string[]} reasons     sentences
 *
 * @typedef {object} Machine
 * @property {number} cores
 * @property {number} [gigabytes]  of memory; not every browser tells
 */

/** @returns {Machine} this one */
export function thisMachine() {
  return {
    cores: navigator.hardwareConcurrency || 2,
    gigabytes: /** @type {{deviceMemory?: number}} */ (navigator).deviceMemory,
  };
}

/**
 * @param {unknown} numWorkers  'auto' or a number
 * @param {number} environments  that are asked for
 * @param {number} open  groups that leave their number of environments open
 * @param {Machine} machine
 * @returns {Choice}
 */
export function choose(numWorkers, environments, open, { cores, gigabytes }) {
  const reasons = [];
  const bytes = gigabytes === undefined ? Infinity : gigabytes * 2 ** 30 * MEMORY_SHARE;
  let workers;
  if (numWorkers === 'auto') {
    const room = Math.max(1, Math.floor(bytes / WORKER_BYTES));
    workers = Math.min(cores, MAX_WORKERS, room);
    reasons.push(
      room < cores
        ? `${count(workers, 'worker')}, though there are ${cores} cores: ${gigabytes} GB of memory have room for no more.`
        : `${count(workers, 'worker')}, one for each core.`,
    );
  } else {
    workers = checkInteger("numWorkers, unless 'auto',", numWorkers, 1, MAX_WORKERS);
    reasons.push(`${count(workers, 'worker')}, as asked.`);
  }
  let each = 0;
  if (open) {
    const room = Math.floor((bytes - workers * WORKER_BYTES) / ENVIRONMENT_BYTES);
    const suits = ENVIRONMENTS_A_WORKER * workers;
    const total = Math.min(suits, room, MAX_ENVS);
    each = Math.max(1, Math.floor((total - environments) / open));
    const why = {
      [MAX_ENVS]: 'the most that there may be',
      [room]: `${gigabytes} GB of memory have room for no more`,
      [suits]: `${ENVIRONMENTS_A_WORKER} for each worker`,
    }[total];
    reasons.push(`${count(each * open, 'environment')}: ${why}.`);
  }
  const all = environments + each * open;
  if (workers > all) {
    workers = all;
    reasons.push('There are no more workers than environments.');
  }
  return { workers, environments: each, reasons };
}

/** @param {number} n @param {string} what */
export function count(n, what) {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
