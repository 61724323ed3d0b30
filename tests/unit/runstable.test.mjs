import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDERS, csvOf } from '../../web/app/training/runstable.js';

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
    '"one, ""two""\nthree",Ant-v5,ppo,3,10,100,1,2.5,1970-01-01T00:00:00.000Z,learns',
    "'=1+1,Ant-v5,ppo,3,100,100,,2.5,1970-01-01T00:00:00.000Z,finished",
    ',Ant-v5,ppo,3,10,100,1,2.5,1970-01-01T00:00:00.000Z,failed', '',
  ].join('\n'));
});

test('a run without a return comes last', () => {
  const records = [run({ id: 'none', episodicReturn: NaN }), run({ id: 'low', episodicReturn: -5 }), run({ id: 'high', episodicReturn: 7 })];
  assert.deepEqual(records.sort(ORDERS['Highest return first']).map(({ id }) => id), ['high', 'low', 'none']);
});
