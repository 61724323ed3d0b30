import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose } from '../../web/sim/page/choice.js';

for (const [asked, machine, workers, environments, says] of [
  [['auto', 0, 1], { cores: 2 }, 2, 1000, 'one for each core. 1000 environments: 500 for'],
  [['auto', 0, 1], { cores: 16, gigabytes: 8 }, 16, 4096, 'the most that there may be'],
  [['auto', 0, 2], { cores: 16, gigabytes: 0.5 }, 1, 250, '0.5 GB of memory have room'],
  [['auto', 3, 0], { cores: 8 }, 3, 0, 'no more workers than environments'],
  [[4, 100, 1], { cores: 2, gigabytes: 1 }, 4, 1, 'as asked. 1 environment: 1 GB'],
]) {
  test(`${JSON.stringify(asked)} on ${JSON.stringify(machine)}: the choice is explained`, () => {
    const choice = choose(...asked, machine);
    assert.deepEqual([choice.workers, choice.environments], [workers, environments]);
    assert.ok(choice.reasons.join(' ').includes(says), choice.reasons.join(' '));
  });
}
