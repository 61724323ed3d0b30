/** What is around robots: the page's, where they don't bring their own. */

/**
 * @typedef {object} Scenery  colours as the screen shows them, 0 to 1; null: the page's own
 * @property {import('./cube.js').Texture|null} box
 * @property {number[]|null} horizon       what is far away fades into it
 * @property {[number[], number[]]|null} floor  of its checker
 * @property {import('./lamps.js').Lamps|null} lamps
 */

/** @type {Scenery} */
export const OWN = { box: null, horizon: null, floor: null, lamps: null };

/** Of robots of one's own; what Gymnasium's models have is black and white, and the page has its own look for them. */
export const BROUGHT = 'Robot-v0';
