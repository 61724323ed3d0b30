import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNumber, readNumbers, readWhole } from '../../web/app/numbers.js';
import { OPTIONS, readOption } from '../../web/app/panel/options.js';
import { readUrl } from '../../web/app/urlstate.js';
import { readValue } from '../../web/app/training/hyperparameters.js';

const THOUSAND = ['1000', '1,000', '1_000', '1 000', '1\u202f000', '1e3', '1000.0', ' 1000 '];

for (const text of THOUSAND) {
  test(`"${text}" is a thousand in every field`, () => {
    assert.equal(readNumber(text), 1000);
    for (const name of ['envs', 'seed', 'speed', 'follow', 'draw', 'steps', 'trainseed']) {
      assert.equal(readOption(name, text), 1000, name);
    }
    const about = { name: 'n', low: 1, high: 4096, most: 8, choices: null, default: 1 };
    assert.equal(readValue({ ...about, type: 'int' }, text), 1000);
    assert.equal(readValue({ ...about, type: 'float' }, text), 1000);
    assert.deepEqual(readValue({ ...about, type: 'ints' }, text), [1000]);
  });
}

for (const text of ['', 'x', '1,00', '1,0000', '1,000_000', '0x10', 'Infinity', 'NaN', '1e999', '1e', '--1', '10n', '__proto__']) {
  test(`"${text}" is no number`, () => assert.equal(readNumber(text), undefined));
}

test('whole numbers within bounds', () => {
  assert.equal(readWhole('1e3', 1, 1000), 1000);
  assert.equal(readWhole('1,001', 1, 1000), undefined);
  assert.equal(readWhole('2.5', 1, 1000), undefined);
});

test('several numbers are not taken for thousands', () => {
  for (const text of ['64x64', '64,64', '64, 64', '64 x 64']) assert.deepEqual(readNumbers(text), [64, 64], text);
  assert.deepEqual(readNumbers('1,024x128'), [1024, 128]);
  assert.deepEqual(readNumbers('64, 128'), [64, 128]);
});

test('layers have bounds', () => {
  const layers = { name: 'hidden_sizes', type: 'ints', low: 1, high: 4096, most: 8, choices: null, default: [64] };
  for (const text of ['99999x99999', '64,128', new Array(9).fill(1).join('x'), '0', '2.5', 'constructor']) {
    assert.throws(() => readValue(layers, text), { name: 'OptionError', message: /from 1 to 4096, at most 8 of them/ }, text);
  }
  assert.deepEqual(readValue(layers, 'none'), []);
});

const WRONG = ['__proto__', 'constructor', 'toString', '10n', 'null', '1,00'];

for (const name of Object.keys(OPTIONS)) {
  test(`${name} takes no name of JavaScript's own`, () => {
    for (const text of WRONG) {
      // Where any name may stand, it is for the simulation to say whether there is one.
      if (['task', 'algo', 'preset'].includes(name) && text !== '1,00') continue;
      const { options, problems } = readUrl(`?${name}=${text}`);
      if (options[name] === OPTIONS[name].initial) assert.match(problems[0], /Allowed: /, `${name}=${text}`);
      else assert.equal(typeof options[name], typeof OPTIONS[name].initial);
    }
  });
}

test('paused is 0 or 1', () => {
  assert.deepEqual(readUrl('?paused=__proto__').problems, ['paused cannot be "__proto__". Allowed: 0 or 1.']);
  assert.equal(readUrl('?paused=1').options.paused, true);
});

test('numbers of robots are written plainly', () => {
  assert.equal(readOption('task', 'Ant-v5:1e3,Hopper-v5:2_000'), 'Ant-v5:1000,Hopper-v5:2000');
  assert.equal(readOption('compare', '1e1:zero, 16:best'), '10:zero,16:best');
});
