/** Where a camera has to be to see all of a box. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { fit } from '../../web/app/stage/scene/fit.js';

const OVERVIEW = new THREE.Vector3(-0.3, -1, 0.8).normalize();

for (const [name, low, high] of [
  ['a tall robot', [-0.2, -0.3, 0], [0.2, 0.3, 1.7]],
  ['a field of many', [-40, -40, 0], [40, 40, 1]],
  ['a long row', [-50, -0.5, 0], [50, 0.5, 1]],
]) {
  for (const aspect of [0.46, 1.5]) {
    test(`${name} is wholly in view at ${aspect}, and fills it`, () => {
      const box = new THREE.Box3(new THREE.Vector3(...low), new THREE.Vector3(...high));
      const camera = new THREE.PerspectiveCamera(42, aspect, 0.01, 1000);
      camera.up.set(0, 0, 1);
      const tan = Math.tan(THREE.MathUtils.degToRad(21));
      const { target, distance } = fit(box, OVERVIEW, tan * aspect, tan);
      camera.position.copy(OVERVIEW).multiplyScalar(distance).add(target);
      camera.lookAt(target);
      camera.updateMatrixWorld();
      const seen = [];
      for (const x of [low[0], high[0]]) {
        for (const y of [low[1], high[1]]) {
          for (const z of [low[2], high[2]]) seen.push(new THREE.Vector3(x, y, z).project(camera));
        }
      }
      const reach = Math.max(...seen.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));
      assert.ok(reach < 1.02, `a corner is at ${reach}`);
      assert.ok(reach > 0.9, `the furthest corner is at ${reach}`);
    });
  }
}
