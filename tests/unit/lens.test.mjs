/** The camera of the rasteriser is three's. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { Lens } from '../../web/app/stage/flat/lens.js';

const [WIDTH, HEIGHT] = [400, 300];

function camera() {
  const camera = new THREE.PerspectiveCamera(42, WIDTH / HEIGHT, 0.1, 100);
  camera.up.set(0, 0, 1);
  camera.position.set(2, -5, 3);
  camera.lookAt(0.5, 1, 2.2);
  // As the rig does where something covers the picture.
  camera.setViewOffset(WIDTH, HEIGHT, 30, -20, WIDTH, HEIGHT);
  camera.updateMatrixWorld();
  return camera;
}

test('places are projected as three does it', () => {
  const lens = new Lens();
  const one = camera();
  lens.look(one, WIDTH, HEIGHT);
  for (const place of [[0, 0, 0], [1, 2, 3], [-3, 4, 0.5], [2.5, -1, 1]]) {
    const theirs = new THREE.Vector3(...place).project(one);
    const [x, y, inverse] = lens.project(...place, [0, 0, 0]);
    assert.ok(Math.abs(x - ((theirs.x + 1) / 2) * WIDTH) < 1e-3, `${x}`);
    assert.ok(Math.abs(y - ((1 - theirs.y) / 2) * HEIGHT) < 1e-3, `${y}`);
    const distance = -new THREE.Vector3(...place).applyMatrix4(one.matrixWorldInverse).z;
    assert.ok(Math.abs(1 / inverse - distance) < 1e-5);
  }
  assert.equal(lens.project(2, -10, 3, [0, 0, 0])[2], 0, 'it is behind the camera');
});

test('rows know the floor that they show', () => {
  const lens = new Lens();
  lens.look(camera(), WIDTH, HEIGHT);
  assert.ok(lens.horizon > 0 && lens.horizon < HEIGHT / 2, `${lens.horizon}`);
  for (const row of [lens.horizon, 150, 299]) {
    for (const column of [0, 217, 399]) {
      const place = [lens.floorX[row] + column * lens.stepX[row], lens.floorY[row] + column * lens.stepY[row], 0];
      const [x, y, inverse] = lens.project(...place, [0, 0, 0]);
      assert.ok(Math.abs(x - column - 0.5) < 1e-3 && Math.abs(y - row - 0.5) < 1e-3, `${x}, ${y}`);
      assert.ok(Math.abs(1 / inverse - lens.distances[row]) < 1e-3 * lens.distances[row]);
    }
  }
});

test('directions are turned into the camera\'s frame', () => {
  const lens = new Lens();
  lens.look(camera(), WIDTH, HEIGHT);
  const towards = new THREE.Vector3(2, -5, 3).sub(new THREE.Vector3(0.5, 1, 2.2)).normalize();
  const [right, down, back] = lens.turned(towards.toArray());
  assert.ok(Math.abs(right) < 1e-6 && Math.abs(down) < 1e-6 && Math.abs(back - 1) < 1e-6);
  assert.ok(lens.turned([0, 0, 1])[1] < 0, 'up is up');
});
