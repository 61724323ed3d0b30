/**
 * A robot's geometry: the geoms of its MJCF merged into one buffer in their bodies' frames, with the
 * body as a vertex attribute. One draw call then shows all robots of a type, whatever they consist of.
 */

import * as THREE from 'three';
import { mergeGeometries } from 'three/addons/utils/BufferGeometryUtils.js';

/**
 * @typedef {import('../../../sim/worker/scene.js').Scene} Scene
 * @typedef {import('../../../sim/worker/scene.js').SceneGeom} SceneGeom
 */

/** @typedef {{radial: number, rings: number}} Detail  segments around an axis, and from an end's rim to its pole */

/** @type {Record<'near'|'far', Detail>} */
export const DETAILS = {
  near: { radial: 20, rings: 6 },
  far: { radial: 8, rings: 2 },
};

/** MuJoCo's viewer shows these geom groups; collision shapes and the like are in others. */
const VISIBLE_GROUPS = 3;

/** An infinite plane that is not the ground is drawn so far, in multiples of the model's extent. */
const INFINITE = 5;

/**
 * @typedef {object} Batch  geoms that are drawn with one material
 * @property {number} texture      index into the scene's textures, or -1
 * @property {boolean} transparent
 * @property {SceneGeom[]} geoms
 */

/**
 * The visible geoms but the ground, sorted by the material that they need.
 *
 * @param {Scene} scene
 * @returns {Batch[]}
 */
export function batchesOf(scene) {
  /** @type {Map<string, Batch>} */
  const batches = new Map();
  const ground = groundOf(scene);
  for (const geom of visibleGeoms(scene)) {
    if (geom === ground || isTerrain(geom, scene)) continue;
    const texture = scene.materials[geom.material]?.texture ?? -1;
    const transparent = geom.rgba[3] < 1;
    const key = `${texture} ${transparent}`;
    const batch = batches.get(key) ?? { texture, transparent, geoms: [] };
    batch.geoms.push(geom);
    batches.set(key, batch);
  }
  return [...batches.values()];
}

/** @param {Scene} scene */
export function visibleGeoms(scene) {
  return scene.geoms.filter(({ group, rgba }) => group < VISIBLE_GROUPS && rgba[3] > 0);
}

/**
 * The plane that all environments stand on, if the model has one: level and part of the world. One that
 * is hidden carries them as well.
 *
 * @param {Scene} scene
 */
export function groundOf(scene) {
  const level = (/** @type {number[]} */ [, x, y]) => Math.abs(x) + Math.abs(y) < 1e-3;
  return scene.geoms.find(
    ({ type, body, quat }) => type === 'plane' && body === 0 && level(quat),
  );
}

/** Whether a geom is the ground that all environments share. @param {SceneGeom} geom @param {Scene} scene */
export const isTerrain = ({ type, data }, scene) => type === 'hfield' && scene.hfields[data].shared;

/** The ground that all environments share, if they stand on one. @param {Scene} scene */
export const terrainOf = (scene) => scene.geoms.find((geom) => isTerrain(geom, scene));

/**
 * @param {Batch} batch @param {Scene} scene @param {Detail} detail
 * @returns {THREE.BufferGeometry}  with `position`, `normal`, `color`, `body` and, where there is a
 *   texture, `texcoord`: the place on the geom in units of its size
 */
export function geometryOf({ geoms, texture }, scene, detail) {
  const parts = geoms.map((geom) => {
    const part = shapeOf(geom, scene, detail);
    const vertices = part.attributes.position.count;
    part.deleteAttribute('uv');
    if (texture >= 0) part.setAttribute('texcoord', texcoordsOf(geom, part, scene));
    part.applyMatrix4(frameOf(geom));
    part.setAttribute('color', filled(vertices, linear(geom.rgba)));
    part.setAttribute('body', filled(vertices, [geom.body]));
    part.setAttribute('gloss', filled(vertices, glossOf(scene.materials[geom.material])));
    return part;
  });
  const merged = mergeGeometries(parts);
  for (const part of parts) part.dispose();
  return merged;
}

