/** Poses as they are drawn: mixed between samples, and held in their places. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Poses } from '../../web/app/stage/scene/poses.js';
import { shard } from './scenes.mjs';

test('poses are mixed between samples', () => {
  const poses = new Poses(3, 4);
  const at = (now, env) => {
    poses.advance(now);
    return poses.position(env, 1, {}).x;
  };
  // Environment 1 was reset in between: it is two metres away.
  // The last two environments are another shard's.
  const [one, other] = [shard(0, [0.5, 2], [0, 0]), shard(2, [7, 8])];
  assert.equal(poses.take([one, other]), true);
  assert.equal(poses.take([one, other]), false);
  assert.deepEqual([at(1000, 0), at(1050, 0), at(1100, 0), at(2000, 0)], [0, 0.25, 0.5, 0.5]);
  assert.deepEqual([at(1000, 1), at(1000, 3)], [2, 8]);
  // The worker of the first shard is being replaced, then another one is there.
  poses.take([other]);
  poses.take([shard(0, [3, 3]), other]);
  assert.deepEqual([at(2000, 0), at(2000, 2)], [3, 7]);
});

test('a robot that is held has a world that moves', () => {
  const poses = new Poses(3, 2, 1);
  poses.take([shard(0, [0, 0])]);
  const walked = shard(0, [4, -3], [3.5, -3], 2);
  for (const [held, xs] of [[true, [-3.75, 0, 0, 3, 0]], [false, [0, 3.75, 3.75, 0, -3]]]) {
    poses.hold(held);
    assert.equal(poses.take([walked]), true);
    poses.advance(1050);
    const x = (env, body) => poses.position(env, body, {}).x;
    assert.deepEqual([x(0, 0), x(0, 1), x(0, 2), x(1, 0), x(1, 1)], xs);
  }
});
