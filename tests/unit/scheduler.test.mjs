import assert from 'node:assert/strict';
import { test } from 'node:test';
import { News } from '../../web/sim/worker/news.js';
import { Owned } from '../../web/sim/worker/owned.js';
import { Scheduler } from '../../web/sim/worker/scheduler.js';

/** A clock that stands still while nobody sleeps or steps. */
class FakeClock {
  time = 0;
  now = () => this.time;

  async sleep(ms) {
    this.time += Math.max(0, ms);
    await null;
  }
}

/** A shard whose step takes `cost` milliseconds and that is told of by `told`. */
class FakeShard {
  due = 0;
  dt = 0.01;
  steps = 0;
  ended = [];
  spare = [];

  constructor(clock, group, cost, onStep = () => {}) {
    Object.assign(this, { clock, group, cost, onStep });
  }

  recycle(buffer) {
    this.spare.push(buffer);
  }

  step() {
    this.clock.time += this.cost;
    this.steps += 1;
    this.onStep(this);
  }

  takeUnpaid() {
    return '';
  }

  takeEnded() {
    return this.ended.splice(0);
  }

  sample() {
    return { group: this.group, buffer: this.spare.pop() ?? new ArrayBuffer(8) };
  }
}

function worker() {
  const clock = new FakeClock();
  const owned = new Owned();
  const told = [];
  const news = new News(owned, (message) => told.push(message), clock);
  const failures = [];
  const scheduler = new Scheduler(owned, news, clock, (error) => failures.push(error));
  news.isolated = true;
  const until = async (condition) => {
    for (let i = 0; i < 10_000 && !condition(); i++) await null;
    assert.ok(condition());
    scheduler.drive.running = false;
    for (let i = 0; i < 10; i++) await null;
  };
  return { clock, owned, told, news, scheduler, failures, until };
}

test('unlimited shards take turns', async () => {
  const { clock, owned, scheduler, until } = worker();
  owned.shards = [new FakeShard(clock, 0, 3), new FakeShard(clock, 1, 1)];
  scheduler.set({ running: true });
  await until(() => clock.time > 400);
  const [one, two] = owned.shards.map(({ steps }) => steps);
  assert.ok(Math.abs(one - two) <= 1, `${one} and ${two}`);
});

test('a speed is kept, and who cannot keep up does not run after it', async () => {
  const { clock, owned, scheduler, until } = worker();
  owned.shards = [new FakeShard(clock, 0, 1)];
  scheduler.set({ running: true, speed: 2 });
  await until(() => clock.time > 1000);
  assert.ok(Math.abs(owned.shards[0].steps - 200) <= 2, `${owned.shards[0].steps}`); // every 5 ms

  const slow = worker();
  slow.owned.shards = [new FakeShard(slow.clock, 0, 10)];
  slow.scheduler.set({ running: true, speed: 2 });
  await slow.until(() => slow.clock.time > 1000);
  assert.ok(slow.owned.shards[0].due <= slow.clock.time + 5);
  assert.ok(slow.owned.shards[0].steps >= 95);
});

test('a step that fails is told, and nothing runs on', async () => {
  const { clock, owned, scheduler, failures } = worker();
  owned.shards = [new FakeShard(clock, 0, 1, () => {
    throw new Error('trap');
  })];
  scheduler.set({ running: true });
  for (let i = 0; i < 20; i++) await null;
  assert.equal(failures[0]?.message, 'trap');
  assert.equal(scheduler.drive.running, false);
});

test('beside a learner others get a quarter of the time, one step at a pulse', () => {
  const { clock, owned, scheduler } = worker();
  owned.learner = { running: true, shard: new FakeShard(clock, 0, 0) };
  owned.shards = [new FakeShard(clock, 1, 4)];
  scheduler.drive.running = true;
  for (clock.time = 1; clock.time < 1000; clock.time += 1) scheduler.pulse(clock.time);
  const share = (owned.shards[0].steps * 4) / clock.time;
  assert.ok(share > 0.2 && share <= 0.26, `${share}`);
});

test('the worker says that it lives in the middle of an iteration', () => {
  const { clock, told, scheduler } = worker();
  for (; clock.time < 5000; clock.time += 10) scheduler.pulse(clock.time);
  assert.equal(told.filter(({ event }) => event === 'heartbeat').length, 4);
});

test('samples wait for the page, episodes for their time', () => {
  const { clock, owned, told, news } = worker();
  news.isolated = false;
  const shard = new FakeShard(clock, 3, 0);
  owned.shards = [shard];
  shard.ended.push(0, 1.5, 7);
  clock.time = 100;
  news.update(clock.time);
  assert.deepEqual(told.map(({ event }) => event), ['episodes', 'samples']);
  assert.deepEqual(told[0].ended, [0, 1.5, 7]);
  shard.ended.push(1, 2, 3);
  clock.time = 140;
  news.update(clock.time); // neither is due: the page still has the samples
  assert.equal(told.length, 2);
  const buffer = told[1].samples[0].buffer;
  news.recycle([{ group: 3, buffer }]);
  clock.time = 160;
  news.update(clock.time);
  assert.deepEqual(told.slice(2).map(({ event }) => event), ['episodes', 'samples']);
  assert.equal(told[3].samples[0].buffer, buffer); // filled again
});

test('an iteration does not wait for the page to give samples back', () => {
  const { clock, owned, told, news } = worker();
  news.isolated = false;
  owned.shards = [new FakeShard(clock, 0, 0)];
  for (clock.time = 100; clock.time <= 400; clock.time += 10) news.updateInside(clock.time);
  const samples = told.filter(({ event }) => event === 'samples').length;
  assert.ok(samples >= 3 && samples <= 4, `${samples}`);
});
