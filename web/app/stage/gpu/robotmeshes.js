/**
 * All robots of one type on the GPU: a few draw calls, whatever their number. Robots close to the camera have
 * finer shapes than those far away.
 */

import * as THREE from 'three';
import { DETAILS, batchesOf, geometryOf, softShape } from '../scene/shapes.js';
import { Slots } from '../scene/slots.js';
import { blobOf, figureOf, tileOf } from './figures.js';
import { ALL_CLEAR, ALL_FADED, blobMaterial, figureMaterial, heightsOf, robotMaterial, shadowMaterial, textureOf } from './materials.js';

/** @typedef {import('../scene/robots.js').Robots} Robots */

/**
 * A soft shadow's half sizes, in multiples of the robot's half extents, and the least of its largest one; on
 * ground with heights it has so many parts along a side.
 */
const BLOB = { part: 1.1, least: 0.35, parts: 8 };

export class RobotMeshes {
  /** What is drawn once for each of some slots. @type {{slots: Slots, geometry: THREE.InstancedBufferGeometry}[]} */
  #instanced = [];
  /** Their places, one attribute for all that is drawn there. @type {Map<Slots, THREE.InstancedBufferAttribute>} */
  #places = new Map();

  /**
   * @param {Robots} robots @param {import('./ground.js').Ground} ground
   * @param {import('../scene/heights.js').Heights | null} heights  of the ground that they stand on
   * @param {import('./lamps.js').Lamps} lamps
   */
  constructor(robots, ground, heights, lamps) {
    this.robots = robots;
    const { group, poses, plot, near, far, figures } = robots;
    this.root = new THREE.Group();
    /** Which environment stays clear while others fade. */
    this.kept = { value: ALL_CLEAR };
    /** @type {(THREE.BufferGeometry|THREE.Material|THREE.Texture)[]} */
    this.disposables = [];
    this.tints = new THREE.DataTexture(new Uint8Array(4 * group.numEnvs), group.numEnvs, 1);
    this.tints.needsUpdate = true;
    this.disposables.push(this.tints);

    const uniforms = {
      poses: { value: poses.texture },
      alphas: { value: poses.alphas },
      lift: { value: plot.lift },
      tints: { value: this.tints },
      kept: this.kept,
    };
    this.pixel = { value: 0 };
    const figure = figureOf(group.scene);
    if (figure) this.#add(figures, figure, figureMaterial({ ...uniforms, pixel: this.pixel }));
    const half = plot.box.getSize(new THREE.Vector3()).multiplyScalar(BLOB.part / 2);
    const least = (BLOB.least * plot.size) / 2;
    const blob = { value: new THREE.Vector3(Math.max(half.x, least), Math.max(half.y, least), plot.size) };
    const field = heightsOf(heights);
    this.disposables.push(field.heights.value);
    const blobs = blobMaterial({ ...uniforms, blob, ...field });
    /** Soft shadows, for where there are no shadow maps. */
    this.blobs = new THREE.Group();
    this.root.add(this.blobs);
    for (const slots of [near, far, figures]) {
      this.blobs.add(this.#add(slots, blobOf(group.scene.trackBody, heights ? BLOB.parts : 1), blobs));
    }
    const all = new Slots(group.numEnvs);
    for (let env = 0; env < group.numEnvs; env++) all.add(plot.cells, env);
    /** Moving parts of the floor, where robots are held in their cells. */
    this.tiles = this.#add(all, tileOf(plot, ground.side), ground.tileMaterial(uniforms));
    this.tiles.receiveShadow = true;
    this.tiles.renderOrder = -1; // the floor below need not be drawn
    const depth = shadowMaterial(uniforms);
    this.disposables.push(depth);
    const mapOf = (/** @type {number} */ id) => {
      const source = group.scene.textures[id];
      if (!source) return {};
      const texture = textureOf(source);
      this.disposables.push(texture);
      return { [source.type === '2d' ? 'flatMap' : 'cubeMap']: { value: texture } };
    };
    for (const batch of batchesOf(group.scene)) {
      const material = robotMaterial({ ...uniforms, ...mapOf(batch.texture) }, batch.transparent, lamps);
      for (const slots of [near, far]) {
        const detail = slots === near ? DETAILS.near : DETAILS.far;
        const mesh = this.#add(slots, geometryOf(batch, group.scene, detail), material);
        mesh.customDepthMaterial = depth;
        mesh.castShadow = !batch.transparent;
        mesh.receiveShadow = true;
      }
    }
    for (const soft of group.scene.softs) {
      const material = robotMaterial({ ...uniforms, ...mapOf(soft.texture) }, soft.rgba[3] < 1, lamps, soft);
      const softDepth = shadowMaterial(uniforms, soft);
      this.disposables.push(softDepth);
      for (const slots of [near, far]) {
        const mesh = this.#add(slots, softShape(soft), material);
        mesh.customDepthMaterial = softDepth;
        mesh.castShadow = mesh.receiveShadow = true;
      }
    }
    this.commit();
  }

  /** @param {Slots} slots @param {THREE.BufferGeometry} geometry  one robot @param {THREE.Material} material */
  #add(slots, geometry, material) {
    const mesh = new THREE.Mesh(this.#instance(slots, geometry), material);
    // The vertices' places are known to the GPU alone; what is not in view gets no slot.
    mesh.frustumCulled = false;
    this.root.add(mesh);
    this.disposables.push(mesh.geometry, material);
    return mesh;
  }

  /** @param {Slots} slots @param {THREE.BufferGeometry} geometry  its buffers are taken over */
  #instance(slots, geometry) {
    let places = this.#places.get(slots);
    if (!places) {
      places = new THREE.InstancedBufferAttribute(slots.places, 3);
      places.setUsage(THREE.DynamicDrawUsage);
      this.#places.set(slots, places);
    }
    const instanced = new THREE.InstancedBufferGeometry();
    instanced.setIndex(geometry.index);
    for (const [name, attribute] of Object.entries(geometry.attributes)) {
      instanced.setAttribute(name, attribute);
    }
    instanced.setAttribute('slot', places);
    this.#instanced.push({ slots, geometry: instanced });
    return instanced;
  }

  /** Takes over which robots are drawn how. */
  commit() {
    for (const places of this.#places.values()) places.needsUpdate = true;
    for (const { slots, geometry } of this.#instanced) geometry.instanceCount = slots.count;
  }

  /**
   * Tints robots; those that are not named get their own colours.
   *
   * @param {import('../view.js').Colour[]} parts
   */
  tint(parts) {
    const { offset, numEnvs } = this.robots.group;
    const { image } = this.tints;
    const texels = /** @type {Uint8Array} */ (image.data);
    texels.fill(0);
    for (const { first, count, color, part: much } of parts) {
      const { r, g, b } = new THREE.Color(color);
      const texel = [r, g, b, much].map((part) => Math.round(255 * part));
      const begin = Math.max(0, first - offset);
      const end = Math.min(numEnvs, first + count - offset);
      for (let env = begin; env < end; env++) texels.set(texel, 4 * env);
    }
    this.tints.needsUpdate = true;
  }

  /** Fades all robots but one. @param {number|null} index  of all environments; null: none fades */
  keep(index) {
    const { offset, numEnvs } = this.robots.group;
    const own = index !== null && index >= offset && index < offset + numEnvs;
    this.kept.value = index === null ? ALL_CLEAR : own ? index - offset : ALL_FADED;
  }

  dispose() {
    for (const disposable of this.disposables) disposable.dispose();
  }
}
