/** What is shown of robots besides their bodies is where their bodies have it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Anatomy } from '../../web/app/stage/anatomy.js';
import { History } from '../../web/app/stage/history.js';
import { toggled } from '../../web/app/stage/parts.js';
import { Poses } from '../../web/app/stage/scene/poses.js';
import { Slots } from '../../web/app/stage/scene/slots.js';
import { scene, shard } from './scenes.mjs';

/** Two robots in cells of their own, whose bodies are at (x, 0, 1). */
function robots(more) {
  const poses = new Poses(3, 2);
  const history = new History();
  const before = shard(0, [0, 1]);
  history.note([before], 1, 0);
  const now = shard(0, [0.5, 1.5], [0, 1], 2);
  history.note([now], 1, 100);
  poses.take([now]);
  poses.advance(1e9);
  const near = new Slots(2);
  const cells = Float32Array.from([0, 0, 10, 0]);
  near.add(cells, 0);
  near.add(cells, 1);
  const plot = { cells, lift: 0.25, size: 2 };
  const group = { offset: 0, numEnvs: 2, scene: scene([], { mass: Float64Array.of(0, 1, 3), middles: Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1), ...more }) };
  const draw = (parts, followed = null, contacts = new Float64Array(0)) => {
    const anatomy = new Anatomy();
    anatomy.draw([{ group, poses, plot, near }], { parts: new Set(parts), followed, history, contacts });
    const ends = ({ data, count }) => Array.from({ length: count }, (_, i) => [...data.subarray(7 * i, 7 * i + 6)].map((value) => +value.toFixed(6)));
    return { hidden: ends(anatomy.hidden), seen: ends(anatomy.seen) };
  };
  return draw;
}

test('a tendon goes from site to site, and a pulley begins another path', () => {
  const at = (body, z) => ({ body, pos: [0, 0, z] });
  const draw = robots({ tendons: [{ rgba: [1, 0, 0, 1], width: 0.01, paths: [[at(0, 3), at(1, 0), at(2, -0.5)], [at(1, 0), at(2, 0)]] }] });
  assert.deepEqual(draw(['tendons']).hidden.slice(0, 3), [
    [0, 0, 3.25, 0.5, 0, 1.25], [0.5, 0, 1.25, 0.5, 0, 0.75], [0.5, 0, 1.25, 0.5, 0, 1.25],
  ]);
  assert.equal(draw(['tendons']).hidden.length, 6, 'of both robots');
  assert.deepEqual(draw([]), { hidden: [], seen: [] });
});

test('the centre of mass is that of all bodies, and beside the followed robot the others stand back', () => {
  const [first, second] = robots({})(['mass']).seen;
  assert.deepEqual(first.slice(0, 3), [0.5, 0, 2]);
  assert.deepEqual(second.slice(0, 3), [11.5, 0, 2]);
  assert.deepEqual(robots({})(['mass'], 1).seen, [second]);
});

test('contacts, forces and the trail are those of the followed robot, in its cell', () => {
  const draw = robots({});
  const weight = 4 * 9.81;
  const contacts = Float64Array.of(1, 2, 0, 0, 0, weight);
  const { seen, hidden } = draw(['contacts', 'forces', 'trail'], 1, contacts);
  assert.deepEqual(seen[0], [11, 2, 0.25, 11, 2, 0.25]);
  assert.deepEqual(seen[1], [11, 2, 0.25, 11, 2, 0.25 + 0.6 * 2]);
  assert.deepEqual(hidden, [[11, 0, 1.25, 11.5, 0, 1.25]]);
  assert.deepEqual(draw(['contacts', 'forces', 'trail']), { hidden: [], seen: [] });
});

test('parts come and go', () => {
  assert.equal(toggled('tendons', 'sites'), 'tendons,sites');
  assert.equal(toggled('tendons,sites', 'tendons'), 'sites');
  assert.equal(toggled('', 'trail'), 'trail');
});
