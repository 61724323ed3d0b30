/** What can be shown of robots besides their bodies: some of all that are near, some of the followed one alone. */

import * as THREE from 'three';
import { Lines } from './scene/lines.js';
import { strokesOf } from './scene/strokes.js';
import { wrap } from './scene/wrap.js';

/** @typedef {import('./scene/robots.js').Robots} Robots */
/** @typedef {import('./scene/lines.js').Rgb} Rgb */
/** @typedef {import('./parts.js').Part} Part */

/** MuJoCo's colours of the same things. @type {Record<'joint'|'mass'|'contact'|'force'|'trail', Rgb>} */
const COLORS = {
  joint: [0.2, 0.6, 0.8], mass: [0.9, 0.9, 0.9], contact: [0.9, 0.6, 0.2], force: [0.7, 0.9, 0.9], trail: [0.9, 0.4, 0.3],
};

/** In multiples of the robot's size. */
const AXIS = { length: 0.13, radius: 0.016 };
const MASS = 0.05;
const CONTACT = 0.024;
const FORCE = { radius: 0.012, weight: 0.6 }; // a force of the robot's weight is as long as this
const TRAIL = { radius: 0.006, points: 240 };

/** How thick a tendon is within what it bends around, as a part of its width. */
const INSIDE = 0.5;

/** Further between two samples, in metres, is no way that it went. */
const JUMP = 1;

/** Numbers of a contact: where it is, and the force on what is above, in the world. */
export const CONTACT_SIZE = 6;

/**
 * @typedef {object} Wanted
 * @property {Set<Part>} parts
 * @property {number|null} followed  environment
 * @property {import('./history.js').History} history  of the followed one
 * @property {Float64Array} contacts  [n, CONTACT_SIZE], likewise
 */

export class Anatomy {
  /** What bodies hide, and what is seen through them. */
  hidden = new Lines();
  seen = new Lines();
  #from = new THREE.Vector3();
  #to = new THREE.Vector3();
  #place = new THREE.Vector3();
  #turn = new THREE.Quaternion();

  /** @param {Robots[]} groups @param {Wanted} wanted */
  draw(groups, { parts, followed, history, contacts }) {
    this.hidden.clear();
    this.seen.clear();
    if (!parts.size && !groups.some(({ group }) => group.scene.ropes.length)) return;
    for (const robots of groups) {
      const { group: { offset, numEnvs }, near: { places, count } } = robots;
      const own = followed !== null && followed >= offset && followed < offset + numEnvs ? followed - offset : null;
      for (let i = 0; i < count; i++) {
        const env = places[3 * i + 2];
        this.#ropes(robots, env);
        if (parts.has('tendons')) this.#tendons(robots, env);
        if (parts.has('sites')) this.#sites(robots, env);
        if (own !== null && env !== own) continue; // beside it the others stand back
        if (parts.has('joints')) this.#joints(robots, env);
        if (parts.has('mass')) this.#mass(robots, env);
      }
      if (own === null) continue;
      if (parts.has('trail')) this.#trail(robots, own, history);
      if (parts.has('contacts') || parts.has('forces')) this.#contacts(robots, own, contacts, parts);
    }
  }

