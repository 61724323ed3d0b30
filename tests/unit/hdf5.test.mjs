/** HDF5 as workers write and read it: whatever it is given, it reads it or says no. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, test } from 'node:test';

import { Hdf5 } from '../../web/sim/worker/hdf5.js';

const root = new URL('../../', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('server/websim_server/build/assets.lock.json', root), 'utf8'));
const { folder, files: [{ name }] } = lock.packages.find((/** @type {{name: string}} */ one) => one.name === 'h5wasm');

/** All that is in a file: names, numbers, attributes. @param {any} file @param {string} [path] @returns {any} */
function contentOf(file, path = '') {
  const names = file.names(path);
  if (!names) return file.array(path);
  const below = names.map((/** @type {string} */ one) => [one, contentOf(file, path ? `${path}/${one}` : one)]);
  return { ...Object.fromEntries(below), seed: file.attribute(path || '/', 'seed') };
}

test('what is written is read again; what is spoilt is refused, and nothing hangs', async () => {
  mock.method(console, 'error', () => {}); // HDF5 says there what it does not like
  const hdf5 = await Hdf5.load(new URL(`web/vendor/${folder}/${name}`, root).href);
  const writing = hdf5.create();
  writing.group('episode_0');
  writing.attribute('episode_0', 'seed', 7);
  writing.group('episode_0/infos');
  const numbers = Float64Array.of(1.5, -2, 3, 4, 5, 6);
  writing.array('episode_0/infos/qpos', new Uint8Array(numbers.slice().buffer), [3, 2], 'f8');
  writing.array('episode_0/terminations', Uint8Array.of(0, 1), [2], 'b1');
  writing.close();
  const good = writing.bytes();

  /** @param {Uint8Array} data */
  const read = (data) => {
    const file = hdf5.open(data);
    try {
      return contentOf(file);
    } finally {
      file.close();
    }
  };
  const { episode_0: { seed, infos: { qpos: [type, shape, bytes] }, terminations } } = read(good);
  assert.deepEqual([seed, type, shape, [...new Float64Array(bytes.slice().buffer)]], [7, 'f8', [3, 2], [...numbers]]);
  assert.deepEqual(terminations, ['u1', [2], Uint8Array.of(0, 1)]);

  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < 60; i++) {
    const spoilt = good.slice(0, i % 3 ? good.length : i * 40);
    spoilt[(i * 997) % good.length] ^= 1 << (i % 8);
    try {
      read(spoilt);
      outcomes.read++;
    } catch (error) {
      assert.ok(error instanceof Error && error.message.length > 5, String(error));
      outcomes.refused++;
    }
  }
  assert.ok(outcomes.read > 5 && outcomes.refused > 5, JSON.stringify(outcomes));
});
