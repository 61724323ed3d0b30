/** What is done about code that may do anything and does not return. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { Recoding } from '../../web/sim/page/recoding.js';

const REWARD = 'import time\n';

/** Two workers with a part each of a group that is paid by code. @param {object} experiment @param {boolean} [learns] */
function recodingOf(experiment, learns = false) {
  const told = [];
  const workers = [0, 1].map((index) => ({ index, equipped: true, tell: (type, payload) => told.push([index, type, payload]) }));
  const requests = [{ experiment, numEnvs: 4 }];
  const dealing = { requests, learners: null, groups: [{ learns }] };
  const recoding = new Recoding(dealing, { of: () => [{ group: 0 }] }, () => workers, { emit: (type, event) => told.push([type, event]) });
  return { recoding, requests, workers, told };
}

test('what hangs a second time is given up everywhere, and the worker in its place does not get it', () => {
  const { recoding, requests, workers, told } = recodingOf({ task: 'Ant-v5', reward: REWARD, trusted: ['reward'] });
  recoding.onHung(workers[0]);
  assert.deepEqual(told, []); // the machine may have been busy
  assert.equal(requests[0].experiment.reward, REWARD);
  recoding.onHung(workers[1]);
  assert.deepEqual(requests[0].experiment, { task: 'Ant-v5' });
  const [[index, type, payload], [event, { reward, failure }]] = told;
  assert.deepEqual([index, type, payload], [0, 'giveUpCode', { group: 0, part: 'reward', source: REWARD }]);
  assert.deepEqual([event, reward], ['code', null]);
  assert.match(failure, /Workers hung 2 times while this reward was in force/);
});

test('code with bounds of its own, and a run, are left alone', () => {
  for (const [experiment, learns] of [[{ task: 'Ant-v5', reward: REWARD }, false], [{ task: 'Ant-v5', reward: REWARD, trusted: ['reward'] }, true]]) {
    const { recoding, requests, workers, told } = recodingOf(experiment, learns);
    for (let i = 0; i < 5; i++) recoding.onHung(workers[0]);
    assert.deepEqual([requests[0].experiment, told], [experiment, []]);
  }
});
