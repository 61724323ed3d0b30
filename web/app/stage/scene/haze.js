/** How what is far away, and whoever is not meant, fades into the colour of the horizon. */

/** How much others fade while one robot is followed, as a part of the way from where fading begins to where it ends. */
export const FADED = 0.55;

/** How much of the horizon's colour something has. @param {number} part  of that way, 0 to 1 */
export const hazeOf = (part) => (part <= 0 ? 0 : part >= 1 ? 1 : part * part * (3 - 2 * part));
