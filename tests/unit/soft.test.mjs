/** What bends and what shines is where MuJoCo's own scene (`mjvScene`) has it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as THREE from 'three';
import { Lamps, MOST, lampsOf, placeOf, wayOf } from '../../web/app/stage/scene/lamps.js';
import { softShape } from '../../web/app/stage/scene/shapes.js';
import { Posed } from './mjvscene.mjs';
import { scene } from './scenes.mjs';

const SOFT = ([
  ['full', 'count="3 4 1" dim="2"'], ['radial', 'count="4 4 4" dim="3"'], ['trilinear', 'count="4 3 5" dim="3"'],
  ['trilinear', 'count="4 3 5" dim="3" cellcount="2 1 3"'],
]).map(([dof, more], i) => `<body name="b${i}" pos="${i} 0 1"><joint type="ball"/><geom size=".01"/>
  <flexcomp name="f${i}" type="grid" spacing=".1 .1 .1" radius=".01" mass="1" dof="${dof}" ${more}><contact selfcollide="none"/></flexcomp></body>`);

/** A tube around two bodies, whose middle goes with both. */
const RINGS = [-0.3, -0.1, 0.1, 0.3];
const CORNERS = [[0.1, 0], [0, 0.1], [-0.1, 0], [0, -0.1]];
const tube = RINGS.flatMap((x) => CORNERS.map(([y, z]) => [x, y, z]));
const sides = RINGS.slice(1).flatMap((_, ring) => CORNERS.flatMap((__, c) => {
  const [a, b] = [4 * ring + c, 4 * ring + ((c + 1) % 4)];
  return [[a, b, a + 4], [b, b + 4, a + 4]];
}));
const bone = (body, x, weights) => `<bone body="${body}" bindpos="${x} 0 0" bindquat="2 1 0 ${x}"
  vertid="${[...weights.keys()].filter((v) => weights[v]).join(' ')}" vertweight="${weights.filter(Boolean).join(' ')}"/>`;
const shares = [1, 0.7, 0.2, 0].flatMap((share) => Array(4).fill(share));

const INFLATE = 0.02;
const XML = `<mujoco><asset><texture name="t" type="2d" builtin="flat" width="2" height="2"/><material name="m" texture="t" rgba="1 0 0 1"/></asset>
<worldbody>
  <light name="spot" pos="0 1 2" dir="0 -1 -1"/><light pos="1 1 3" mode="targetbody" target="upper"/><light type="directional" dir="1 0 -1"/>
  <light pos="0 0 4" active="false"/>
  <body name="upper" pos="0 2 1"><joint type="ball"/><geom size=".1"/><light pos="0 .2 0" dir="1 1 0" type="point"/><light pos="0 0 1" mode="track"/>
    <body name="lower" pos="0.2 0 0"><joint type="ball"/><geom size=".05"/></body></body>
  ${SOFT.join('')}
  <body name="r" pos="0 -2 1"><joint type="ball"/><geom size=".01"/>
    <flexcomp name="rope" type="grid" count="4 1 1" dim="1" spacing=".1 .1 .1" radius=".01" mass="1"/></body>
</worldbody>
<deformable><skin name="tube" material="m" inflate="${INFLATE}" vertex="${tube.flat().join(' ')}" face="${sides.flat().join(' ')}"
  texcoord="${tube.flatMap(([x, y]) => [x, y]).join(' ')}">
  ${bone('upper', -0.2, shares)} ${bone('lower', 0.2, shares.map((share) => 1 - share))}</skin></deformable></mujoco>`;

