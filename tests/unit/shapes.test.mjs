/** What of a model is drawn, and how large. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DETAILS, batchesOf, geometryOf, groundOf } from '../../web/app/stage/scene/shapes.js';
import { scene } from './scenes.mjs';

const ASSETS = {
  meshes: [{
    vertices: new Float32Array([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
    faces: new Uint32Array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]),
    normals: new Float32Array(),
  }],
  hfields: [{
    nrow: 3, ncol: 3, size: [1, 2, 0.5, 0.1],
    data: new Float32Array([0, 0, 0, 0, 1, 0, 0, 0, 0]),
  }],
};

const QUARTER = [0.5 ** 0.5, 0.5 ** 0.5, 0, 0]; // 90 degrees about x

for (const [name, geom, size] of [
  ['sphere', { type: 'sphere', size: [0.5, 0, 0] }, [1, 1, 1]],
  ['capsule', { type: 'capsule', size: [0.1, 0.4, 0] }, [0.2, 0.2, 1]],
  ['cylinder', { type: 'cylinder', size: [0.1, 0.4, 0] }, [0.2, 0.2, 0.8]],
  ['ellipsoid', { type: 'ellipsoid', size: [0.1, 0.2, 0.3] }, [0.2, 0.4, 0.6]],
  ['box', { type: 'box', size: [0.1, 0.2, 0.3] }, [0.2, 0.4, 0.6]],
  // What was along z is along y.
  ['turned capsule', { type: 'capsule', size: [0.1, 0.4, 0], quat: QUARTER }, [0.2, 1, 0.2]],
  ['plane', { type: 'plane', size: [0.3, 0.4, 0.1] }, [0.6, 0.8, 0]],
  ['mesh', { type: 'mesh', data: 0 }, [1, 2, 3]],
  ['height field', { type: 'hfield', data: 0 }, [2, 4, 0.5]],
]) {
  test(`a ${name} has the geom's size`, () => {
    const it = scene([geom], ASSETS);
    const geometry = geometryOf(batchesOf(it)[0], it, DETAILS.near);
    geometry.computeBoundingBox();
    const { min, max } = geometry.boundingBox;
    for (const [i, axis] of ['x', 'y', 'z'].entries()) {
      const measured = max[axis] - min[axis];
      assert.ok(Math.abs(measured - size[i]) <= 0.02, `${measured} m along ${axis}, not ${size[i]}`);
    }
  });
}

test('hidden geoms and the ground are left out', () => {
  const it = scene([
    { name: 'ground', type: 'plane', body: 0 },
    { name: 'wall', type: 'plane', body: 0, quat: QUARTER },
    { name: 'collision', group: 3 },
    { name: 'invisible', rgba: [1, 1, 1, 0] },
    { name: 'glass', rgba: [1, 1, 1, 0.5] },
    { name: 'torso' },
  ]);
  assert.equal(groundOf(it).name, 'ground');
  const batches = batchesOf(it).map(({ transparent, geoms }) => [transparent, geoms.map(({ name }) => name)]);
  assert.deepEqual(batches, [[false, ['wall', 'torso']], [true, ['glass']]]);
});
