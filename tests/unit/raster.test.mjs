/** What the processor draws: places, depths, edges and light of capsules and triangles. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPSULE, LEVELS, LIGHT, Raster, glossOf, linear, mixed, packed, rampOf, screen } from '../../web/app/stage/flat/raster.js';

const SIZE = 64;
const FOCUS = 100;
const BLACK = packed([0, 0, 0]);

/** A picture with nothing in it, and two colours: grey and red. */
function picture(sun = [0, 0, 1]) {
  const raster = new Raster();
  raster.resize(SIZE, SIZE);
  raster.pixels.fill(BLACK);
  raster.setLight(sun, [0, -1, 0]);
  raster.ramps = new Uint32Array([...rampOf([0.8, 0.8, 0.8]), ...rampOf([1, 0, 0])]);
  return raster;
}

const green = (pixel) => (pixel >> 8) & 255;
const at = (raster, x, y) => raster.pixels[y * SIZE + x];
const drawn = (raster) => raster.pixels.reduce((sum, pixel) => sum + (pixel !== BLACK), 0);

/** From one end to the other: x, y, distance; and the radius in metres. */
function capsule(raster, from, to, radius, { ramp = 0, opacity = 1 } = {}) {
  const list = new Float32Array(CAPSULE);
  const way = [0, 1].map((c) => to[c] * to[2] - from[c] * from[2]).concat([FOCUS * (from[2] - to[2])]);
  const length = Math.hypot(...way) || 1;
  [from, to].forEach(([x, y, distance], end) => {
    list.set([x, y, 1 / distance, (radius * FOCUS) / distance], 4 * end);
  });
  list.set([way[2] / length, ramp, opacity], 8);
  raster.capsules(list, 1, FOCUS);
}

test('a sphere covers a disc, is nearer in its middle, and lit where it faces the sun', () => {
  const raster = picture([-0.8, 0, 0.6]);
  capsule(raster, [32, 32, 10], [32, 32, 10], 2);
  const covered = drawn(raster);
  assert.ok(Math.abs(covered - Math.PI * 20 * 20) < 2 * Math.PI * 20, `${covered} pixels`);
  const middle = 1 / raster.depths[32 * SIZE + 32];
  assert.ok(Math.abs(middle - 8) < 0.5, `its front is at ${middle} m`);
  assert.ok(green(at(raster, 18, 32)) > green(at(raster, 32, 32)));
  assert.ok(green(at(raster, 32, 32)) > green(at(raster, 46, 32)));
});

test('light is Lambert\'s, of each place of the round surface', () => {
  const sun = [0.6, 0, 0.8];
  const raster = picture(sun);
  const radius = 2e-1;
  capsule(raster, [32, 32, 1], [32, 32, 1], radius);
  for (const [x, y] of [[32, 32], [25, 40], [44, 30], [20, 24]]) {
    const normal = [(x + 0.5 - 32) / 20, (y + 0.5 - 32) / 20];
    normal.push(Math.sqrt(1 - normal[0] ** 2 - normal[1] ** 2));
    const light = LIGHT.ambient - LIGHT.sky * normal[1]
      + LIGHT.sun * Math.max(0, normal.reduce((sum, part, c) => sum + part * sun[c], 0));
    const expected = 255 * screen(Math.min(1, linear(0.8) * light + glossOf(light)));
    assert.ok(Math.abs(green(at(raster, x, y)) - expected) < 5, `${green(at(raster, x, y))}, not ${expected}`);
  }
});

test('a lying capsule has straight sides and round ends; one that points at the camera is a disc', () => {
  const raster = picture();
  capsule(raster, [16, 32, 10], [48, 32, 10], 0.5);
  assert.ok(Math.abs(drawn(raster) - (32 * 10 + Math.PI * 25)) < 50, `${drawn(raster)} pixels`);
  assert.equal(at(raster, 11, 28), BLACK, 'its corner is round');
  assert.notEqual(at(raster, 12, 32), BLACK);
  const pointing = picture();
  capsule(pointing, [32, 32, 8], [32, 32, 12], 1);
  assert.ok(Math.abs(drawn(pointing) - Math.PI * 12.5 ** 2) < 2 * Math.PI * 13, `${drawn(pointing)} pixels`);
});

