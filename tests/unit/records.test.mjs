import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf, problemOfKept, readRecord } from '../../web/app/training/records.js';

const GOOD = {
  id: 'ab', name: '', kept: false, unfinished: true, iteration: 3, globalStep: 6144, totalTimesteps: 10_000,
  episodicReturn: NaN, seconds: 1.5, savedAt: 1e12, bytes: 5,
  experiment: { task: 'Ant-v5', algorithm: 'ppo', task_options: {}, hyperparameters: { learning_rate: 1e-3 }, seed: 1 },
};

test('a record of a run is shown as it is', () => {
  assert.equal(problemOf(GOOD), '');
  assert.equal(readRecord('ab', GOOD), GOOD);
});

for (const [what, record] of Object.entries({
  globalStep: { ...GOOD, globalStep: 10n ** 20n },
  iteration: { ...GOOD, iteration: -1 },
  savedAt: { ...GOOD, savedAt: NaN },
  name: { ...GOOD, name: undefined },
  task: { ...GOOD, experiment: { ...GOOD.experiment, task: ['Ant-v5'] } },
  hyperparameters: { ...GOOD, experiment: { ...GOOD.experiment, hyperparameters: null } },
  experiment: { ...GOOD, experiment: 7 },
  'no record': 'text',
})) {
  test(`a damaged record says so, and can be told from others: ${what}`, () => {
    assert.match(problemOf(record), new RegExp(what));
    const shown = readRecord('key', record);
    assert.equal(shown.id, 'key');
    assert.match(shown.problem, new RegExp(what));
    assert.equal(problemOf(shown), '');
  });
}

test('what lies beside a record', () => {
  const curve = { steps: new Float64Array(2), columns: { 'charts/SPS': new Float64Array(2) } };
  assert.equal(problemOfKept({ checkpoint: new ArrayBuffer(1), curve }), '');
  assert.match(problemOfKept(undefined), /checkpoint/);
  for (const damaged of [undefined, { steps: [1, 2], columns: {} }, { ...curve, columns: { a: new Float64Array(3) } }]) {
    assert.match(problemOfKept({ checkpoint: new ArrayBuffer(1), curve: damaged }), /curve/);
  }
});
