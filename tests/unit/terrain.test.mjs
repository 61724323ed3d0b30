/** Ground that all environments share: drawn once, with the robots at their places on it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solidsOf, terrainSolid } from '../../web/app/stage/flat/solids.js';
import { Heights, heightAt } from '../../web/app/stage/scene/heights.js';
import { hfieldShape } from '../../web/app/stage/scene/shapes.js';
import { layOut } from '../../web/app/stage/scene/layout.js';
import { Poses } from '../../web/app/stage/scene/poses.js';
import { batchesOf, terrainOf } from '../../web/app/stage/scene/shapes.js';
import { scene, shard } from './scenes.mjs';

const GEOM = { name: 'floor', type: 'hfield', body: 0, data: 0, pos: [0, 0, -1] };

/** Rows rise along y, by one step each. */
function terrain(nrow, ncol, shared = true) {
  const data = Float32Array.from({ length: nrow * ncol }, (_, i) => Math.floor(i / ncol) / (nrow - 1));
  return scene([GEOM, {}], { hfields: [{ shared, nrow, ncol, size: [30, 20, 2, 1], data }] });
}

test('it is no part of a robot', () => {
  const on = terrain(5, 7);
  assert.deepEqual(batchesOf(on).flatMap(({ geoms }) => geoms.map(({ type }) => type)), ['sphere']);
  assert.equal(solidsOf(on).length, 1);
  const own = terrain(5, 7, false); // a height field of the robot's own world
  assert.equal(batchesOf(own).flatMap(({ geoms }) => geoms).length, 2);
  assert.equal(terrainOf(own), undefined);
  assert.equal(terrainSolid(own), null);
});

test('robots stand at their places on it, and its lowest point on the floor', () => {
  const group = { numEnvs: 3, scene: terrain(5, 7) };
  const poses = new Poses(3, 3);
  poses.take([shard(0, [-20, 0, 20])]);
  const { plots: [plot], bounds } = layOut([group], [poses]);
  assert.deepEqual([...plot.cells], [0, 0, 0, 0, 0, 0]);
  assert.equal(plot.lift, 1);
  assert.deepEqual([bounds.min.x, bounds.max.x, bounds.min.y, bounds.max.y], [-30, 30, -20, 20]);
  assert.ok(plot.size < 1, 'it is as large as the robot');
});

test('on the processor it has fewer heights, where they are', () => {
  const { shape: { positions } } = terrainSolid(terrain(129, 193));
  assert.equal(positions.length, 3 * 128 * 128);
  for (let i = 0; i < positions.length; i += 3) {
    const [x, y, z] = positions.subarray(i, i + 3);
    assert.ok(Math.abs(x) < 30.001 && Math.abs(y) < 20.001);
    assert.ok(Math.abs(z + 1 - (y + 20) / 20) < 0.01, `${z} at ${y}`);
  }
});

test('on the processor it is in the frame of the world', () => {
  const { shape: { positions } } = terrainSolid(terrain(5, 7));
  const heights = positions.filter((_, i) => i % 3 === 2);
  assert.equal(Math.min(...heights), -1);
  assert.equal(Math.max(...heights), 1);
});

test('its height at a place is that of the triangle that is drawn there', () => {
  const [nrow, ncol] = [6, 9];
  const data = Float32Array.from({ length: nrow * ncol }, (_, i) => ((i * 7919) % 101) / 100);
  const hfield = { nrow, ncol, size: [4, 2.5, 2, 1], data };
  const shape = hfieldShape(hfield).translate(10, 0, 0);
  const heights = new Heights(hfield, 10);
  const { position } = shape.attributes;
  for (let i = 0; i < shape.index.count; i += 3) {
    const corners = [0, 1, 2].map((k) => shape.index.getX(i + k));
    for (const weights of [[1, 0, 0], [0.6, 0.3, 0.1], [1 / 3, 1 / 3, 1 / 3]]) {
      const [x, y, z] = ['getX', 'getY', 'getZ'].map((of) => (
        corners.reduce((sum, corner, k) => sum + weights[k] * position[of](corner), 0)
      ));
      assert.ok(Math.abs(heights.at(x, y) - z) < 1e-5, `${heights.at(x, y)} for ${z} at ${x}, ${y}`);
    }
  }
  assert.equal(heights.at(5.9, 0), null);
  assert.equal(heightAt([heights], 5.9, 0), 0);
  assert.equal(heightAt([heights], 10, 0.1), heights.at(10, 0.1));
});
