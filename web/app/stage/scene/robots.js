/**
 * All robots of one type: a few draw calls, whatever their number. Robots close to the camera have
 * finer shapes than those far away; which ones are drawn at all is told by `show`.
 */

import * as THREE from 'three';
import { blobOf, figureOf, linesOf, tileOf } from './figures.js';
import { blobMaterial, figureMaterial, lineMaterial, robotMaterial, shadowMaterial, textureOf } from './materials.js';
import { DETAILS, batchesOf, geometryOf } from './shapes.js';

/** @typedef {import('../../../sim/websim.js').Group} Group */

/** How much of its part's colour a tinted robot has. */
const TINT = 0.85;

/** A soft shadow's half sizes, in multiples of the robot's half extents, and the least of its largest one. */
const BLOB = { part: 1.1, least: 0.35 };

/** Robots that can have the finer shapes at a time, with a GPU and without. */
const NEAR_ROBOTS = 48;
const NEAR_ROBOTS_PLAIN = 1;

export class Robots {
  /**
   * @param {Group} group @param {import('./poses.js').Poses} poses
   * @param {import('./layout.js').Plot} plot
   * @param {import('./ground.js').Ground} ground
   * @param {boolean} plain  the cheapest look, for renderers without a GPU
   */
  constructor(group, poses, plot, ground, plain) {
    this.group = group;
    this.poses = poses;
    this.plot = plot;
    this.near = new Slots(Math.min(plain ? NEAR_ROBOTS_PLAIN : NEAR_ROBOTS, group.numEnvs));
    this.far = new Slots(group.numEnvs);
    /** Those that are drawn as figures. */
    this.figures = new Slots(group.numEnvs);
    /** All of them, for their parts of the floor. */
    this.all = new Slots(group.numEnvs);
    this.root = new THREE.Group();
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
    };
    this.pixel = { value: 0 };
    const figure = figureOf(group.scene);
    if (figure) {
      this.strips = this.#add(this.figures, figure, figureMaterial({ ...uniforms, pixel: this.pixel }));
      this.lines = this.#add(this.figures, linesOf(group.scene), lineMaterial(uniforms), THREE.LineSegments);
    }
    const half = plot.box.getSize(new THREE.Vector3()).multiplyScalar(BLOB.part / 2);
    const least = (BLOB.least * plot.size) / 2;
    const blob = { value: new THREE.Vector3(Math.max(half.x, least), Math.max(half.y, least), plot.size) };
    const blobs = blobMaterial({ ...uniforms, blob });
    /** Soft shadows, for where there are no shadow maps. */
    this.blobs = new THREE.Group();
    this.root.add(this.blobs);
    for (const slots of [this.near, this.far, this.figures]) {
      this.blobs.add(this.#add(slots, blobOf(group.scene.trackBody), blobs));
    }
    /** Moving parts of the floor, where robots are held in their cells. */
    this.tiles = this.#add(this.all, tileOf(plot, ground.side), ground.tileMaterial(uniforms));
    this.tiles.receiveShadow = true;
    this.tiles.renderOrder = -1; // the floor below need not be drawn
    for (let env = 0; env < group.numEnvs; env++) this.all.add(plot.cells, env);
    this.all.commit();
    const depth = shadowMaterial(uniforms);
    this.disposables.push(depth);
    for (const batch of batchesOf(group.scene)) {
      const source = group.scene.textures[batch.texture];
      const texture = source && textureOf(source);
      if (texture) this.disposables.push(texture);
      const map = texture && { [source.type === '2d' ? 'flatMap' : 'cubeMap']: { value: texture } };
      const material = robotMaterial(
        { ...uniforms, ...map }, { transparent: batch.transparent, plain },
      );
      for (const slots of [this.near, this.far]) {
        const detail = slots === this.near ? DETAILS.near : plain ? DETAILS.plain : DETAILS.far;
        const mesh = this.#add(slots, geometryOf(batch, group.scene, detail), material);
        mesh.customDepthMaterial = depth;
        mesh.castShadow = !batch.transparent;
        mesh.receiveShadow = true;
      }
    }
    this.hold(false);
    this.simplify(false);
  }

