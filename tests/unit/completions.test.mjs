import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completionsAt } from '../../web/app/code/completions.js';

const WORDS = {
  names: { body: ['torso', 'foot'], joint: ['hip'], site: [] },
  attributes: { now: { qpos: '', dt: '' }, body: { height: 'Its z [n].' }, joint: { angle: '' }, self: { dt: '', model: '' }, model: { nq: '' }, data: { qvel: '' } },
  array: ['T', 'sum'],
  numpy: ['linalg.norm', 'square'],
  builtins: ['abs'],
};

/** Labels of what is offered after a text, and where that begins. */
const after = (text) => {
  const found = completionsAt(text, WORDS);
  return found && { begun: text.slice(found.from), labels: found.options.map(({ label }) => label) };
};

test('names of the model are offered within quotes', () => {
  assert.deepEqual(after('    x = now.body("to'), { begun: 'to', labels: ['torso', 'foot'] });
  assert.deepEqual(after("before.joint('"), { begun: '', labels: ['hip'] });
  assert.equal(after('    return {"to'), null);
});

test('attributes are those of what is asked', () => {
  assert.deepEqual(after('now.body("torso").he'), { begun: 'he', labels: ['height'] });
  assert.deepEqual(after('before.joint("hip").').labels, ['angle']);
  assert.deepEqual(after('now.').labels, ['body', 'joint', 'site', 'qpos', 'dt']);
  assert.deepEqual(after('np.linalg.n'), { begun: 'linalg.n', labels: ['linalg.norm', 'square'] });
  assert.deepEqual(after('now.qpos[:, 0].s').labels, ['T', 'sum']);
});

test('methods of a task know what they are told', () => {
  assert.deepEqual(after('self.'), { begun: '', labels: ['dt', 'model'] });
  assert.deepEqual(after('self.model.n'), { begun: 'n', labels: ['nq'] });
  assert.deepEqual(after('x = data.qv').labels, ['qvel']);
});

test('words are offered elsewhere, and nothing after a number', () => {
  const { begun, labels } = after('    x = ab');
  assert.equal(begun, 'ab');
  assert.ok(['now', 'before', 'action', 'np', 'abs', 'return'].every((word) => labels.includes(word)));
  assert.equal(after('x = 2'), null);
});
