/** Ground that all environments share: drawn once, with the robots at their places on it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solidsOf, terrainSolid } from '../../web/app/stage/flat/solids.js';
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
  const { positions } = terrainSolid(terrain(129, 193));
  assert.equal(positions.length, 3 * 128 * 128);
  for (let i = 0; i < positions.length; i += 3) {
    const [x, y, z] = positions.subarray(i, i + 3);
    assert.ok(Math.abs(x) < 30.001 && Math.abs(y) < 20.001);
    assert.ok(Math.abs(z + 1 - (y + 20) / 20) < 0.01, `${z} at ${y}`);
  }
});

test('on the processor it is in the frame of the world', () => {
  const { positions } = terrainSolid(terrain(5, 7));
  const heights = positions.filter((_, i) => i % 3 === 2);
  assert.equal(Math.min(...heights), -1);
  assert.equal(Math.max(...heights), 1);
});
