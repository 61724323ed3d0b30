import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { PoseReader } from '../../web/sim/page/poses.js';
import { Shards } from '../../web/sim/page/shards.js';
import { shardLayout, viewsOf } from '../../web/sim/shared/memory.js';

test('the views of a shard share one buffer and do not overlap', () => {
  const layout = shardLayout({
    numEnvs: 3, observationSize: 5, actionSize: 1, rewardTerms: 2, worldValues: 0, nq: 3, nv: 3, nbody: 2,
  });
  const views = viewsOf(layout, new ArrayBuffer(layout.bytes));
  Object.values(views).forEach((view, i) => view.fill(i + 1));
  Object.values(views).forEach((view, i) => assert.ok(view.every((value) => value === i + 1)));
});

test('what is read while a worker writes is of one sample', async () => {
  const sizes = { numEnvs: 50, observationSize: 100, actionSize: 20, rewardTerms: 2, worldValues: 0, nq: 30, nv: 30, nbody: 20 };
  const layout = shardLayout(sizes);
  const buffer = new SharedArrayBuffer(layout.bytes);
  const about = { sizes, dt: 1, frameSkip: 1 };
  const writer = new Worker(new URL('torn_writer.mjs', import.meta.url), { workerData: { about, layout, buffer } });
  try {
    const shards = new Shards([], 1);
    shards.deal([[{ first: 0, count: sizes.numEnvs }]]);
    shards.take(0, [/** @type {any} */ ({ group: 0, about: { sizes }, layout, buffer })]);
    const views = viewsOf(layout, buffer);
    while (!Atomics.load(views.sequence, 0)) await new Promise((resolve) => setTimeout(resolve));
    const poses = new PoseReader(0, sizes.numEnvs, sizes.nbody);
    const seen = new Set();
    for (let k = 0; k < 4000; k++) {
      const { observation, action, reward, qpos, qvel, time, episodeLength } = Shards.row(shards.of(0)[0], k % sizes.numEnvs);
      const all = [...observation, ...action, reward, ...qpos, ...qvel, time, episodeLength];
      assert.ok(all.every((value) => value === time), `state ${k}: ${[...new Set(all)]}`);
      const { environmentSteps, busyMs, badStates } = shards.counters(0);
      assert.deepEqual([busyMs, badStates], [environmentSteps, environmentSteps]);
      const { current } = poses.read(views);
      assert.ok(current.every((value) => value === current[0]), `poses ${k}`);
      seen.add(time);
    }
    assert.ok(seen.size > 100, `the writer got no further than ${seen.size} samples`);
  } finally {
    await writer.terminate();
  }
});
