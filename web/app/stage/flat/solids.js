/** A model's geoms as what the rasteriser draws: capsules, and shapes of triangles that are coarser the smaller they are. */

import { BufferAttribute, BufferGeometry, Vector3 } from 'three';
import { mergeVertices, toCreasedNormals } from 'three/addons/utils/BufferGeometryUtils.js';
import { frameOf, groundOf, hfieldShape, isTerrain, shapeOf, terrainOf, visibleGeoms } from '../scene/shapes.js';
import { strokesOf } from '../scene/strokes.js';
import { cluster } from './cluster.js';
import { linear, screen } from './raster.js';

/** @typedef {import('../../../sim/worker/scene.js').Scene} Scene */

/**
 * @typedef {object} Shape  of triangles, in the body's frame
 * @property {Float32Array} positions  [v, 3]
 * @property {Float32Array} normals    [v, 3]
 * @property {ArrayLike<number>} index
 *
 * @typedef {object} Solid  one geom
 * @property {number} body
 * @property {number[]} rgb       as the screen shows it in full light, 0 to 1
 * @property {number} opacity
 * @property {number[]} stroke    ends of the line that it is drawn as where it is small, and the radius: [7]
 * @property {boolean} round      whether it is just that: a capsule or a sphere
 * @property {number[]} centre    [3], of the sphere around it
 * @property {number} radius      of that
 * @property {Shape[]} shapes     the coarsest first
 */

/** Segments around an axis, and from an end's rim to its pole, of coarse and fine shapes. */
const DETAILS = [{ radial: 8, rings: 3 }, { radial: 20, rings: 8 }];

/** Cells along a mesh' largest side in which its vertices are one, of coarse and fine shapes; fewer faces stay as they are. */
const CELLS = [7, 28];
const FACES = [60, 1500];

/** Points of a height field along each side, of coarse and fine shapes. */
const POINTS = [12, 64];

/** Neighbouring faces whose normals differ by more than this have an edge between them, in radians. */
const CREASE = 0.7;

/**
 * @param {Scene} scene
 * @returns {Solid[]}  those that hide what is behind them first
 */
export function solidsOf(scene) {
  const ground = groundOf(scene);
  const geoms = visibleGeoms(scene).filter((geom) => geom !== ground && !isTerrain(geom, scene));
  const strokes = strokesOf(geoms, scene);
  return geoms.map((geom, i) => {
    const round = geom.type === 'sphere' || geom.type === 'capsule';
    const { from, to, radius } = strokes[i];
    const frame = frameOf(geom);
    const shapes = round ? [] : [0, 1].map((level) => plain(shapeAt(level, geom, scene).applyMatrix4(frame)));
    const sphere = shapes.length ? sphereOf(shapes[shapes.length - 1]) : sphereAround(from, to, radius);
    return {
      body: geom.body,
      rgb: colorOf(geom, scene),
      opacity: geom.rgba[3],
      stroke: [...from.toArray(), ...to.toArray(), radius],
      round,
      ...sphere,
      shapes,
    };
  }).sort((a, b) => b.opacity - a.opacity);
}

/** @param {number} level  0: coarse @param {Scene['geoms'][0]} geom @param {Scene} scene */
function shapeAt(level, geom, scene) {
  if (geom.type === 'hfield') return hfieldShape(sampled(scene.hfields[geom.data], POINTS[level]));
  const shape = shapeOf(geom, scene, DETAILS[level]);
  return geom.type === 'mesh' ? simplified(shape, level) : shape;
}

/**
 * A height field with fewer points, at the same places.
 *
 * @param {import('../../../sim/worker/scene.js').SceneHfield} hfield @param {number} most  along each side
 */
function sampled({ nrow, ncol, data, ...others }, most) {
  const rows = Math.min(nrow, most);
  const cols = Math.min(ncol, most);
  return {
    nrow: rows,
    ncol: cols,
    ...others,
    data: Float32Array.from({ length: rows * cols }, (_, i) => {
      const row = Math.round((Math.floor(i / cols) * (nrow - 1)) / (rows - 1));
      const col = Math.round(((i % cols) * (ncol - 1)) / (cols - 1));
      return data[row * ncol + col];
    }),
  };
}

/** Heights along a side of terrain: drawing all would take longer than the robots. */
const HEIGHTS = 128;

/** The ground that all environments share, with fewer heights, in the world's frame. @param {Scene} scene */
export function terrainSolid(scene) {
  const terrain = terrainOf(scene);
  if (!terrain) return null;
  const [x, y, z] = terrain.pos;
  const hfield = sampled(scene.hfields[terrain.data], HEIGHTS);
  return { hfield, shape: plain(hfieldShape(hfield).translate(x, y, z)) };
}

/** @param {BufferGeometry} shape @param {number} level */
function simplified(shape, level) {
  const faces = (shape.index?.count ?? 0) / 3;
  if (faces <= FACES[level]) return shape;
  const { positions, index } = cluster(
    /** @type {Float32Array} */ (shape.attributes.position.array),
    /** @type {BufferAttribute} */ (shape.index).array, CELLS[level],
  );
  const simple = new BufferGeometry();
  simple.setAttribute('position', new BufferAttribute(positions, 3));
  simple.setIndex(index);
  return mergeVertices(toCreasedNormals(simple, CREASE));
}

/** @param {BufferGeometry} shape @returns {Shape} */
function plain(shape) {
  return {
    positions: /** @type {Float32Array} */ (shape.attributes.position.array),
    normals: /** @type {Float32Array} */ (shape.attributes.normal.array),
    index: /** @type {BufferAttribute} */ (shape.index).array,
  };
}

/** @param {Shape} shape */
function sphereOf({ positions }) {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  geometry.computeBoundingSphere();
  const { center, radius } = /** @type {import('three').Sphere} */ (geometry.boundingSphere);
  return { centre: center.toArray(), radius };
}

/** @param {Vector3} from @param {Vector3} to @param {number} radius */
function sphereAround(from, to, radius) {
  const centre = new Vector3().addVectors(from, to).multiplyScalar(0.5);
  return { centre: centre.toArray(), radius: radius + from.distanceTo(to) / 2 };
}

/** A geom's colour, on the average where it has a texture. @param {Scene['geoms'][0]} geom @param {Scene} scene */
function colorOf({ rgba, material }, { materials, textures }) {
  return shadeOf(rgba, textures[materials[material]?.texture ?? -1]);
}

/** A colour, with the mean one of a texture. @param {number[]} rgba @param {import('../../../sim/worker/scene.js').SceneTexture} [texture] */
export function shadeOf(rgba, texture) {
  const own = rgba.slice(0, 3);
  if (!texture) return own;
  const mean = meanOf(texture);
  return own.map((part, c) => screen(linear(part) * linear(mean[c])));
}

/** @param {import('../../../sim/worker/scene.js').SceneTexture} texture */
function meanOf({ data, channels }) {
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < 3; c++) sums[c] += data[i + Math.min(c, channels - 1)];
  }
  return sums.map((sum) => (sum * channels) / data.length / 255);
}
