/**
 * Where a tendon that is pulled tight around a sphere or a cylinder meets it, as MuJoCo's `mju_wrap` has it
 * (`engine_util_misc.c`, Apache-2.0): in the plane of both ends and the sphere's centre, or across the
 * cylinder's axis, it is a question of two points and a circle around the origin.
 */

import * as THREE from 'three';

/** @typedef {[number, number]} Point  in the plane */

/** What is shorter than this is nothing, as in MuJoCo. */
const LEAST = 1e-15;

/** Newton's method for a tendon that goes through a circle: where it begins, its most steps, and how exact it is. */
const NEWTON = { start: 1 - 1e-7, steps: 20, tolerance: 1e-6 };

const dot = (/** @type {Point} */ a, /** @type {Point} */ b) => a[0] * b[0] + a[1] * b[1];
const cross = (/** @type {Point} */ a, /** @type {Point} */ b) => a[0] * b[1] - a[1] * b[0];
const minus = (/** @type {Point} */ a, /** @type {Point} */ b) => /** @type {Point} */ ([a[0] - b[0], a[1] - b[1]]);
const scaled = (/** @type {Point} */ a, /** @type {number} */ by) => /** @type {Point} */ ([by * a[0], by * a[1]]);
const unit = (/** @type {Point} */ a) => scaled(a, 1 / Math.max(LEAST, Math.hypot(...a)));

const origin = new THREE.Vector3();
const back = new THREE.Quaternion();

/**
 * @param {THREE.Vector3} from @param {THREE.Vector3} to  the sites before and behind it
 * @param {{place: THREE.Vector3, turn: THREE.Quaternion, radius: number, cylinder: boolean}} geom
 * @param {THREE.Vector3|null} side  a site: on its side of the geom the tendon goes, and through it where it is inside
 * @returns {[THREE.Vector3, THREE.Vector3]|null}  null: it goes straight
 */
export function wrap(from, to, { place, turn, radius, cylinder }, side) {
  back.copy(turn).invert();
  const local = (/** @type {THREE.Vector3} */ point) => point.clone().sub(place).applyQuaternion(back);
  const ends = [local(from), local(to)];
  if (ends.some((end) => end.distanceTo(origin) < LEAST)) return null;
  const axes = cylinder ? [new THREE.Vector3(1, 0, 0), new THREE.Vector3(0, 1, 0)] : planeOf(ends[0], ends[1]);
  const flat = (/** @type {THREE.Vector3} */ point) => /** @type {Point} */ (axes.map((axis) => axis.dot(point)));
  const [a, b] = ends.map(flat);
  const aside = side && local(side);
  const met = aside && aside.length() < radius
    ? through(a, b, radius)
    : around(a, b, radius, aside && scaled(unit(flat(aside)), radius));
  if (!met) return null;
  const points = met.points.map(([x, y]) => axes[0].clone().multiplyScalar(x).addScaledVector(axes[1], y));
  if (cylinder) {
    // It rises evenly along its way.
    const before = Math.hypot(...minus(a, met.points[0]));
    const behind = Math.hypot(...minus(b, met.points[1]));
    const rise = (ends[1].z - ends[0].z) / (before + met.length + behind);
    points[0].z = ends[0].z + rise * before;
    points[1].z = ends[0].z + rise * (before + met.length);
  }
  for (const point of points) point.applyQuaternion(turn).add(place);
  return [points[0], points[1]];
}

/** Two axes of the plane of two points and the origin. @param {THREE.Vector3} from @param {THREE.Vector3} to */
function planeOf(from, to) {
  const first = from.clone().normalize();
  const normal = new THREE.Vector3().crossVectors(from, to);
  if (normal.length() < LEAST) {
    // They are on one line: any plane through it.
    const most = first.toArray().map(Math.abs).reduce((best, size, i, all) => (size > all[best] ? i : best), 0);
    normal.crossVectors(first, new THREE.Vector3(1, 1, 1).setComponent(most, 0));
  }
  normal.normalize();
  return [first, new THREE.Vector3().crossVectors(normal, first).normalize()];
}

/**
 * Around the outside of a circle.
 *
 * @param {Point} a @param {Point} b @param {number} radius @param {Point|null} side  on the circle
 * @returns {{points: [Point, Point], length: number}|null}
 */
