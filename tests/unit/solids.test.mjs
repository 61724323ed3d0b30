/** What the processor draws of a model, and how coarse it may be. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { cluster } from '../../web/app/stage/flat/cluster.js';
import { solidsOf } from '../../web/app/stage/flat/solids.js';
import { scene } from './scenes.mjs';

const rounded = (value) => Math.round(value * 1e6) / 1e6;

test('capsules and spheres are strokes, all other geoms have shapes, and the ground is neither', () => {
  const solids = solidsOf(scene([
    { type: 'plane', body: 0 },
    { type: 'box', size: [0.1, 0.2, 0.3], rgba: [1, 0, 0, 0.5] },
    { type: 'capsule', size: [0.1, 0.4, 0], pos: [0, 0, 1] },
    { type: 'hfield', data: 0, body: 0 },
  ], { hfields: [{ nrow: 40, ncol: 50, size: [1, 2, 0.5, 0.1], data: new Float32Array(2000) }] }));
  assert.deepEqual(solids.map(({ round, opacity }) => [round, opacity]), [[true, 1], [false, 1], [false, 0.5]]);
  const [capsule, field, box] = solids;
  assert.deepEqual(capsule.stroke.map(rounded), [0, 0, 1.4, 0, 0, 0.6, 0.1]);
  assert.ok(Math.abs(box.radius - Math.hypot(0.1, 0.2, 0.3)) < 1e-6);
  const faces = field.shapes.map(({ index }) => index.length / 3);
  assert.deepEqual(faces, [2 * 11 * 11, 2 * 39 * 49]);
  for (const { positions } of field.shapes) {
    const xs = [...positions].filter((_, i) => i % 3 === 0);
    assert.deepEqual([Math.min(...xs), Math.max(...xs)], [-1, 1], 'as large as it is');
  }
});

test('a fat short capsule is as long as it is', () => {
  const [{ stroke }] = solidsOf(scene([{ type: 'capsule', size: [0.5, 0.1, 0] }]));
  assert.deepEqual(stroke.map(rounded), [0, 0, 0.1, 0, 0, -0.1, 0.5]);
});

test('a texture gives its mean colour', () => {
  const [{ rgb }] = solidsOf(scene([{ material: 0 }], {
    materials: [{ texture: 0 }],
    textures: [{ type: '2d', width: 2, height: 1, channels: 3, data: Uint8Array.from([255, 0, 0, 255, 0, 102]) }],
  }));
  assert.deepEqual(rgb.map((part) => Math.round(part * 10)), [10, 0, 2]);
});

test('a sphere with fewer triangles is a sphere still', () => {
  const sphere = new THREE.IcosahedronGeometry(1, 30);
  const positions = sphere.attributes.position.array;
  const { positions: fewer, index } = cluster(positions, [...positions.keys()].slice(0, positions.length / 3), 12);
  assert.ok(index.length / 3 < 1500 && index.length / 3 > 300, `${index.length / 3} triangles`);
  let volume = 0;
  for (let i = 0; i < index.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => new THREE.Vector3().fromArray(fewer, 3 * index[i + corner]));
    volume += a.dot(b.cross(c)) / 6;
    const normal = new THREE.Vector3().fromArray(fewer, 3 * index[i]);
    assert.ok(normal.length() > 0.9 && normal.length() < 1.01);
  }
  assert.ok(Math.abs(volume / ((4 / 3) * Math.PI) - 1) < 0.1, 'closed, and its faces look outwards');
});
