import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forLearning, isOwn, sameBodies, sameRobots, titleOf, withoutFiles } from '../../web/app/experiment.js';

const ANT = { task: 'Ant-v5' };
const ROBOT = { main: 'a.xml', files: { 'a.xml': '1f', 'b.stl': '2e' }, floor: 0 };
const OWN = { task: 'Robot-v0', robot: ROBOT, title: 'a', archive: new ArrayBuffer(8) };

test('a built-in task as it comes is nobody\'s own, however it is learnt', () => {
  assert.equal(isOwn({ ...ANT, task_options: {}, algorithm: 'es', hyperparameters: { num_envs: 4 }, seed: 3, title: 'mine' }), false);
  for (const change of [{ reward: 'x' }, { measure: 'x' }, { world: {} }, { robot: ROBOT }, { task_options: { frame_skip: 2 } }]) {
    assert.equal(isOwn({ ...ANT, ...change }), true, JSON.stringify(change));
  }
});

test('robots are the same by what is in their files, in whatever order it is written', () => {
  const again = { ...OWN, title: 'b', robot: { floor: 0, files: { 'b.stl': '2e', 'a.xml': '1f' }, main: 'a.xml' } };
  assert.ok(sameRobots(OWN, again));
  const other = { ...OWN, robot: { ...ROBOT, files: { ...ROBOT.files, 'b.stl': '3d' } } };
  assert.ok(!sameRobots(OWN, other));
  assert.ok(!sameBodies(OWN, other), 'a policy of one robot is not offered for another');
  const paid = { ...OWN, reward: 'x' };
  assert.ok(!sameRobots(OWN, paid));
  assert.ok(sameBodies(OWN, paid), 'but whatever it is paid for');
});

test('what hands did to robots that do not learn is not for those that do', () => {
  const hands = [{ do: 'release' }];
  const simulation = { num_envs: 2, seed: 0, controller: 'zero', workers: 1 };
  assert.deepEqual(forLearning({ ...ANT, hands, simulation }), ANT);
  assert.deepEqual(forLearning({ ...ANT, hands }), { ...ANT, hands });
  assert.ok(isOwn({ ...ANT, hands, simulation }));
});

test('lists know an experiment by its title, and without its files', () => {
  assert.equal(titleOf(OWN), 'a');
  assert.equal(titleOf({ ...ANT, title: '' }), 'Ant-v5');
  assert.deepEqual(withoutFiles(OWN), { task: 'Robot-v0', robot: ROBOT, title: 'a' });
  assert.ok(OWN.archive);
});
