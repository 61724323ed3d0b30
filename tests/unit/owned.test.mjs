import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Handlers } from '../../web/sim/worker/handlers.js';
import { Owned } from '../../web/sim/worker/owned.js';

const shard = (group) => ({
  group, closed: 0, calls: [], heapBytes: () => -1,
  close() {
    this.closed += 1;
  },
  setAction(...given) {
    this.calls.push(['setAction', ...given]);
  },
  step(actions) {
    this.calls.push(['step', actions]);
  },
  views: { inputActions: 'shared' },
});

test('shared memory is counted once, by the first', () => {
  const owned = new Owned();
  owned.shards = [shard(1), shard(2)];
  owned.countMemory(({ group }) => 100 + group);
  assert.deepEqual(owned.all.map(({ heapBytes }) => heapBytes()), [101, 0]);
  owned.learner = { shard: shard(0) };
  owned.countMemory(({ group }) => 100 + group);
  assert.deepEqual(owned.all.map(({ heapBytes }) => heapBytes()), [100, 0, 0]);
});

test('an overture is all there is until it is over', () => {
  const owned = new Owned();
  owned.shards = [shard(0)];
  owned.overture = shard(5);
  assert.deepEqual(owned.all.map(({ group }) => group), [5]);
  owned.overture = undefined;
  assert.equal(owned.driven(0), owned.shards[0]);
  assert.equal(owned.driven(5), undefined);
});

test('closing frees each once and says whether something was learning', () => {
  const owned = new Owned();
  const [one, learning] = [shard(1), { shard: shard(0), close: () => (learning.closed = true) }];
  owned.shards = [one];
  owned.learner = learning;
  assert.equal(owned.close(), true);
  assert.deepEqual([one.closed, learning.closed, owned.all], [1, true, []]);
  assert.equal(owned.close(), false);
});

test('requests reach the shards that they are for', () => {
  const owned = new Owned();
  owned.shards = [shard(1), shard(2)];
  const news = { episodes() {}, copies: () => ['copy'] };
  const handlers = new Handlers(null, owned, news, null);
  handlers.setAction({ group: 2, index: 3, action: null });
  handlers.setAction({ group: 7, index: 0, action: null }); // is not here
  const actions = new Float32Array(1);
  assert.deepEqual(handlers.step({ actions: new Map([[1, actions]]) }), ['copy']);
  assert.deepEqual(owned.shards.map(({ calls }) => calls), [
    [['step', actions]], [['setAction', 3, null], ['step', 'shared']],
  ]);
});
