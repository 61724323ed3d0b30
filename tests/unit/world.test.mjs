import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terrainSummary, withKind } from '../../web/app/world/terrain.js';
import { entriesOf, levelOf, retargeted, summaryOf, timed, withWorld, worldOf } from '../../web/app/world/entries.js';

const FRICTION = { mode: 'startup', target: 'friction', operation: 'scale', range: [0.5, 1.5], names: ['floor'] };
const PUSH = { mode: 'interval', target: 'push', operation: 'add', range: [0, 1], interval_range_s: [2, 4] };
const WHOLE = {
  seed: 0, kinds: ['flat', 'rough', 'stairs_up'], levels: 10, difficulty: [0, 1], tile: 8, platform: 3, resolution: 0.25,
  curriculum: 'none', speed: 0.1, scan: { size: [1.6, 1], spacing: 0.2 },
};
const HARDER = { ...PUSH, level: 'pushes' };
const WORLD = {
  terrain: { kinds: ['stairs_up', 'rough'] },
  events: [FRICTION, PUSH],
  observation_noise: { range: [0, 0.02] },
  action_delay: [0, 2],
};

test('a world as entries is the world again', () => {
  assert.deepEqual(worldOf(entriesOf(WORLD), {}), WORLD);
  assert.equal(worldOf([], WORLD), null);
  assert.deepEqual(worldOf([], { ...WORLD, other: 3 }), { other: 3 }, 'what the form does not show stays');
  const entries = entriesOf(WORLD);
  entries[1].event.range[0] = 0;
  assert.equal(WORLD.events[0].range[0], 0.5, 'they are copies');
});

test('of each signal there is one noise and one delay, and of events any number', () => {
  const entries = withWorld(withWorld(entriesOf(WORLD), { action_delay: [1, 1] }), { events: [FRICTION] });
  const world = worldOf(entries, {});
  assert.deepEqual(world.action_delay, [1, 1]);
  assert.deepEqual(world.events, [FRICTION, PUSH, FRICTION]);
});

test('levels stay as long as an event names them', () => {
  const levels = [{ name: 'pushes', levels: 3 }];
  const world = { events: [FRICTION, HARDER], levels };
  const entries = entriesOf(world);
  assert.deepEqual(worldOf(entries, world), world);
  assert.deepEqual(worldOf(entries.slice(0, 1), world), { events: [FRICTION] });
  assert.equal(levelOf(PUSH), 'pushes');
  assert.equal(levelOf(FRICTION), 'width');
});

test('another target brings what it can', () => {
  const push = { name: 'push', kind: 'body', modes: ['interval'], operations: ['add'] };
  const event = retargeted(FRICTION, push);
  assert.deepEqual([event.mode, event.operation, event.interval_range_s], ['interval', 'add', [2, 4]]);
  const gravity = { name: 'gravity', kind: null, modes: ['startup', 'reset', 'interval'], operations: ['abs', 'scale', 'add'] };
  assert.deepEqual(retargeted(FRICTION, gravity).names, []);
  assert.equal(timed({ ...PUSH, mode: 'reset' }).interval_range_s, undefined);
});

test('entries in a line', () => {
  assert.deepEqual(entriesOf({ ...WORLD, action_delay: [2, 2] }).map((entry) => summaryOf(entry, WHOLE)), [
    'Ground stairs up, rough; 10 levels',
    'friction of floor × 0.5 to 1.5, once',
    'push + 0 to 1, every 2 to 4 s',
    'Observations + 0 ± 0.02',
    'Actions 2 steps late',
  ]);
});

test('ground in a line, and of the kinds that are chosen', () => {
  assert.equal(terrainSummary({ curriculum: 'robots', scan: {}, levels: 1 }, WHOLE), 'Ground of 3 kinds; 1 level, harder by what is walked; observed');
  assert.equal(summaryOf(entriesOf({ events: [HARDER] })[0], WHOLE), 'push + 0 to 1, every 2 to 4 s, by levels of pushes');
  assert.deepEqual(withKind(['stairs_up', 'flat', 'flat'], 'rough', true, WHOLE.kinds), ['flat', 'flat', 'rough', 'stairs_up']);
  assert.deepEqual(withKind(['rough'], 'rough', false, WHOLE.kinds), []);
  const world = worldOf(withWorld(entriesOf(WORLD), { terrain: { levels: 2 } }), {});
  assert.deepEqual(world.terrain, { levels: 2 }, 'there is one ground');
});
