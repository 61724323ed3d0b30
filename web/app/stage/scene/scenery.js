/** What a model has around its robots: its sky, its lights, and the colours of its floor. */

import { Color, SRGBColorSpace } from 'three';
import { horizonOf, skyBoxOf } from './cube.js';
import { lampsOf } from './lamps.js';
import { BROUGHT } from './surroundings.js';
import { groundOf, visibleGeoms } from './shapes.js';

/**
 * @typedef {import('../../../sim/worker/scene.js').Scene} Scene
 * @typedef {import('./surroundings.js').Scenery} Scenery
 */

/** A floor that a robot was given because its model has none: it looks as the page's. As in websim/experiments/robot.py. */
const ADDED = 'floor that WebSim added';

/** That of the first model that has some. @param {{task: string, scene: Scene}[]} groups @returns {Scenery} */
export function sceneryOf(groups) {
  const scenes = groups.filter(({ task }) => task === BROUGHT).map(({ scene }) => scene);
  const box = skyBoxOf(scenes);
  return {
    box,
    horizon: box && horizonOf(box),
    floor: scenes.map(floorOf).find(Boolean) ?? null,
    lamps: groups.length === 1 && scenes.length ? lampsOf(scenes[0]) : null,
  };
}

/** The two colours of a model's floor: of a texture those of its dark and of its light part. @param {Scene} scene */
function floorOf(scene) {
  const ground = groundOf(scene);
  if (!ground || ground.name === ADDED || !visibleGeoms(scene).includes(ground)) return null;
  const texture = scene.textures[scene.materials[ground.material]?.texture ?? -1];
  const parts = texture ? twoColors(texture) : [[1, 1, 1], [1, 1, 1]];
  const own = light(ground.rgba);
  return /** @type {[number[], number[]]} */ (parts.map((part) => {
    const { r, g, b } = light(part).multiply(own).convertLinearToSRGB();
    return [r, g, b];
  }));
}

/** @param {number[]} rgb  as the screen shows it */
const light = ([r, g, b]) => new Color().setRGB(r, g, b, SRGBColorSpace);

/** @param {import('./cube.js').Texture} texture */
function twoColors({ channels, data }) {
  const brightness = (/** @type {number} */ at) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[at + c];
    return sum;
  };
  let whole = 0;
  for (let at = 0; at < data.length; at += channels) whole += brightness(at);
  const mean = (whole * channels) / data.length;
  const sums = [[0, 0, 0, 0], [0, 0, 0, 0]];
  for (let at = 0; at < data.length; at += channels) {
    const sum = sums[brightness(at) > mean ? 0 : 1];
    for (let c = 0; c < 3; c++) sum[c] += data[at + Math.min(c, channels - 1)];
    sum[3]++;
  }
  const all = sums.map(([r, g, b, number]) => [r, g, b].map((part) => part / 255 / (number || 1)));
  return sums[0][3] ? all : [all[1], all[1]];
}
