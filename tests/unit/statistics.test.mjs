import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EpisodeMeter, RateMeter } from '../../web/sim/page/statistics.js';

test('a rate is over the last seconds', () => {
  const meter = new RateMeter();
  for (let t = 0; t <= 10000; t += 500) meter.add(t, { steps: t < 5000 ? 0 : t - 5000 });
  assert.equal(meter.rate('steps'), 1000);
});

test('a total that began anew has no rate below zero', () => {
  const meter = new RateMeter();
  meter.add(0, { steps: 1000 });
  meter.add(1000, { steps: 10 });
  assert.equal(meter.rate('steps'), 0);
});

test('means of episodes are over the last ones', () => {
  const meter = new EpisodeMeter(1);
  assert.ok(Number.isNaN(meter.meanReturn));
  for (let i = 0; i < 250; i++) meter.add(i, 2 * i);
  assert.deepEqual([meter.count, meter.meanReturn, meter.meanLength], [250, 199.5, 399]);
});