function around(a, b, radius, side) {
  const square = radius * radius;
  if (dot(a, a) < square || dot(b, b) < square || radius < LEAST) return null;
  const way = minus(b, a);
  if (dot(way, way) < LEAST) return null;
  const part = Math.min(1, Math.max(0, -dot(way, a) / dot(way, way)));
  /** @type {Point} */
  const nearest = [a[0] + part * way[0], a[1] + part * way[1]];
  if (dot(nearest, nearest) > square && (!side || dot(side, nearest) >= 0)) return null;
  // Of both ends' tangents those that turn one way, and those that turn the other.
  const [one, other] = [1, -1].map((turn) => {
    /** @type {[Point, Point]} */
    const points = [tangent(a, radius, turn), tangent(b, radius, -turn)];
    const good = side
      ? dot(unit([points[0][0] + points[1][0], points[0][1] + points[1][1]]), side)
      : -dot(minus(points[0], points[1]), minus(points[0], points[1]));
    return { points, turn, good: cut(a, points[0], b, points[1]) ? -10000 : good };
  });
  const { points, turn } = one.good > other.good ? one : other;
  if (cut(a, points[0], b, points[1])) return null;
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(unit(points[0]), unit(points[1])))));
  const long = turn * cross(points[0], points[1]) > 0;
  return { points, length: radius * (long ? 2 * Math.PI - angle : angle) };
}

/** Where a tangent from a point meets the circle. @param {Point} from @param {number} radius @param {number} turn  1 or -1 */
function tangent(from, radius, turn) {
  const square = radius * radius;
  const length = dot(from, from);
  const aside = turn * radius * Math.sqrt(length - square);
  return /** @type {Point} */ ([(from[0] * square + from[1] * aside) / length, (from[1] * square - from[0] * aside) / length]);
}

/** Whether two lines from point to point cut each other. @param {Point} a @param {Point} b @param {Point} c @param {Point} d */
function cut(a, b, c, d) {
  const one = minus(b, a);
  const other = minus(d, c);
  const turned = cross(one, other);
  if (Math.abs(turned) < LEAST) return false;
  const between = minus(a, c);
  const onOne = cross(other, between) / turned;
  const onOther = cross(one, between) / turned;
  return onOne >= 0 && onOne <= 1 && onOther >= 0 && onOther <= 1;
}

/**
 * Through a circle, to touch it from inside in one point: as light would be thrown back.
 *
 * @param {Point} a @param {Point} b @param {number} radius
 * @returns {{points: [Point, Point], length: number}|null}
 */
function through(a, b, radius) {
  const [lengthA, lengthB] = [Math.hypot(...a), Math.hypot(...b)];
  if (lengthA <= radius || lengthB <= radius || radius < LEAST) return null;
  const way = minus(b, a);
  const square = dot(way, way);
  if (square > LEAST) {
    const part = -dot(way, a) / square;
    if (part > 0 && part < 1 && Math.hypot(a[0] + part * way[0], a[1] + part * way[1]) <= radius) return null;
  }
  const touching = (/** @type {Point} */ point) => (
    { points: /** @type {[Point, Point]} */ ([point, point]), length: 0 }
  );
  const between = touching(scaled(unit([a[0] + b[0], a[1] + b[1]]), radius));
  const [partA, partB] = [radius / lengthA, radius / lengthB];
  const cosine = (lengthA ** 2 + lengthB ** 2 - square) / (2 * lengthA * lengthB);
  if (cosine < -1 + LEAST) return null;
  if (cosine > 1 - LEAST) return between;
  const angle = Math.acos(cosine);
  const off = (/** @type {number} */ z) => Math.asin(partA * z) + Math.asin(partB * z) - 2 * Math.asin(z) + angle;
  const slope = (/** @type {number} */ part, /** @type {number} */ z) => part / Math.max(LEAST, Math.sqrt(1 - (part * z) ** 2));
  let z = NEWTON.start;
  let wrong = off(z);
  if (wrong > 0) return between;
  let steps = 0;
  for (; steps < NEWTON.steps && Math.abs(wrong) > NEWTON.tolerance; steps++) {
    const steep = slope(partA, z) + slope(partB, z) - 2 * slope(1, z);
    if (steep > -LEAST) return between;
    const next = z - wrong / steep;
    if (next > z) return between;
    z = next;
    wrong = off(z);
    if (wrong > NEWTON.tolerance) return between;
  }
  if (steps >= NEWTON.steps) return between;
  const [from, part] = cross(a, b) > 0 ? [a, partA] : [b, partB];
  const turn = Math.asin(z) - Math.asin(part * z);
  const [x, y] = unit(from);
  return touching([
    radius * (Math.cos(turn) * x - Math.sin(turn) * y), radius * (Math.sin(turn) * x + Math.cos(turn) * y),
  ]);
}
