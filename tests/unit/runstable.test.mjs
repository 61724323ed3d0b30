import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf, inOrder } from '../../web/app/training/runstable.js';
import { alike, band, sampled } from '../../web/app/training/seeds.js';

const run = (/** @type {object} */ about) => ({
  id: 'a', name: '', kept: true, unfinished: false, iteration: 1, globalStep: 10, totalTimesteps: 100, episodicReturn: 1, seconds: 2.5, savedAt: 0, bytes: 1,
  experiment: { task: 'Ant-v5', algorithm: 'ppo', task_options: {}, hyperparameters: {}, seed: 3, title: '' }, ...about,
});

test('the table has a row for each run, whatever its name is', () => {
  const records = [
    run({ name: 'one, "two"\nthree' }), run({ id: 'b', name: '=1+1', episodicReturn: NaN, globalStep: 100 }),
    run({ id: 'c', failure: 'not finite' }), run({ id: 'd', problem: 'damaged' }),
  ];
  assert.equal(csvOf(records, new Set(['a'])), [
    'name,task,algorithm,seed,global_step,total_timesteps,episodic_return,seconds,saved_at,state',
    '"one, ""two""\nthree",Ant-v5,ppo,3,10,100,1,2.5,1970-01-01T00:00:00.000Z,goes on now',
    "'=1+1,Ant-v5,ppo,3,100,100,,2.5,1970-01-01T00:00:00.000Z,finished",
    'Ant-v5 · ppo · 10 steps,Ant-v5,ppo,3,10,100,1,2.5,1970-01-01T00:00:00.000Z,failed', '',
  ].join('\n'));
});

test('runs are in the order of a column, those without a value last either way', () => {
  const records = [
    run({ id: 'damaged', problem: 'damaged' }), run({ id: 'none', episodicReturn: NaN }),
    run({ id: 'low', episodicReturn: -5, name: 'b' }), run({ id: 'high', episodicReturn: 7, name: 'a' }),
  ];
  const ids = (/** @type {string} */ column, /** @type {boolean} */ descending) => inOrder(records, new Set(), column, descending).map(({ id }) => id);
  assert.deepEqual(ids('episodic_return', true), ['high', 'low', 'damaged', 'none']);
  assert.deepEqual(ids('episodic_return', false), ['low', 'high', 'damaged', 'none']);
  assert.deepEqual(ids('name', false), ['high', 'none', 'low', 'damaged']);
});

test('runs that differ in their seed alone are one line, of each seed the longest', () => {
  const learnt = (/** @type {string} */ id, /** @type {number} */ seed, /** @type {number} */ rate, globalStep = 10) => run({
    id, globalStep, name: id, experiment: { ...run({}).experiment, seed, hyperparameters: { gamma: 0.9, learning_rate: rate } },
  });
  const records = [learnt('a', 2, 0.1), learnt('b', 1, 0.1), learnt('longer', 1, 0.1, 20), learnt('c', 1, 0.2), learnt('d', 3, 0.2), learnt('e', 1, 0.3)];
  assert.deepEqual(alike(records, ({ name }) => name).map(({ label, runs }) => [label, runs.map(({ id }) => id)]), [
    ['Ant-v5 · ppo · learning_rate 0.1 · seeds 1, 2', ['a', 'longer']],
    ['Ant-v5 · ppo · learning_rate 0.2 · seeds 1, 3', ['c', 'd']],
    ['e · learning_rate 0.3', ['e']],
  ]);
  const other = run({ id: 'f', experiment: { hyperparameters: {}, title: 'mine', algorithm: 'ppo', seed: 4, task_options: {}, reward: null, task: 'Ant-v5' } });
  assert.equal(alike([run({}), other], ({ id }) => id)[0].runs.length, 2, 'neither the order of names nor a title counts');
});

test('a curve has values between those that were measured, and none beyond', () => {
  assert.deepEqual(sampled([10, 20, 30, 40], [1, NaN, 3, 5], [0, 10, 15, 20, 35, 40, 41]), [NaN, 1, 1.5, 2, 4, 5, NaN]);
  assert.deepEqual(sampled([10], [NaN], [10]), [NaN]);
});

test('a band is the mean and the standard deviation of a sample, where all have a value', () => {
  // numpy.std([1, 2, 6], ddof=1) is 2.6457513110645907
  const { mean, low, high } = band([[1, NaN], [2, 1], [6, 1]]);
  assert.deepEqual([mean[0], low[0], high[0]], [3, 3 - Math.sqrt(7), 3 + Math.sqrt(7)]);
  assert.ok([mean, low, high].every((values) => Number.isNaN(values[1])));
});
