import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localOf, readUrl, searchOf } from '../../web/app/urlstate.js';

const parts = (search) => search.replace('?', '').split('&').sort();

for (const query of [
  '',
  '?task=Hopper-v5',
  '?envs=64&workers=3&seed=7&controller=zero&speed=0.5&paused=1&follow=12&draw=10&fps=30',
  '?task=Ant-v5:200,Hopper-v5:100&renderer=flat',
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

test('what means something in this browser only is no part of the link', () => {
  const { options } = readUrl('?envs=64&controller=saved-1f&compare=4:saved-2e,4:zero&speed=2');
  assert.deepEqual(parts(searchOf(options, '?controller=saved-1f')), ['envs=64', 'speed=2']);
  assert.deepEqual(localOf(options), { controller: 'saved-1f', compare: '4:saved-2e,4:zero' });
  assert.deepEqual(readUrl('?envs=64&speed=2', localOf(options)).options, options);
  assert.equal(localOf(readUrl('?compare=4:zero').options), null);
});
