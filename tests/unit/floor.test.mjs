/** The floor that the processor draws: its checker, its tiles and its shadows are where the world has them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { Floor, SHADE } from '../../web/app/stage/flat/floor.js';
import { Lens } from '../../web/app/stage/flat/lens.js';
import { Raster, packed } from '../../web/app/stage/flat/raster.js';

const SIZE = 200;
const [ONE, OTHER, FIELD, SKY] = [[1, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0]];
const FOG = { near: 1e3, far: 2e3 };

/** Looks at a place of the floor, from above or from the side. */
function scene(position, target, { fog = FOG, tiled = [], shadows = [] } = {}) {
  const camera = new THREE.PerspectiveCamera(42, 1, 0.1, 1000);
  camera.up.set(0, 0, 1);
  camera.position.set(...position);
  camera.lookAt(...target);
  camera.updateMatrixWorld();
  const [lens, raster, floor] = [new Lens(), new Raster(), new Floor()];
  raster.resize(SIZE, SIZE);
  lens.look(camera, SIZE, SIZE);
  floor.setColors(ONE, OTHER, FIELD, SKY);
  floor.shade(lens, Float32Array.from(shadows.flat()), shadows.length);
  floor.paint(raster, lens, { square: 1, fog, tiled });
  return {
    lens, raster,
    /** The green of what is drawn at a place of the floor, 0 to 255. */
    at(x, y) {
      const [column, row] = lens.project(x, y, 0, [0, 0, 0]).map(Math.floor);
      assert.ok(column >= 0 && column < SIZE && row >= 0 && row < SIZE, `${x}, ${y} is not in the picture`);
      return (raster.pixels[row * SIZE + column] >> 8) & 255;
    },
  };
}

for (const [name, position] of [['above', [0.1, -0.2, 20]], ['the side', [4, -9, 5]], ['behind', [-3, 12, 6]]]) {
  test(`squares are where they are, seen from ${name}`, () => {
    const { at } = scene(position, [0, 0, 0]);
    for (let x = -2; x < 2; x++) {
      for (let y = -2; y < 2; y++) {
        const even = (x + y) % 2 === 0;
        assert.equal(at(x + 0.5, y + 0.5) > 128, even, `${x}, ${y}`);
      }
    }
  });
}

test('edges are smooth, and the floor is even far away', () => {
  const { lens, raster } = scene([0, -6, 2], [0, 0, 1]);
  const greens = (row) => Array.from({ length: SIZE }, (_, x) => (raster.pixels[row * SIZE + x] >> 8) & 255);
  const nearest = greens(SIZE - 1);
  assert.ok(nearest.includes(255) && nearest.includes(0) && new Set(nearest).size > 2);
  const furthest = greens(lens.horizon + 1);
  assert.ok(Math.max(...furthest) - Math.min(...furthest) < 10, 'no flicker');
});

test('the sky is above the horizon, and the floor fades into it', () => {
  const { lens, raster } = scene([0, -6, 2], [0, 0, 1], { fog: { near: 10, far: 30 } });
  const [horizon, above, top] = [lens.horizon - 1, lens.horizon - 20, 0].map((row) => raster.pixels[row * SIZE]);
  const red = (pixel) => pixel & 255;
  assert.ok(((horizon >> 16) & 255) > 240, 'it begins with the field');
  assert.ok(red(horizon) < red(above) && red(above) < red(top), 'and goes up to its own colour');
  assert.equal(raster.depths[(lens.horizon - 1) * SIZE], 0);
  const row = lens.distances.findIndex((distance) => distance > 0 && distance < 30);
  assert.equal(raster.pixels[(row - 1) * SIZE], packed(FIELD));
  const depth = raster.depths[(SIZE - 1) * SIZE];
  assert.ok(depth <= 1 / lens.distances[SIZE - 1] && depth > 0.99 / lens.distances[SIZE - 1]);
});

/** Robots in two rows of three cells of 4 m, whose worlds have moved by so much. */
function tiles(shifts, numEnvs = shifts.length) {
  const cells = Float32Array.from(shifts.flatMap((_, env) => [4 * (env % 3), 4 * Math.floor(env / 3)]));
  return {
    plot: { cells, columns: Math.min(3, numEnvs), step: [4, 4], box: { min: { x: -1, y: -1 }, max: { x: 1, y: 1 } } },
    group: { numEnvs },
    poses: { position: (env, body, out) => Object.assign(out, { x: shifts[env], y: 0, z: 0 }) },
  };
}

test('the checker of each tile goes with its world, and the floor around stays', () => {
  const { at } = scene([4, -12, 14], [4, 2, 0], { tiled: [tiles([0, 1, 2, 0.5, -1])] });
  const still = scene([4, -12, 14], [4, 2, 0]).at;
  for (const [x, y, moved] of [
    [0.5, 0.5, false], [4.5, 0.5, true], [4.5, -0.5, true], [8.5, 1.5, false], [4.5, 4.5, true],
    [8.5, 4.5, false], // there is no sixth robot
    [4.5, -3.5, false], [-2.5, 0.5, false],
  ]) {
    assert.equal(at(x, y) > 128, still(x, y) > 128 !== moved, `${x}, ${y}`);
  }
  assert.ok(Math.abs(at(0.5, 4.5) - still(1, 4.5)) < 140, 'half a square');
});

test('the floor of a robot that is alone is all its own', () => {
  const { at } = scene([0, -8, 8], [0, 0, 0], { tiled: [tiles([1])] });
  const still = scene([0, -8, 8], [0, 0, 0]).at;
  for (const [x, y] of [[0.5, 0.5], [-2.5, 1.5], [2.5, -1.5]]) assert.notEqual(at(x, y) > 128, still(x, y) > 128);
});

test('shadows lie where they are thrown, soft at their edges, and not twice as dark where they meet', () => {
  const shadow = [-1.5, 0.5, 1.5, 0.5, 0.5, 1];
  assert.equal(shadow.length, SHADE);
  const { at } = scene([0.1, -8, 8], [0, 0, 0], { shadows: [shadow, shadow] });
  const shaded = [at(0.5, 0.5), at(-1.5, 0.5)];
  for (const green of shaded) assert.ok(green > 120 && green < 220, `${green} of 255`);
  assert.ok(at(0.5, 0.1) > shaded[0] && at(0.5, 0.1) < 255, 'soft');
  assert.equal(at(0.5, 2.5), 255);
  assert.equal(at(-0.5, -0.5), 255);
});
