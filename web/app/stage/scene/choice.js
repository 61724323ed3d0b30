/**
 * Which robots are drawn: those in view, the nearest to what is looked at first when there are more
 * than the limit; and which of them are so near to it that they get finer shapes.
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
    /** Robots in view, and those of them that are drawn. */
    this.inView = 0;
    this.drawn = 0;
  }

  /**
   * @param {THREE.Camera} camera
   * @param {THREE.Vector3} centre  from where it is counted how near a robot is
   * @param {number} limit
   * @param {number|null} followed  index of an environment that is always drawn
   */
  update(camera, centre, limit, followed) {
    this.#matrix.multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse);
    this.#frustum.setFromProjectionMatrix(this.#matrix);
    this.inView = this.#measure(centre, followed);
    this.drawn = Math.min(this.inView, limit);
    const nearest = this.#sorted.subarray(0, this.inView).sort();
    const fine = Math.min(this.#fineRobots, this.inView);
    this.#fill(nearest[this.drawn - 1], nearest[fine - 1]);
  }

  /**
   * Distances of the robots in view, squared; infinite for those that are not.
   *
   * @param {THREE.Vector3} centre @param {number|null} followed
   */
  #measure(centre, followed) {
    let inView = 0;
    for (const robots of this.groups) {
      const { offset, numEnvs } = robots.group;
      this.#sphere.radius = REACH * robots.plot.size;
      for (let env = 0; env < numEnvs; env++) {
        robots.place(env, this.#sphere.center);
        const visible = this.#frustum.intersectsSphere(this.#sphere) || offset + env === followed;
        const distance = offset + env === followed ? 0 : this.#sphere.center.distanceToSquared(centre);
        this.#distances[offset + env] = visible ? distance : Infinity;
        if (visible) this.#sorted[inView++] = distance;
      }
    }
    return inView;
  }

  /**
   * @param {number} furthest  the distance, squared, up to which robots are drawn
   * @param {number} furthestFine  and up to which they may have finer shapes
   */
  #fill(furthest, furthestFine) {
    let left = this.drawn;
    for (const { group, near, far, plot } of this.groups) {
      const fine = Math.min((NEAR * plot.size) ** 2, furthestFine);
      near.clear();
      far.clear();
      for (let env = 0; env < group.numEnvs && left > 0; env++) {
        const distance = this.#distances[group.offset + env];
        if (distance === Infinity || distance > furthest) continue;
        (distance <= fine && !near.full ? near : far).add(plot.cells, env);
        left--;
      }
      near.commit();
      far.commit();
    }
  }
}