test('the surface of a leaning capsule is whole: light has no step where its ends begin', () => {
  const raster = picture([0.5, -0.5, Math.SQRT1_2]);
  capsule(raster, [20, 32, 8], [44, 32, 12], 1);
  for (let x = 12; x < 50; x++) {
    const step = Math.abs(green(at(raster, x, 32)) - green(at(raster, x + 1, 32)));
    if (at(raster, x, 32) !== BLACK && at(raster, x + 1, 32) !== BLACK) assert.ok(step < 25, `${step} at ${x}`);
  }
});

test('what is nearer hides what is behind it, in whatever order', () => {
  for (const order of [[8, 12], [12, 8]]) {
    const raster = picture();
    for (const distance of order) {
      capsule(raster, [32, 32, distance], [32, 32, distance], 1, { ramp: distance === 8 ? 0 : LEVELS });
    }
    assert.ok(green(at(raster, 32, 32)) > 100, 'the grey one is in front');
  }
});

test('thin capsules are there, and fainter the thinner they are', () => {
  const brightness = [2e-2, 4e-3, 1e-5].map((radius) => {
    const raster = picture();
    capsule(raster, [10, 20.5, 1], [50, 44.5, 1], radius);
    let sum = 0;
    for (let x = 20; x < 40; x++) {
      const column = Array.from({ length: SIZE }, (_, y) => green(at(raster, x, y)));
      assert.ok(Math.max(...column) > 20, 'it is seen in each column');
      sum += column.reduce((a, b) => a + b);
    }
    return sum;
  });
  assert.ok(brightness[0] > brightness[1] && brightness[1] > brightness[2], `${brightness}`);
});

test('edges are smooth, and opacity mixes', () => {
  const raster = picture();
  capsule(raster, [10, 32, 1], [54, 32, 1], 0.0425); // its edge goes through the middle of a pixel
  const edge = green(at(raster, 30, 27));
  const inside = green(at(raster, 30, 31));
  assert.ok(edge > 0 && edge < 0.6 * inside, `${edge} beside ${inside}`);
  const glass = picture();
  capsule(glass, [32, 32, 1], [32, 32, 1], 0.1, { opacity: 0.5 });
  assert.ok(green(at(glass, 32, 32)) < 0.6 * inside);
  assert.equal(glass.depths[32 * SIZE + 32], 0, 'it hides nothing');
});

test('nothing is drawn beyond the picture', () => {
  const raster = picture();
  capsule(raster, [-40, 10, 1], [-10, 50, 1], 0.05);
  capsule(raster, [80, 10, 1], [100, 500, 1], 0.05);
  assert.equal(drawn(raster), 0);
  capsule(raster, [-50, -50, 1], [500, 500, 1], 0.05);
  assert.ok(drawn(raster) > SIZE);
});

test('triangles: each pixel of a square once, whatever way it is cut', () => {
  for (const index of [[0, 1, 2, 0, 2, 3], [1, 2, 3, 1, 3, 0]]) {
    const raster = picture();
    // Counterclockwise as it is seen, y going down.
    const corners = [[10, 50], [50, 50], [50, 10], [10, 10]];
    raster.triangles(Float32Array.from(corners.flatMap(([x, y]) => [x, y, 0.1, 160])), index, 0, 1);
    assert.equal(drawn(raster), 40 * 40);
    raster.triangles(Float32Array.from(corners.flatMap(([x, y]) => [x, y, 0.2, 160])), [...index].reverse(), LEVELS, 1);
    assert.ok(green(at(raster, 30, 30)) > 0, 'backs are not seen');
  }
});

test('triangles have depth and light of each place, and none behind the camera', () => {
  const raster = picture();
  const corners = [[0, 64, 0.1, 0], [64, 64, 0.2, LEVELS - 1], [0, 0, 0.1, 0]];
  raster.triangles(Float32Array.from(corners.flat()), [0, 1, 2], 0, 1);
  assert.ok(Math.abs(raster.depths[60 * SIZE + 32] - 0.1508) < 1e-3);
  assert.ok(green(at(raster, 50, 60)) > green(at(raster, 10, 60)));
  const other = picture();
  other.triangles(Float32Array.from([...corners[0], NaN, NaN, NaN, 0, ...corners[2]]), [0, 1, 2], 0, 1);
  assert.equal(drawn(other), 0);
});

test('pixels are mixed part by part', () => {
  assert.equal(mixed(packed([0, 0, 0]), packed([1, 1, 1]), 1), packed([1, 1, 1]));
  assert.equal(mixed(packed([1, 0.5, 0]), packed([0, 0, 1]), 0), packed([1, 0.5, 0]));
  assert.equal(mixed(packed([1, 0, 0]), packed([0, 0, 1]), 0.5).toString(16), 'ff7f007f');
});