test('flexes and skins bend and lights shine as in mjvScene, in many poses', async () => {
  const posed = await Posed.of(XML, 2000);
  const { model, data, theirs, scene: described, poses } = posed;
  assert.deepEqual(described.undrawn, []);
  assert.deepEqual(described.softs.map(({ bones, texture }) => [bones, texture]), [[1, -1], [1, -1], [8, -1], [8, -1], [4, 0]]);
  assert.deepEqual(described.ropes.map(({ lines }) => lines.length), [3]);
  const skin = described.softs[4];
  assert.deepEqual(skin.rgba, [1, 0, 0, 1]);
  assert.ok(tube.every(([x, y], v) => Math.abs(skin.texcoords[2 * v] - x) + Math.abs(skin.texcoords[2 * v + 1] - y) < 1e-6));
  const robots = { group: { scene: described }, poses };
  const shapes = described.softs.map(softShape);
  const near = (one, other, what) => {
    const off = Math.max(...Array.from(one, (value, i) => Math.abs(value - other[i])));
    assert.ok(off < 1e-4, `${what}: ${off}`);
  };
  for (let round = 1; round <= 20; round++) {
    for (let i = 0; i < model.nq; i++) data.qpos[i] = model.qpos0[i] + 0.3 * posed.random();
    posed.pose();

    const [place, way, turn] = [new THREE.Vector3(), new THREE.Vector3(), new THREE.Quaternion()];
    const bent = shapes.map((shape, s) => {
      const { bones } = described.softs[s];
      return Array.from({ length: shape.attributes.part0.count }, (_, v) => {
        const [sum, facing] = [new THREE.Vector3(), new THREE.Vector3()];
        for (let b = 0; b < bones; b++) {
          const body = shape.attributes[`bodies${b >> 2}`].getComponent(v, b & 3);
          const part = shape.attributes[`part${b}`];
          poses.turn(0, body, turn);
          sum.addScaledVector(poses.position(0, body, place), part.getW(v)).add(way.fromBufferAttribute(part, v).applyQuaternion(turn));
          if (shape.attributes.facing0) facing.add(way.fromBufferAttribute(shape.attributes[`facing${b}`], v).applyQuaternion(turn));
        }
        return { place: sum.toArray(), facing: facing.toArray() };
      });
    });
    const flat = (all, what) => all.flatMap((one) => one[what]);
    bent.slice(0, 4).forEach((vertices, f) => {
      const first = 3 * model.flex_vertadr[f];
      near(flat(vertices, 'place'), data.flexvert_xpos.subarray(first, first + 3 * vertices.length), `flex ${f} in round ${round}`);
    });
    // Each is inflated along its own normals: MuJoCo's are those of what has bent, ours bend along.
    const [skinvert, skinnormal] = [theirs.skinvert, theirs.skinnormal];
    const before = (places, normals) => Array.from(places, (value, i) => value - INFLATE * normals[i]);
    near(before(flat(bent[4], 'place'), flat(bent[4], 'facing')), before(skinvert, skinnormal), `skin in round ${round}`);
    assert.equal(skinvert.length, 3 * tube.length);
    const alike = bent[4].map(({ facing: [x, y, z] }, v) => (
      (x * skinnormal[3 * v] + y * skinnormal[3 * v + 1] + z * skinnormal[3 * v + 2]) / Math.hypot(x, y, z)
    ));
    assert.ok(Math.min(...alike) > 0.75, `normals in round ${round}: ${Math.min(...alike)}`);

    const { lights } = described;
    const shining = Array.from({ length: theirs.nlight }, (_, i) => theirs.lights.get(i)).filter(({ headlight }) => !headlight);
    assert.equal(shining.length, lights.length);
    shining.forEach(({ pos, dir, diffuse }, i) => {
      near(placeOf(lights[i], robots, 0, place).toArray(), pos, `place of light ${i} in round ${round}`);
      near(wayOf(lights[i], robots, 0, way).toArray(), dir, `way of light ${i} in round ${round}`);
      near(lights[i].diffuse, diffuse, 'colour');
    });
  }
  posed.delete();
});

test('only so many lights shine, ground that is shared has none of its own, and one is the sum of all', () => {
  const light = { kind: 'directional', turns: false, target: -1, body: 0, pos: [0, 0, 1], dir: [0, 0, -1], diffuse: [0.6, 0.6, 0.6], ambient: [0.1, 0.1, 0.1], specular: [0, 0, 0], attenuation: [1, 0, 0], cutoff: 45, exponent: 10 };
  const headlight = { ambient: [0.1, 0.1, 0.1], diffuse: [0.4, 0.4, 0.4], specular: [0, 0, 0] };
  assert.equal(lampsOf(scene([], { headlight })), null, 'the one at the camera alone is none');
  assert.equal(lampsOf(scene([], { lights: Array(7).fill(light) })).lights.length, MOST);
  const ground = [{ type: 'hfield', data: 0 }];
  assert.equal(lampsOf(scene(ground, { lights: [light], hfields: [{ shared: true }] })), null);
  const poses = { position: (_, body, out) => out.set(0, 0, body), turn: (_, __, out) => out.identity() };
  const mixed = (...lights) => new Lamps({ lights, headlight }).mixed({ poses, group: { scene: scene([]) } }, 0);
  const close = (one, other) => assert.ok(Math.abs(one - other) < 1e-6, `${one}, ${other}`);
  close(mixed(light).sun, 0.6);
  close(mixed(light).ambient, 0.2);
  close(mixed(light).head, 0.4);
  const aside = { ...light, dir: [-1, 0, 0] };
  close(mixed(light, aside).way.x, Math.SQRT1_2);
  close(mixed(light, aside).ambient, 0.3 + (1.2 - 0.6 * Math.SQRT2) / 2);
  close(mixed({ ...light, kind: 'spot', pos: [0, 0, 3] }).sun, 0.6);
  close(mixed({ ...light, kind: 'spot', pos: [5, 0, 3] }).sun, 0, 'it is out of the cone');
  close(mixed({ ...light, kind: 'point', pos: [0, 0, 3], attenuation: [1, 0, 1] }).sun, 0.6 / 5);
});
