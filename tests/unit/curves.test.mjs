/** Curves by themselves: 10,000 points, their peaks, and what zooming shows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricLog } from '../../web/app/training/metriclog.js';
import { recentMeans, rowsToDraw, smooth } from '../../web/app/training/reduce.js';

/** A log of many points, with one peak and gaps. */
function long() {
  const log = new MetricLog();
  for (let i = 0; i < 10000; i++) log.add(i * 10, { a: i === 5432 ? 99 : Math.sin(i / 100), b: i % 2 ? NaN : i });
  return log;
}

test('few points are drawn, in order, and the peak is one of them', () => {
  const log = long();
  const rows = rowsToDraw(log.steps, log.column('a'), 200, null);
  assert.ok(rows.length <= 4 * 201);
  assert.ok(rows.includes(5432));
  assert.ok(rows.every((row, i) => !i || row > rows[i - 1]));
});

test('where few are in sight, all of them are drawn', () => {
  const log = long();
  const near = rowsToDraw(log.steps, log.column('a'), 200, [54000, 54500]);
  assert.deepEqual([...near], Array.from({ length: 52 }, (_, i) => 5399 + i));
});

test('a log is written and read without loss', () => {
  const log = long();
  assert.equal(log.csv().trim().split('\n').length, 10_001);
  const back = new MetricLog(log.stored());
  back.truncate(500);
  back.add(510, { a: 1, c: 2 });
  const lines = back.csv().trim().split('\n');
  assert.equal(lines[0], 'global_step,a,b,c');
  assert.ok(lines.at(-2).startsWith('500,'));
  assert.equal(lines.at(-1), '510,1,,2');
});

test('smoothing is TensorBoard\'s debiased average, and keeps gaps', () => {
  const [first, gap, last] = smooth([1, NaN, 3], 0.5);
  assert.equal(first, 1);
  assert.ok(Number.isNaN(gap));
  assert.ok(Math.abs(last - (0.25 * 1 + 0.5 * 3) / 0.75) < 1e-12);
});

test('the return is the mean of the newest episodes, as many as were asked for at least', () => {
  // Iterations without episodes have no return; whole iterations leave the window.
  const means = [NaN, 1, 4, NaN, 10, 20];
  const counts = [0, 2, 1, 0, 3, 1];
  assert.deepEqual([...recentMeans(means, counts, 3)], [NaN, 1, 2, NaN, 10, 12.5]);
  assert.deepEqual([...recentMeans(means, counts, 100)], [NaN, 1, 2, NaN, 6, 8]);
  assert.deepEqual([...recentMeans([], [], 100)], []);
});

test('without the number of episodes an iteration counts as one', () => {
  assert.deepEqual([...recentMeans([1, 3], [], 2)], [1, 2]);
});
