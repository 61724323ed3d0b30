import assert from 'node:assert/strict';
import test from 'node:test';

import { OPTIONS } from '../../web/app/panel/options.js';
import { optionsOf, setUpOf } from '../../web/app/training/hyperparameters.js';

const rate = { name: 'learning_rate', type: 'float', default: 1e-3, low: 0, high: 1, choices: null, most: null, help: '' };
const total = { ...rate, name: 'total_timesteps', type: 'int', default: 1000, high: null };
const algorithms = {
  ppo: {
    hyperparameters: [rate, total],
    presets: {
      cleanrl: { '*': {} },
      fast: { '*': { learning_rate: 2e-3 }, Ant: { learning_rate: 3e-3 }, Drop: { learning_rate: 5e-3 } },
      explore: { '*': { learning_rate: 2e-3 }, Ant: { learning_rate: 4e-3 } },
    },
  },
  es: { hyperparameters: [rate, total], presets: { default: { '*': {} } } },
};
const initial = Object.fromEntries(Object.entries(OPTIONS).map(([name, option]) => [name, option.initial]));
const chosen = (experiment, options = {}) => setUpOf({ ...initial, algo: 'ppo', ...options }, experiment, algorithms);

test('a reward of one\'s own is learnt with the preset that explores, unless another is chosen', () => {
  assert.equal(chosen({ task: 'Ant' }).preset, 'fast');
  assert.equal(chosen({ task: 'Ant', reward: null }).preset, 'fast');
  assert.equal(chosen({ task: 'Ant', reward: 'def reward' }).preset, 'explore');
  assert.equal(chosen({ task: 'Ant', reward: 'def reward' }).initial.learning_rate, 4e-3);
  assert.equal(chosen({ task: 'Ant', reward: 'def reward' }, { preset: 'fast' }).preset, 'fast');
  assert.equal(chosen({ task: 'Hopper', reward: 'def reward' }).preset, 'explore');
  assert.equal(chosen({ task: 'Drop', reward: 'def reward' }).preset, 'fast', 'its file has no other');
  assert.equal(chosen({ task: 'Ant', reward: 'def reward' }, { algo: 'es' }).preset, 'default');
});

test('options give an experiment with such a reward again', () => {
  for (const [learning_rate, preset] of [[4e-3, 'auto'], [3e-3, 'fast'], [1e-3, 'cleanrl']]) {
    const hyperparameters = { learning_rate, total_timesteps: 1000 };
    const experiment = { algorithm: 'ppo', task: 'Ant', reward: 'def reward', seed: 1, hyperparameters };
    const options = optionsOf(experiment, algorithms);
    assert.equal(options.preset, preset);
    assert.equal(options.hp, '');
    const setUp = chosen(experiment, options);
    assert.equal(setUp.initial.learning_rate, learning_rate);
  }
});
