/** The sky above the floor: from the colour of the horizon to that of the zenith. */

/** How soon the zenith's colour comes: most views see but the lowest part of the sky. */
export const RISE = 4.5;

/** How much of the zenith's colour a direction has. @param {number} up  the sine of its elevation */
export const zenithPart = (up) => (up > 0 ? 1 - Math.exp(-RISE * up) : 0);
