import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events } from '../../web/sim/page/events.js';

test('a listener hears its event until it stops', () => {
  const events = new Events();
  const heard = [];
  const stop = events.on('state', (detail) => heard.push(detail));
  events.emit('state', { running: true });
  events.emit('badState', { count: 1 });
  stop();
  events.emit('state', { running: false });
  assert.deepEqual(heard, [{ running: true }]);
});

test('notices wait for the first listener', () => {
  const events = new Events();
  const notice = { level: 'info', message: 'early' };
  events.emit('notice', notice);
  const heard = [];
  events.on('notice', (detail) => heard.push(detail));
  events.on('notice', (detail) => heard.push(detail));
  assert.deepEqual(heard, [notice]);
});
