import { Vector3 } from 'three';

/** Direction from the floor to the sun. */
export const SUN = new Vector3(-0.45, -0.55, 1).normalize();