/** How much it shines, how sharply, and how bright it is by itself; what has no material is as in MuJoCo. @param {import('../../../sim/worker/scene.js').SceneMaterial} [material] */
const glossOf = (material) => (material ? [material.specular, material.shininess, material.emission] : [0.5, 0.5, 0]);

/**
 * A surface that bends.
 *
 * @param {import('../../../sim/worker/soft.js').SceneSoft} soft
 * @returns {THREE.BufferGeometry}  with `color`, `gloss`, of each body that a vertex goes with `part` and, where it has
 *   normals, `facing`, of four bodies at a time `bodies`, and `texcoord`
 */
export function softShape({ bones, bodies, parts, normals, faces, texcoords, rgba }) {
  const shape = new THREE.BufferGeometry();
  const vertices = bodies.length / bones;
  /** @param {string} name @param {ArrayLike<number>} array @param {number} size @param {number} first @param {number} row */
  const add = (name, array, size, first, row) => {
    const values = new Float32Array(vertices * size);
    for (let v = 0; v < vertices; v++) {
      for (let c = 0; c < Math.min(size, row - first); c++) values[v * size + c] = array[v * row + first + c];
    }
    shape.setAttribute(name, new THREE.BufferAttribute(values, size));
  };
  for (let bone = 0; bone < bones; bone++) {
    add(`part${bone}`, parts, 4, 4 * bone, 4 * bones);
    if (normals) add(`facing${bone}`, normals, 3, 3 * bone, 3 * bones);
    if (bone % 4 === 0) add(`bodies${bone / 4}`, bodies, 4, bone, bones);
  }
  if (texcoords) shape.setAttribute('texcoord', new THREE.BufferAttribute(texcoords, 2));
  shape.setAttribute('color', filled(vertices, linear(rgba)));
  shape.setAttribute('gloss', filled(vertices, glossOf()));
  return shape.setIndex(new THREE.BufferAttribute(faces, 1));
}

/** @param {SceneGeom} geom */
export function frameOf({ pos, quat }) {
  return new THREE.Matrix4().compose(
    new THREE.Vector3().fromArray(pos),
    new THREE.Quaternion(quat[1], quat[2], quat[3], quat[0]),
    new THREE.Vector3(1, 1, 1),
  );
}

/**
 * Half of the geom's size along its axes.
 *
 * @param {SceneGeom} geom @param {Scene} scene
 * @returns {[number, number, number]}
 */
export function halfSizeOf({ type, size: [a, b, c], data }, scene) {
  switch (type) {
    case 'sphere': return [a, a, a];
    case 'capsule': return [a, a, a + b];
    case 'cylinder': return [a, a, b];
    case 'plane': return [a || scene.extent * INFINITE, b || scene.extent * INFINITE, 0];
    case 'hfield': {
      const [x, y, height] = scene.hfields[data].size;
      return [x, y, height];
    }
    case 'mesh': {
      const { vertices } = scene.meshes[data];
      /** @type {[number, number, number]} */
      const half = [0, 0, 0];
      for (let i = 0; i < vertices.length; i++) {
        half[i % 3] = Math.max(half[i % 3], Math.abs(vertices[i]));
      }
      return half;
    }
    default: return [a, b, c];
  }
}

/**
 * @param {SceneGeom} geom @param {Scene} scene @param {Detail} detail
 * @returns {THREE.BufferGeometry}  in the geom's frame, indexed; MuJoCo's axes of revolution are z
 */
