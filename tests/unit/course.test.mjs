import assert from 'node:assert/strict';
import test from 'node:test';

import { adaptOptionsOf, adaptationOf } from '../../web/app/training/course/form.js';

const THRESHOLDS = [
  { name: 'plateau.gain', default: 0.02, whole: false, help: '' },
  { name: 'mastery.goal', default: null, whole: false, help: '' },
  { name: 'standard_errors', default: 2, whole: false, help: '' },
];

const NONE = { adapt: 'on', adaptset: '', wishes: '' };

test('what a form says of adaptation is a document, and back', () => {
  assert.equal(adaptationOf({ ...NONE, adapt: 'off', wishes: 'run' }, THRESHOLDS), undefined);
  assert.deepEqual(adaptationOf(NONE, THRESHOLDS), {});
  assert.deepEqual(adaptOptionsOf(undefined), { ...NONE, adapt: 'off' });
  for (const options of [
    { ...NONE, adaptset: 'plateau.gain:0.1,standard_errors:3' },
    { ...NONE, adapt: 'ask', adaptset: 'mastery.goal:0.8,standard_errors:0', wishes: 'run\nhop' },
  ]) assert.deepEqual(adaptOptionsOf(adaptationOf(options, THRESHOLDS)), options);
});

test('with wishes a run goes on to the next one when one is done, and tries other rewards', () => {
  const document = adaptationOf({ ...NONE, wishes: 'run\nhop' }, THRESHOLDS);
  assert.deepEqual(document.wishes, ['run', 'hop']);
  assert.deepEqual(document.rules, { plateau: {}, mastery: { goal: 0.6 } });
  assert.deepEqual(document.acts, { mastery: [{ act: 'next_wish' }], plateau: [{ act: 'rewrite' }] });
  const own = adaptationOf({ ...NONE, wishes: 'run', adaptset: 'mastery.goal:0.9' }, THRESHOLDS);
  assert.equal(own.rules.mastery.goal, 0.9);
});
