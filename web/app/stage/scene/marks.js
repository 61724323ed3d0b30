/** What marks robots: a ring on the ground around the followed one, an arrow above the best one. */

/** Height and width of the arrow; its height is so many CSS pixels, however far away it is. */
export const ARROW = { height: 0.36, width: 0.13, pixels: 30 };

/** In multiples of the robot's size: the ring's radius, and how far the arrow's point is above the robot's middle. */
export const RING = 0.75;
export const ABOVE = 0.62;
