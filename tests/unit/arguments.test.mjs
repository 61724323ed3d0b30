import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkActions, checkAuthor, checkOptions, checkRange, checkSampleRate } from '../../web/sim/page/arguments.js';
import { Events } from '../../web/sim/page/events.js';

const TASKS = ['Ant-v5', 'Hopper-v5'];
const training = (given) => ({ training: { experiment: { task: 'Hopper-v5', ...given } } });

const said = (given) => ({ words: 'go', experiment: { task: 'Hopper-v5' }, ...given });

/** @type {[string, () => unknown, RegExp][]} */
const REFUSED = [
  ['no options', () => checkOptions(null, TASKS), /options must be an object, not null/],
  ['another name', () => checkOptions({ numEnv: 5 }, TASKS), /no options named 'numEnv'; there are task, numEnvs/],
  ['task options', () => checkOptions({ taskOptions: null }, TASKS), /taskOptions must be an object, not null/],
  ['a list as task options', () => checkOptions({ taskOptions: [1] }, TASKS), /an object, not a list of 1/],
  ['a function in them', () => checkOptions({ taskOptions: { a: [() => 1] } }, TASKS), /taskOptions\.a\.0 must be plain data/],
  ['a map in them', () => checkOptions({ taskOptions: { a: new Map() } }, TASKS), /plain data/],
  ['a bigint', () => checkOptions({ numEnvs: 10n }, TASKS), /whole number from 1 to 4096, not 10n/],
  ['a bigint in a experiment', () => checkOptions(training({ seed: 10n }), TASKS), /experiment\.seed must be plain data.*not 10n/],
  ['a symbol', () => checkOptions({ controller: Symbol('x') }, TASKS), /random, zero, sinusoid, not Symbol/],
  ['no list of tasks', () => checkOptions({ tasks: {} }, TASKS), /tasks must be a list/],
  ['a task that is a text', () => checkOptions({ tasks: ['Ant-v5'] }, TASKS), /properties of a task must be an object/],
  ['no number', () => checkOptions({ tasks: [{ task: 'Ant-v5' }] }, TASKS), /from 1 to 4096, not undefined/],
  ['a truth as a text', () => checkOptions({ reproducible: 'no' }, TASKS), /true or false, not 'no'/],
  ['no function', () => checkOptions({ onProgress: 5 }, TASKS), /onProgress must be a function, not 5/],
  ['training', () => checkOptions({ training: null }, TASKS), /options of training must be an object/],
  ['a time', () => checkOptions({ training: { experiment: { task: 'Ant-v5' }, checkpointSeconds: '1' } }, TASKS), /above 0, not '1'/],
  ['workers', () => checkOptions({ numWorkers: '2' }, TASKS), /from 1 to 64, not '2'/],
  ['a rate', () => checkSampleRate('x'), /sampleRate must be a number above 0 and at most 1000, not 'x'/],
  ['an endless rate', () => checkSampleRate(Infinity), /at most 1000/],
  ['a range', () => checkRange(5), /bounds of a range must be an object, not 5/],
  ['actions', () => checkActions([10n], 1), /number 0 is 10n/],
  ['actions as a text', () => checkActions('1', 1), /must have 1 numbers/],
  ['no actions', () => checkActions(null, 1), /not null/],
  ['words', () => checkAuthor(said({ words: 5 }), TASKS), /words must be a text, not 5/],
  ['an author', () => checkAuthor(said({ author: 'me' }), TASKS), /author must be one of offline, llm, hand/],
  ['rewards', () => checkAuthor(said({ rewards: 'x' }), TASKS), /rewards must be a list of texts, not 'x'/],
  ['candidates', () => checkAuthor(said({ candidates: 65 }), TASKS), /candidates must be a whole number from 1 to 64/],
  ['no number of minutes', () => checkAuthor(said({ minutes: NaN }), TASKS), /minutes must be a number above 0, not NaN/],
  ['no experiment', () => checkAuthor({ words: 'go' }, TASKS), /experiment must be an object/],
  ['a listener', () => new Events().on('episode', 5), /listener must be a function, not 5/],
  ['an event', () => new Events().on('__proto__', () => {}), /one of episode, notice/],
];

for (const [what, call, says] of REFUSED) {
  test(`${what}: refused by name`, () => assert.throws(call, { name: 'InvalidArgument', message: says }));
}

test('an object that nests itself is refused', () => {
  const loop = {};
  loop.loop = loop;
  assert.throws(() => checkOptions({ taskOptions: loop }, TASKS), { name: 'InvalidArgument' });
});

test('an unknown task has an error of its own', () => {
  assert.throws(() => checkOptions({ task: '__proto__' }, TASKS), { name: 'UnknownTask', message: /Ant-v5, Hopper-v5/ });
  assert.throws(() => checkOptions({ task: 5 }, TASKS), { name: 'UnknownTask' });
});

test('defaults are filled in', () => {
  const { requests, numWorkers, speed, seed } = checkOptions({}, TASKS);
  assert.deepEqual(requests, [{ experiment: { task: 'Ant-v5', task_options: {} }, numEnvs: 1000 }]);
  assert.deepEqual([numWorkers, speed, seed], ['auto', Infinity, 0]);
  assert.deepEqual(checkOptions(training({}), TASKS).requests, []);
});
