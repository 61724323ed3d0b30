/** The light of the page: a sun, the sky around, and what the ground throws back. */

import { Vector3 } from 'three';

/** Direction from the floor to the sun. */
export const SUN = new Vector3(-0.45, -0.55, 1).normalize();

/** Colours, and how strong three takes them to be: level ground comes out in its own colour. */
export const LIGHTS = {
  sun: { color: 0xfff8f0, strength: 2.75 },
  sky: { color: 0xdde9ff, strength: 1.15 },
  ground: 0xa59c90,
};
