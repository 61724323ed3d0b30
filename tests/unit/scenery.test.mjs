/** What a model has around its robots: sky boxes are seen as in MuJoCo's renderer, floors have their colours. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { Floor } from '../../web/app/stage/flat/floor.js';
import { Lens } from '../../web/app/stage/flat/lens.js';
import { Raster } from '../../web/app/stage/flat/raster.js';
import { textureOf } from '../../web/app/stage/gpu/materials.js';
import { horizonOf, skyBoxOf, texelOf } from '../../web/app/stage/scene/cube.js';
import { sceneryOf } from '../../web/app/stage/scene/scenery.js';
import { scene } from './scenes.mjs';

/** In the order of the texture's data. */
const FACES = ['right', 'left', 'up', 'down', 'front', 'back'];
const SIDE = 4;

/** Of each face the upper left quarter, the upper right one and the lower half have a number of their own. */
const texture = (faces = 6) => ({
  type: 'skybox', width: SIDE, height: faces * SIDE, channels: 1,
  data: Uint8Array.from({ length: faces * SIDE * SIDE }, (_, texel) => {
    const [face, row, column] = [Math.floor(texel / SIDE / SIDE), Math.floor(texel / SIDE) % SIDE, texel % SIDE];
    return numberOf(FACES[face], row >= SIDE / 2 ? 'low' : column >= SIDE / 2 ? 'b' : 'a');
  }),
});
const numberOf = (face, part) => 30 * FACES.indexOf(face) + 10 * ['a', 'b', 'low'].indexOf(part) + 5;

/**
 * What `mujoco.Renderer` (3.14.0, OSMesa) shows of such a sky: azimuth and elevation of its camera, the face, and
 * which part of it is in the corners of the picture: above on the left, on the right, below on the left, on the right.
 */
const SEEN = [
  [0, 0, 'right', 'b a low low'], [180, 0, 'left', 'b a low low'],
  [90, 0, 'back', 'b a low low'], [-90, 0, 'front', 'b a low low'],
  [90, 90, 'up', 'low low a b'], [90, -90, 'down', 'low low a b'],
];

test('each direction has what MuJoCo shows there', () => {
  const sky = texture();
  for (const [azimuth, elevation, face, corners] of SEEN) {
    const [a, e] = [azimuth, elevation].map((degrees) => (degrees * Math.PI) / 180);
    const forward = new THREE.Vector3(Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e));
    const up = new THREE.Vector3(-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e));
    const right = new THREE.Vector3().crossVectors(forward, up);
    corners.split(' ').forEach((part, corner) => {
      const way = forward.clone().addScaledVector(right, corner % 2 ? 0.5 : -0.5).addScaledVector(up, corner < 2 ? 0.5 : -0.5);
      assert.equal(sky.data[texelOf(sky, way.x, way.y, way.z)], numberOf(face, part), `${face}, corner ${corner}`);
    });
  }
});

test('the first sky of a model is its own, and its horizon is the lower edge of the upper halves', () => {
  const sky = texture();
  assert.equal(skyBoxOf([{ textures: [{ type: 'cube' }] }, { textures: [sky, { type: 'skybox' }] }]), sky);
  assert.equal(skyBoxOf([{ textures: [] }]), null);
  const around = ['right', 'left', 'front', 'back'].flatMap((face) => [numberOf(face, 'a'), numberOf(face, 'b')]);
  const mean = around.reduce((sum, one) => sum + one) / around.length / 255;
  for (const part of horizonOf(sky)) assert.ok(Math.abs(part - mean) < 1e-6);
});

test('one face alone is on all sides', () => {
  const { images } = textureOf(texture(1));
  assert.deepEqual(images.map(({ image }) => image.data.length), Array(6).fill(4 * SIDE * SIDE));
  assert.equal(texelOf(texture(1), 0, 0, 1), texelOf(texture(1), 1, 0.01, -0.01));
});

test('without a GPU each pixel of the sky is what lies behind it, wherever the camera turns', () => {
  const size = 60;
  const sky = texture();
  const [lens, raster, floor] = [new Lens(), new Raster(), new Floor()];
  raster.resize(size, size);
  floor.setBox(sky);
  const look = { square: 1, fog: { near: 10, far: 20 }, tiled: [] };
  for (const target of [[3, 1, 2], [3, 1, 2], [-1, 4, 1.5], [0, -3, 1]]) {
    const camera = new THREE.PerspectiveCamera(50, 1, 0.1, 100);
    camera.up.set(0, 0, 1);
    camera.position.set(0, 0, 1);
    camera.lookAt(...target);
    camera.updateMatrixWorld();
    lens.look(camera, size, size);
    floor.shade(lens, new Float32Array(0), 0);
    raster.pixels.fill(0);
    floor.paint(raster, lens, look);
    assert.ok(lens.horizon > 5);
    for (let y = 0; y < lens.horizon; y += 3) {
      for (let x = 0; x < size; x += 7) {
        const way = new THREE.Vector3((2 * (x + 0.5)) / size - 1, 1 - (2 * (y + 0.5)) / size, 0.5).unproject(camera).sub(camera.position);
        assert.equal(raster.pixels[y * size + x] & 255, sky.data[texelOf(sky, way.x, way.y, way.z)], `${target}: ${x}, ${y}`);
      }
    }
  }
});

test('a floor has the colours of its checker, in the shade of its material', () => {
  const checker = { type: '2d', width: 2, height: 2, channels: 3, data: Uint8Array.from([51, 102, 153, 0, 51, 51, 0, 51, 51, 51, 102, 153]) };
  const ground = { type: 'plane', body: 0, material: 0 };
  const near = (colors, expected) => colors.flat().forEach((part, i) => assert.ok(Math.abs(part - expected.flat()[i]) < 1e-3, `${colors}`));
  const model = (geom, textures = [checker]) => sceneryOf([{ task: 'Ant-v5', scene: scene([{ ...ground, rgba: [1, 1, 1, 1] }]) }, { task: 'Robot-v0', scene: scene([geom], { materials: [{ texture: textures.length - 1 }], textures }) }]);
  near(model(ground).floor, [[0.2, 0.4, 0.6], [0, 0.2, 0.2]]);
  near(model({ ...ground, rgba: [1, 0, 1, 1] }).floor, [[0.2, 0, 0.6], [0, 0, 0.2]]);
  near(model({ ...ground, rgba: [0.1, 0.2, 0.3, 1] }, []).floor, [[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]);
  assert.equal(model({ ...ground, rgba: [1, 1, 1, 0] }).floor, null, 'one that is not seen');
  assert.equal(model({ ...ground, name: 'floor that WebSim added', rgba: [0.8, 0.8, 0.8, 1] }, []).floor, null, 'ours looks as the page');
  assert.deepEqual(sceneryOf([{ task: 'Robot-v0', scene: scene([]) }]), { box: null, horizon: null, floor: null, lamps: null });
});
