/** The camera flies, but not for who asks the system for less motion. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

const asked = { matches: false };
globalThis.matchMedia = () => asked;
const { CameraRig } = await import('../../web/app/stage/scene/camera.js');

const element = {
  style: {}, addEventListener() {}, removeEventListener() {}, getRootNode: () => element, ownerDocument: null, clientWidth: 100, clientHeight: 100,
};

element.ownerDocument = element;

test('less motion is what the system asks for, also while the page is open', () => {
  const rig = new CameraRig(element, true);
  const place = { x: 5, y: 3, z: 1 };
  const away = () => Math.hypot(rig.controls.target.x - place.x, rig.controls.target.y - place.y);
  const follow = () => {
    rig.follow((out) => out.set(place.x, place.y, place.z), 1, true);
    rig.update(performance.now(), 16);
  };
  follow();
  assert.ok(away() > 1, 'it is on its way');
  assert.equal(rig.controls.enableDamping, true);
  asked.matches = true;
  follow();
  assert.ok(away() < 1e-6, 'it is there');
  assert.equal(rig.controls.enableDamping, false);
  place.x = 9;
  rig.update(performance.now(), 16);
  assert.ok(away() < 1e-6, 'and stays with the robot');
  asked.matches = false;
  place.x = 12;
  rig.update(performance.now(), 16);
  assert.ok(away() > 1, 'else it lags behind');
});
