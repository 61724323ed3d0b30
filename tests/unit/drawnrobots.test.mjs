/** Which robots are drawn in full: those in view, the nearest first, up to a limit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { Sight } from '../../web/app/stage/scene/sight.js';
import { Choice } from '../../web/app/stage/scene/choice.js';
import { Poses } from '../../web/app/stage/scene/poses.js';
import { Slots } from '../../web/app/stage/scene/slots.js';
import { scene, shard } from './scenes.mjs';

test('robots in view are drawn, the nearest first', () => {
  const poses = new Poses(3, 6);
  poses.take([shard(0, [0, 0, 0, 0, 0, 0])]);
  // Five in a row away from the camera, the last one behind it.
  const cells = new Float32Array([0, 5, 0, 10, 0, 15, 0, 20, 0, 200, 0, -50]);
  const robots = {
    group: { offset: 0, numEnvs: 6, scene: scene([{}]) }, poses,
    plot: { cells, lift: 0, size: 1 },
    near: new Slots(1), far: new Slots(6), figures: new Slots(6),
    place: (env, out) => out.set(cells[2 * env], cells[2 * env + 1], 1),
  };
  const camera = new THREE.PerspectiveCamera(45, 1, 0.1, 100);
  camera.up.set(0, 0, 1);
  camera.position.set(0, 0, 1);
  camera.lookAt(0, 1, 1);
  camera.updateMatrixWorld();
  const choice = new Choice([robots]);
  const envs = ({ places, count }) => (
    Array.from({ length: count }, (_, i) => places[3 * i + 2]));
  const drawn = (limit, ...always) => {
    choice.update(camera, camera.position, limit, always);
    const lists = [robots.near, robots.far, robots.figures].map(envs);
    return [choice.inView, choice.full, ...lists];
  };
  assert.deepEqual(drawn(10, null), [4, 4, [0], [1, 2, 3], []]);
  assert.deepEqual(drawn(2, null, null), [4, 2, [0], [1], [2, 3]]);
  // The followed and the marked robot are drawn in full wherever they are.
  assert.deepEqual(drawn(2, 5, null), [4, 2, [5], [0], [1, 2, 3]]);
  assert.deepEqual(drawn(1, 5, 3), [4, 2, [3], [5], [0, 1, 2]]);
});

test('who stands between the camera and the followed robot is not drawn', () => {
  const sight = new Sight(new THREE.Vector3(0, -10, 2), new THREE.Vector3(0, 0, 0), 1);
  for (const [place, blocks] of [[[0, -5, 1], true], [[0.5, -4, 1], true], [[2, -5, 1], false], [[0, -1, 0], false], [[0, 3, 0], false], [[0, -12, 2], false]]) {
    assert.equal(sight.blockedBy(new THREE.Vector3(...place)), blocks, String(place));
  }
});