  /** A place of a body's frame, in the world that is drawn. @param {Robots} robots @param {number} env @param {number} body @param {ArrayLike<number>} pos @param {THREE.Vector3} out */
  #at({ poses, plot }, env, body, pos, out) {
    poses.position(env, body, this.#place);
    out.set(pos[0], pos[1], pos[2]).applyQuaternion(poses.turn(env, body, this.#turn)).add(this.#place);
    out.x += plot.cells[2 * env];
    out.y += plot.cells[2 * env + 1];
    out.z += plot.lift;
    return out;
  }

  /** @param {Robots} robots @param {number} env */
  #ropes(robots, env) {
    for (const { lines, radius, rgba } of robots.group.scene.ropes) {
      for (const [from, to] of lines) {
        this.#at(robots, env, from.body, from.pos, this.#from);
        this.hidden.add(this.#from, this.#at(robots, env, to.body, to.pos, this.#to), radius, colorOf(rgba));
      }
    }
  }

  /** @param {Robots} robots @param {number} env */
  #tendons(robots, env) {
    for (const { paths, width, rgba } of robots.group.scene.tendons) {
      const color = colorOf(rgba);
      for (const path of paths) {
        path.forEach(({ body, pos, around }, i) => {
          this.#from.copy(this.#to);
          this.#at(robots, env, body, pos, this.#to);
          if (!i) return;
          const bend = around && this.#bend(robots, env, around);
          if (!bend) {
            this.hidden.add(this.#from, this.#to, width, color);
            return;
          }
          this.hidden.add(this.#from, bend[0], width, color);
          this.hidden.add(bend[0], bend[1], INSIDE * width, color);
          this.hidden.add(bend[1], this.#to, width, color);
        });
      }
    }
  }

  /** Where the way from one place to the next bends. @param {Robots} robots @param {number} env @param {import('../../sim/worker/scene.js').SceneWrap} around */
  #bend(robots, env, { body, pos, quat: [w, x, y, z], side, ...round }) {
    const place = this.#at(robots, env, body, pos, new THREE.Vector3());
    const turn = robots.poses.turn(env, body, new THREE.Quaternion()).multiply(new THREE.Quaternion(x, y, z, w));
    const aside = side && this.#at(robots, env, side.body, side.pos, new THREE.Vector3());
    return wrap(this.#from, this.#to, { place, turn, ...round }, aside);
  }

  /** @param {Robots} robots @param {number} env */
  #sites(robots, env) {
    const { scene } = robots.group;
    let strokes = strokesBySite.get(scene);
    if (!strokes) strokesBySite.set(scene, strokes = strokesOf(scene.sites.map((site) => ({ name: '', group: 0, material: -1, data: -1, ...site })), scene));
    for (const { body, from, to, radius, rgba } of strokes) {
      this.#at(robots, env, body, from.toArray(), this.#from);
      this.seen.add(this.#from, this.#at(robots, env, body, to.toArray(), this.#to), radius, colorOf(rgba));
    }
  }

  /** @param {Robots} robots @param {number} env */
  #joints(robots, env) {
    const { group: { scene }, plot: { size } } = robots;
    for (const { body, pos, axis } of scene.joints) {
      const end = (/** @type {number} */ way) => pos.map((value, c) => value + way * AXIS.length * size * axis[c]);
      this.#at(robots, env, body, end(-0.4), this.#from);
      this.seen.add(this.#from, this.#at(robots, env, body, end(1), this.#to), AXIS.radius * size, COLORS.joint);
    }
  }

  /** @param {Robots} robots @param {number} env */
  #mass(robots, env) {
    const { group: { scene: { mass, middles } }, plot: { size } } = robots;
    this.#to.set(0, 0, 0);
    let whole = 0;
    for (let body = 1; body < mass.length; body++) {
      whole += mass[body];
      this.#to.addScaledVector(this.#at(robots, env, body, middles.subarray(3 * body), this.#from), mass[body]);
    }
    if (!whole) return;
    this.#to.divideScalar(whole);
    this.seen.add(this.#to, this.#to, MASS * size, COLORS.mass);
  }

  /** @param {Robots} robots @param {number} env @param {import('./history.js').History} history */
  #trail(robots, env, history) {
    const { group: { scene: { trackBody } }, plot: { size } } = robots;
    const path = history.path(trackBody);
    const step = Math.max(1, Math.ceil(path.length / TRAIL.points));
    const [x, y] = this.#moved(robots, env);
    for (let i = 0; i < path.length; i += step) {
      this.#from.copy(this.#to);
      this.#to.set(path[i][0] + x, path[i][1] + y, path[i][2] + robots.plot.lift);
      // Another episode begins elsewhere.
      if (i && this.#from.distanceTo(this.#to) < JUMP * step) this.hidden.add(this.#from, this.#to, TRAIL.radius * size, COLORS.trail);
    }
  }

  /** @param {Robots} robots @param {number} env @param {Float64Array} contacts @param {Set<Part>} parts */
  #contacts(robots, env, contacts, parts) {
    const { group: { scene: { mass } }, plot: { size, lift } } = robots;
    const [x, y] = this.#moved(robots, env);
    const weight = 9.81 * mass.reduce((sum, one) => sum + one, 0) || 1;
    for (let at = 0; at < contacts.length; at += CONTACT_SIZE) {
      this.#from.set(contacts[at] + x, contacts[at + 1] + y, contacts[at + 2] + lift);
      if (parts.has('contacts')) this.seen.add(this.#from, this.#from, CONTACT * size, COLORS.contact);
      if (!parts.has('forces')) continue;
      this.#to.set(contacts[at + 3], contacts[at + 4], contacts[at + 5]).multiplyScalar((FORCE.weight * size) / weight).add(this.#from);
      this.seen.add(this.#from, this.#to, FORCE.radius * size, COLORS.force);
    }
  }

  /** How far the world of an environment is drawn from where it is: by its cell, and by a robot that is held in it. @param {Robots} robots @param {number} env */
  #moved({ poses, plot }, env) {
    poses.position(env, 0, this.#place);
    return [plot.cells[2 * env] + this.#place.x, plot.cells[2 * env + 1] + this.#place.y];
  }
}

/** @type {WeakMap<import('../../sim/worker/scene.js').Scene, import('./scene/strokes.js').Stroke[]>} */
const strokesBySite = new WeakMap();

/** @type {WeakMap<number[], Rgb>} */
const known = new WeakMap();

/** The same array for the same colour. @param {number[]} rgba */
function colorOf(rgba) {
  let color = known.get(rgba);
  if (!color) known.set(rgba, color = rgba.slice(0, 3));
  return color;
}
