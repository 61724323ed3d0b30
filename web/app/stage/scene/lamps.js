/** A model's own lights, for those that have more than the one at the camera. */

import { Quaternion, Vector3 } from 'three';
import { terrainOf } from './shapes.js';

/**
 * @typedef {import('../../../sim/worker/scene.js').Scene} Scene
 * @typedef {import('../../../sim/worker/scene.js').SceneLight} Light
 * @typedef {import('./robots.js').Robots} Robots
 */

/** The first ones of a model shine. */
export const MOST = 4;

/** Null: the page's light shines; on ground that robots share there is no place that is theirs. @param {Scene} scene */
export const lampsOf = (scene) => (scene.lights.length && !terrainOf(scene) ? new Lamps(scene) : null);

export class Lamps {
  /** @param {Pick<Scene, 'lights'|'headlight'>} scene */
  constructor({ lights, headlight }) {
    this.lights = lights.slice(0, MOST);
    this.headlight = headlight;
    /** Which of them casts shadows; -1: none. */
    this.caster = this.lights.findIndex(({ castshadow }) => castshadow);
  }

  /**
   * All of them as one light, as they fall on a robot: for who can reckon with no more.
   *
   * @param {Robots} robots @param {number} env
   * @returns {{ambient: number, head: number, sun: number, way: Vector3}}  how strong it is from everywhere, from the camera
   *   and along a direction, of what is white; the direction to the light
   */
  mixed(robots, env) {
    const sun = new Vector3();
    let ambient = mean(this.headlight?.ambient);
    let all = 0;
    for (const light of this.lights) {
      wayOf(light, robots, env, way);
      let strength = 1;
      to.copy(way).negate();
      if (light.kind !== 'directional') {
        placeOf(light, robots, env, place);
        to.copy(place).sub(/** @type {Vector3} */ (robots.poses.position(env, robots.group.scene.trackBody, other)));
        const far = to.length() || 1;
        to.divideScalar(far);
        const [constant, linear, quadratic] = light.attenuation;
        strength /= constant + linear * far + quadratic * far * far || 1;
        const inside = -to.dot(way);
        if (light.kind === 'spot') strength *= inside >= Math.cos((light.cutoff * Math.PI) / 180) ? inside ** light.exponent : 0;
      }
      ambient += strength * mean(light.ambient);
      all += strength * mean(light.diffuse);
      sun.addScaledVector(to, strength * mean(light.diffuse));
    }
    // What comes from several sides is in part as if it came from all.
    const strength = sun.length();
    return {
      ambient: ambient + (all - strength) / 2, head: mean(this.headlight?.diffuse), sun: strength,
      way: strength > 1e-6 ? sun.divideScalar(strength) : sun.set(0, 0, 1),
    };
  }
}

const turn = new Quaternion();
const other = new Vector3();

/** Where a light is, in the world that is drawn, but for the cell. @param {Light} light @param {Robots} robots @param {number} env @param {Vector3} out */
export function placeOf({ body, turns, pos }, { poses }, env, out) {
  out.fromArray(pos);
  if (turns) out.applyQuaternion(poses.turn(env, body, turn));
  return out.add(/** @type {Vector3} */ (poses.position(env, body, other)));
}

/** Where it points to, of length 1. @param {Light} light @param {Robots} robots @param {number} env @param {Vector3} out */
export function wayOf(light, robots, env, out) {
  const { poses } = robots;
  if (light.target >= 0) {
    placeOf(light, robots, env, out);
    return out.negate().add(/** @type {Vector3} */ (poses.position(env, light.target, other))).normalize();
  }
  out.fromArray(light.dir);
  if (light.turns) out.applyQuaternion(poses.turn(env, light.body, turn));
  return out.normalize();
}

const place = new Vector3();
const way = new Vector3();
const to = new Vector3();

/** @param {number[]} [rgb] */
const mean = (rgb) => (rgb ? (rgb[0] + rgb[1] + rgb[2]) / 3 : 0);
