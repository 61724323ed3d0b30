/** Writes samples of which every number is that of the sample, one after the other. */

import { workerData } from 'node:worker_threads';
import { viewsOf } from '../../web/sim/shared/memory.js';
import { Published } from '../../web/sim/worker/published.js';

const { about, layout, buffer } = workerData;
const published = new Published(0, about, true, /** @type {any} */ ({ buffer }));
const views = viewsOf(layout, buffer);
const poses = new Float32Array(views.poses.length / 2);

const clock = new Int32Array(new SharedArrayBuffer(4));

for (let number = 1; ; number++) {
  Atomics.wait(clock, 0, 0, 0.2); // a worker steps in between
  poses.fill(number);
  published.publishSample(/** @type {any} */ ({ poses, elapsedMs: number }), number, () => {
    for (const name of ['counters', 'observations', 'rewards', 'qpos', 'qvel', 'time', 'actions', 'episodeLengths']) {
      /** @type {any} */ (views)[name].fill(number);
    }
  });
}
