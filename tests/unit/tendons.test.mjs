/** Tendons that bend around geoms go where MuJoCo's own scene (`mjvScene`) has them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Anatomy } from '../../web/app/stage/anatomy.js';
import { LINE } from '../../web/app/stage/scene/lines.js';
import { Slots } from '../../web/app/stage/scene/slots.js';
import { Posed } from './mjvscene.mjs';

/** Around a sphere and a cylinder, with a side to go along and without, and through both; with a pulley. */
const XML = `
<mujoco>
  <worldbody>
    <site name="hook" pos="0 0.1 0.9"/> <site name="hook2" pos="0.1 0 1"/>
    <body pos="0 0 0.4">
      <joint type="ball"/> <joint type="slide" axis="1 0 0"/>
      <geom name="ball" size="0.12" pos="0.05 0 0" quat="1 2 3 4"/>
      <geom name="roll" type="cylinder" size="0.1 0.3" pos="0 0.1 0" quat="4 1 0 2"/>
      <site name="beside" pos="0.3 0.2 0.1"/> <site name="within" pos="0.06 0.01 0"/> <site name="core" pos="0.01 0.1 0.02"/>
      <body pos="0.2 0 -0.3">
        <joint axis="0 1 0"/> <joint axis="1 0 0"/>
        <geom size="0.03"/> <site name="foot" pos="-0.2 0.1 -0.1"/> <site name="foot2" pos="-0.1 -0.2 -0.1"/>
      </body>
    </body>
  </worldbody>
  <tendon>
    <spatial width="0.01"><site site="hook"/><geom geom="ball"/><site site="foot"/></spatial>
    <spatial width="0.01"><site site="hook2"/><geom geom="ball" sidesite="beside"/><site site="foot2"/></spatial>
    <spatial width="0.01"><site site="hook"/><geom geom="ball" sidesite="within"/><site site="foot2"/></spatial>
    <spatial width="0.02"><site site="hook"/><geom geom="roll"/><site site="foot"/><geom geom="ball"/><site site="hook2"/></spatial>
    <spatial width="0.02"><site site="hook2"/><geom geom="roll" sidesite="beside"/><site site="foot"/>
      <pulley divisor="2"/><site site="foot2"/><geom geom="roll" sidesite="core"/><site site="hook"/></spatial>
  </tendon>
</mujoco>`;

const TENDON = 18; // in mjtObj

test('tendons bend as in mjvScene, in many poses', async () => {
  const posed = await Posed.of(XML, 200);
  const { data, theirs, scene, poses } = posed;
  const [near, anatomy] = [new Slots(1), new Anatomy()];
  const robots = { group: { offset: 0, numEnvs: 1, scene }, poses, plot: { cells: new Float32Array(2), lift: 0, size: 1 }, near };
  near.add(robots.plot.cells, 0);
  let [bent, straight, touching] = [0, 0, 0];
  const random = () => posed.random();
  for (let round = 1; round <= 150; round++) {
    data.qpos.set([random(), random(), random(), random(), random() / 2, 2 * random(), 2 * random()]);
    posed.pose();
    anatomy.draw([robots], { parts: new Set(['tendons']), followed: null });
    const ours = Array.from({ length: anatomy.hidden.count }, (_, i) => anatomy.hidden.data.slice(i * LINE, (i + 1) * LINE));
    const lines = [];
    for (let i = 0; i < theirs.ngeom; i++) {
      const geom = theirs.geoms.get(i);
      if (geom.objtype === TENDON) lines.push({ pos: [...geom.pos], mat: [...geom.mat], size: [...geom.size] });
      geom.delete();
    }
    assert.equal(ours.length, lines.length, `lines in round ${round}`);
    lines.forEach(({ pos, mat, size }, i) => {
      const end = (way) => pos.map((value, c) => value + way * size[2] * mat[3 * c + 2]);
      const expected = [...end(-1), ...end(1), size[0]];
      const off = Math.max(...expected.map((value, c) => Math.abs(value - ours[i][c])));
      assert.ok(off < 1e-5, `round ${round}, line ${i}: ${off}; ${expected}; ${ours[i]}`);
      if (size[2] < 1e-6) touching++;
    });
    bent += (lines.length - 7) / 2;
    straight += 7 - (lines.length - 7) / 2;
  }
  assert.ok(bent > 200 && straight > 100 && touching > 20, `${bent} bent, ${straight} straight, ${touching} touching`);
  posed.delete();
});