  /** Figures are lines, or strips. @param {boolean} lines */
  simplify(lines) {
    if (!this.lines || !this.strips) return;
    this.lines.visible = lines;
    this.strips.visible = !lines;
  }

  /**
   * @param {Slots} slots @param {THREE.BufferGeometry} geometry @param {THREE.Material} material
   * @param {typeof THREE.Mesh|typeof THREE.LineSegments} kind
   */
  #add(slots, geometry, material, kind = THREE.Mesh) {
    const mesh = new kind(slots.instanced(geometry), material);
    // The vertices' places are known to the GPU alone; what is not in view gets no slot.
    mesh.frustumCulled = false;
    this.root.add(mesh);
    this.disposables.push(mesh.geometry, material);
    return mesh;
  }

  /** Whether this is a robot that leaves its cell, and can be held in it. */
  get travels() {
    return this.group.scene.travels;
  }

  /** Holds the robots in their cells, with a floor that moves, or lets them go. @param {boolean} held */
  hold(held) {
    this.poses.hold(held && this.travels);
    this.tiles.visible = held && this.travels;
  }

  /**
   * Where an environment's robot is now, in the world.
   *
   * @param {number} env
   * @param {THREE.Vector3} out
   */
  place(env, out) {
    const { cells, lift } = this.plot;
    this.poses.position(env, this.group.scene.trackBody, out);
    out.x += cells[2 * env];
    out.y += cells[2 * env + 1];
    out.z += lift;
    return out;
  }

  /**
   * Tints robots; those that are not named get their own colours.
   *
   * @param {{first: number, count: number, color: string}[]} parts  of all environments, in any CSS colour
   */
  tint(parts) {
    const { image } = this.tints;
    const texels = /** @type {Uint8Array} */ (image.data);
    texels.fill(0);
    for (const { first, count, color } of parts) {
      const { r, g, b } = new THREE.Color(color);
      const texel = [r, g, b, TINT].map((part) => Math.round(255 * part));
      const begin = Math.max(0, first - this.group.offset);
      const end = Math.min(this.group.numEnvs, first + count - this.group.offset);
      for (let env = begin; env < end; env++) texels.set(texel, 4 * env);
    }
    this.tints.needsUpdate = true;
  }

  dispose() {
    for (const disposable of this.disposables) disposable.dispose();
    this.poses.dispose();
  }
}

/** The environments that are drawn with one level of detail, as an attribute for each instance. */
export class Slots {
  /** @param {number} capacity */
  constructor(capacity) {
    this.capacity = capacity;
    this.attribute = new THREE.InstancedBufferAttribute(new Float32Array(capacity * 3), 3);
    this.attribute.setUsage(THREE.DynamicDrawUsage);
    this.count = 0;
    /** @type {THREE.InstancedBufferGeometry[]} */
    this.geometries = [];
  }

  /** @param {THREE.BufferGeometry} geometry  one robot; its buffers are taken over */
  instanced(geometry) {
    const instanced = new THREE.InstancedBufferGeometry();
    instanced.setIndex(geometry.index);
    for (const [name, attribute] of Object.entries(geometry.attributes)) {
      instanced.setAttribute(name, attribute);
    }
    instanced.setAttribute('slot', this.attribute);
    instanced.instanceCount = 0;
    this.geometries.push(instanced);
    return instanced;
  }

  clear() {
    this.count = 0;
  }

  get full() {
    return this.count === this.capacity;
  }

  /** @param {Float32Array} cells @param {number} env */
  add(cells, env) {
    const { array } = this.attribute;
    const at = 3 * this.count++;
    array[at] = cells[2 * env];
    array[at + 1] = cells[2 * env + 1];
    array[at + 2] = env;
  }

  /** Tells the GPU about the environments added since `clear`. */
  commit() {
    this.attribute.needsUpdate = true;
    for (const geometry of this.geometries) geometry.instanceCount = this.count;
  }
}
