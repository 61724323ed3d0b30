/** Pictures and films that are taken along, and the last seconds of a robot. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, LONGEST } from '../../web/app/stage/history.js';
import { cutOut, packed } from '../../web/app/stage/flat/raster.js';
import { filmSize, formats, readSize } from '../../web/app/taking/formats.js';
import { shard } from './scenes.mjs';

test('sizes are read as people write them, within what can be drawn', () => {
  for (const text of ['320x200', ' 320 x 200 ', '320×200', '320X200', '320,200']) assert.deepEqual(readSize(text), [320, 200]);
  for (const text of ['', '320', '320x', '8x8', '9000x100', '-320x200', '3.5x100', 'axb', '320x200x3']) assert.equal(readSize(text), undefined, text);
});

test('a film is as the stage is, even, and no higher than asked for', () => {
  assert.deepEqual(filmSize(1280, 800, 720), [1152, 720]);
  assert.deepEqual(filmSize(391, 845, 720), [334, 720]);
  assert.deepEqual(filmSize(301, 201, 720), [302, 202]);
});

test('a GIF can be had always', () => {
  assert.deepEqual(formats(false).map(({ name }) => name), ['GIF']);
  assert.deepEqual(formats(true).map(({ name }) => name), ['WebM', 'MP4', 'GIF']);
});

test('what is seen through is cut out with its own colour', () => {
  const [background, other] = [packed([0, 0, 0]), packed([1, 1, 1])];
  // A quarter of red on both.
  const [black, white] = [packed([0.25, 0, 0]), packed([1, 0.75, 0.75])];
  const [nothing, all, part] = cutOut(
    Uint32Array.of(background, packed([0.2, 0.4, 0.6]), black), Uint32Array.of(other, packed([0.2, 0.4, 0.6]), white),
  );
  assert.equal(nothing, 0);
  assert.equal(all, packed([0.2, 0.4, 0.6]));
  assert.ok(Math.abs((part >>> 24) - 64) <= 1 && (part & 255) > 250 && ((part >> 8) & 255) === 0, part.toString(16));
});

test('the last seconds of a robot are kept, and pauses are no time', () => {
  const history = new History();
  for (let i = 0; i <= 300; i++) history.note([shard(0, [i, 1000 + i], undefined, i + 1)], 1, 100 * i);
  history.note([shard(0, [0, 0], undefined, 301)], 1, 30_100); // the same sample
  assert.equal(history.length, LONGEST / 100 + 1);
  assert.equal(history.at(0).poses[7], 1300);
  assert.equal(history.at(3).poses[7], 1297);
  assert.equal(history.age(3), 300);
  assert.deepEqual(history.path(1).at(-1), [1300, 0, 1]);
  history.note([shard(0, [0, 5], undefined, 400)], 1, 1e6);
  assert.ok(history.age(1) <= 500, 'a pause');
  history.clear();
  assert.equal(history.length, 0);
});
