/**
 * How robots are drawn: those in view in full, the nearest to what is looked at first, up to a limit,
 * and the others as figures; and which are so near that they get finer shapes.
 */

import * as THREE from 'three';

/** @typedef {import('./robots.js').Robots} Robots */

/** Finer shapes are for robots nearer than this, in multiples of their size. */
const NEAR = 14;

/** Room around a robot's tracked body within which the rest of it is, in multiples of its size. */
const REACH = 1.2;

export class Choice {
  #frustum = new THREE.Frustum();
  #matrix = new THREE.Matrix4();
  #sphere = new THREE.Sphere();
  #distances;
  #sorted;

  #fineRobots;

  /** @param {Robots[]} groups */
  constructor(groups) {
    this.groups = groups;
    this.#fineRobots = Math.max(...groups.map(({ near }) => near.capacity));
    this.total = groups.reduce((sum, { group }) => sum + group.numEnvs, 0);
    this.#distances = new Float32Array(this.total);
    this.#sorted = new Float32Array(this.total);
    /** Robots in view, and those that are drawn in full. */
    this.inView = 0;
    this.full = 0;
  }

  /**
   * @param {THREE.Camera} camera
   * @param {THREE.Vector3} centre  from where it is counted how near a robot is
   * @param {number} limit  of those that are drawn in full
   * @param {(number|null)[]} always  indices of environments that are drawn in full anyway
   * @param {import('./sight.js').Sight|null} [sight]  others that are in its way are not drawn
   */
  update(camera, centre, limit, always, sight = null) {
    this.#matrix.multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse);
    this.#frustum.setFromProjectionMatrix(this.#matrix);
    const measured = this.#measure(centre, always, sight);
    const wanted = always.filter((index) => index !== null).length;
    this.full = Math.min(measured, Math.max(limit, wanted));
    const nearest = this.#sorted.subarray(0, measured).sort();
    const fine = Math.min(this.#fineRobots, measured);
    this.#fill(this.full ? nearest[this.full - 1] : -1, fine ? nearest[fine - 1] : -1);
  }

  /**
   * Distances of the robots in view, squared; infinite for those that are not.
   *
   * @param {THREE.Vector3} centre @param {(number|null)[]} always @param {import('./sight.js').Sight|null} sight
   * @returns {number}  how many distances there are
   */
  #measure(centre, always, sight) {
    let measured = 0;
    this.inView = 0;
    for (const robots of this.groups) {
      const { offset, numEnvs } = robots.group;
      this.#sphere.radius = REACH * robots.plot.size;
      for (let env = 0; env < numEnvs; env++) {
        robots.place(env, this.#sphere.center);
        const wanted = always.includes(offset + env);
        const hidden = !wanted && sight?.blockedBy(this.#sphere.center);
        const visible = !hidden && this.#frustum.intersectsSphere(this.#sphere);
        if (visible) this.inView++;
        const distance = wanted ? 0 : this.#sphere.center.distanceToSquared(centre);
        this.#distances[offset + env] = visible || wanted ? distance : Infinity;
        if (visible || wanted) this.#sorted[measured++] = distance;
      }
    }
    return measured;
  }

  /**
   * @param {number} furthest  the distance, squared, up to which robots are drawn in full
   * @param {number} furthestFine  and up to which they may have finer shapes
   */
  #fill(furthest, furthestFine) {
    let left = this.full;
    for (const { group, near, far, figures, plot } of this.groups) {
      const fine = Math.min((NEAR * plot.size) ** 2, furthestFine);
      near.clear();
      far.clear();
      figures.clear();
      for (let env = 0; env < group.numEnvs; env++) {
        const distance = this.#distances[group.offset + env];
        if (distance === Infinity) continue;
        if (distance > furthest || left === 0) {
          figures.add(plot.cells, env);
          continue;
        }
        (distance <= fine && !near.full ? near : far).add(plot.cells, env);
        left--;
      }
    }
  }
}