export function shapeOf(geom, scene, { radial, rings }) {
  const { type, size: [a, b, c], data } = geom;
  switch (type) {
    case 'sphere': return new THREE.SphereGeometry(a, radial, 2 * rings);
    case 'ellipsoid': return new THREE.SphereGeometry(1, radial, 2 * rings).scale(a, b, c);
    case 'capsule': return new THREE.CapsuleGeometry(a, 2 * b, rings, radial, 1).rotateX(Math.PI / 2);
    case 'cylinder': return new THREE.CylinderGeometry(a, a, 2 * b, radial).rotateX(Math.PI / 2);
    case 'box': return new THREE.BoxGeometry(2 * a, 2 * b, 2 * c);
    case 'mesh': return meshShape(scene.meshes[data]);
    case 'hfield': return hfieldShape(scene.hfields[data]);
    default: {
      const [x, y] = halfSizeOf(geom, scene);
      return new THREE.PlaneGeometry(2 * x, 2 * y);
    }
  }
}

/** @param {import('../../../sim/worker/scene.js').SceneMesh} mesh */
function meshShape({ vertices, faces, normals }) {
  const corners = new Float32Array(faces.length * 3);
  faces.forEach((vertex, corner) => {
    corners.set(vertices.subarray(vertex * 3, vertex * 3 + 3), corner * 3);
  });
  const shape = new THREE.BufferGeometry();
  shape.setAttribute('position', new THREE.BufferAttribute(corners, 3));
  if (normals.length) shape.setAttribute('normal', new THREE.BufferAttribute(normals, 3));
  else shape.computeVertexNormals();
  return shape.setIndex([...faces.keys()]);
}

/** @param {import('../../../sim/worker/scene.js').SceneHfield} hfield */
export function hfieldShape({ nrow, ncol, size: [x, y, height], data }) {
  const shape = new THREE.PlaneGeometry(2 * x, 2 * y, ncol - 1, nrow - 1);
  const { position } = shape.attributes;
  for (let row = 0; row < nrow; row++) {
    // three's rows run from the back to the front, MuJoCo's along y.
    for (let col = 0; col < ncol; col++) {
      position.setZ((nrow - 1 - row) * ncol + col, height * data[row * ncol + col]);
    }
  }
  shape.computeVertexNormals();
  return shape;
}

/** @param {SceneGeom} geom @param {THREE.BufferGeometry} shape @param {Scene} scene */
function texcoordsOf(geom, shape, scene) {
  const own = geom.type === 'mesh' && scene.meshes[geom.data].texcoords;
  if (own && scene.textures[scene.materials[geom.material].texture].type === '2d') {
    return new THREE.BufferAttribute(Float32Array.from({ length: (own.length / 2) * 3 }, (_, i) => (i % 3 < 2 ? own[2 * Math.floor(i / 3) + (i % 3)] : 0)), 3);
  }
  const { texuniform, texrepeat: [s, t] } = scene.materials[geom.material];
  const half = halfSizeOf(geom, scene);
  const flat = scene.textures[scene.materials[geom.material].texture].type === '2d';
  // A 2D texture is repeated over the geom, or over each metre; a cube is seen from the geom's centre.
  const scale = flat && texuniform
    ? [s, t, 1]
    : half.map((size, axis) => (flat ? [s, t, 1][axis] / 2 : 1) / (size || 1));
  const coordinates = Float32Array.from(
    shape.attributes.position.array, (value, i) => value * scale[i % 3],
  );
  return new THREE.BufferAttribute(coordinates, 3);
}

/** @param {number} vertices @param {number[]} value */
function filled(vertices, value) {
  const array = new Float32Array(vertices * value.length);
  for (let i = 0; i < array.length; i++) array[i] = value[i % value.length];
  return new THREE.BufferAttribute(array, value.length);
}

/**
 * MuJoCo's colours are what the screen shows; three computes light in linear ones.
 *
 * @param {number[]} rgba
 */
function linear([r, g, b, a]) {
  const color = new THREE.Color().setRGB(r, g, b, THREE.SRGBColorSpace);
  return [color.r, color.g, color.b, a];
}
