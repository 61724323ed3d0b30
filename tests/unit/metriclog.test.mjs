import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricLog } from '../../web/app/training/metriclog.js';

function small() {
  const log = new MetricLog();
  log.add(512, { 'charts/episodic_return': NaN, 'charts/SPS': 900 });
  log.add(1024, { 'charts/episodic_return': 3.5, 'charts/SPS': 1000 });
  return log;
}

test('a curve written and read is the same', () => {
  const csv = small().csv();
  for (const text of [csv, csv.trimEnd(), csv.replaceAll('\n', '\r\n')]) {
    assert.deepEqual(MetricLog.fromCsv(text).stored(), small().stored());
  }
  assert.equal(MetricLog.fromCsv('global_step\n').length, 0);
});

test('what is kept of a curve can be shortened', () => {
  const log = new MetricLog(small().stored());
  log.truncate(1000);
  assert.deepEqual([...log.steps], [512]);
  log.add(700, { 'losses/new': 1 });
  assert.deepEqual([...log.column('losses/new')], [NaN, 1]);
});

const HEAD = 'global_step,charts/SPS';

for (const [what, csv, says] of [
  ['no curve', '', 'first column is “”'],
  ['endless digits', '0'.repeat(10_000_000), 'line of 10000000 characters'],
  ['another first column', 'step,charts/SPS\n1,2', 'first column is “step”'],
  ['a long first column', `${'x'.repeat(5000)}\n`, /“x{60}…”/],
  ['text', `${HEAD}\n512,fast`, 'Line 2 of the curve has “fast” for charts/SPS'],
  ['too few values', `${HEAD}\n512,1\n1024`, 'Line 3 of the curve has 1 values, not 2'],
  ['too many values', `${HEAD}\n512,${'1,'.repeat(9000)}`, 'too many values, not 2'],
  ['no step', `${HEAD}\n,1`, 'the step “”'],
  ['a huge step', `${HEAD}\n100000000000000000000,1`, 'the step “100000000000000000000”'],
  ['a step that is not finite', `${HEAD}\nInfinity,1`, 'the step “Infinity”'],
  ['steps that go back', `${HEAD}\n5,1\n4,1`, 'the step “4”'],
  ['many columns', `global_step${',a/b'.repeat(1000)}`, 'more than 256 columns'],
  ['a column twice', `${HEAD},charts/SPS\n`, 'column “charts/SPS”'],
  ['a name that is no metric', 'global_step,__proto__\n', 'column “__proto__”'],
  ['a long name', `global_step,a/${'b'.repeat(1000)}\n`, 'column “a/bbb'],
]) {
  test(`a curve that is none is refused in words: ${what}`, () => {
    assert.throws(() => MetricLog.fromCsv(csv), (error) => {
      assert.equal(error.name, 'SyntaxError');
      assert.ok(error.message.length < 300, error.message.slice(0, 300));
      assert.ok(says instanceof RegExp ? says.test(error.message) : error.message.includes(says), error.message);
      return true;
    });
  });
}

test('a curve of too many values', () => {
  const csv = `global_step${Array.from({ length: 255 }, (_, i) => `,a/${i}`).join('')}\n${`1${','.repeat(255)}\n`.repeat((1 << 16) + 1)}`;
  assert.throws(() => MetricLog.fromCsv(csv), /more than 16777216 values/);
});
