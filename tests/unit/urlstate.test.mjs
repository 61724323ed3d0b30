import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUrl, searchOf } from '../../web/app/urlstate.js';

const parts = (search) => search.replace('?', '').split('&').sort();

for (const query of [
  '',
  '?task=Hopper-v5',
  '?envs=64&workers=3&seed=7&controller=zero&speed=0.5&paused=1&follow=12&draw=10&fps=30',
  '?task=Ant-v5:200,Hopper-v5:100&renderer=2d',
  '?envs=64&algo=es&unknown=1',
]) {
  test(`the address says what differs from the defaults: ${query}`, () => {
    const { options, problems } = readUrl(query);
    assert.deepEqual(problems, []);
    assert.deepEqual(parts(searchOf(options, query)), parts(query));
  });
}

test('defaults are not written', () => {
  const defaults = '?task=Ant-v5&envs=1000&workers=auto&seed=0&controller=random&speed=unlimited&paused=0';
  assert.equal(searchOf(readUrl(defaults).options, defaults), '');
});
