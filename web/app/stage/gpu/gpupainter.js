/** Draws the robots with WebGL 2, by three.js. */

import * as THREE from 'three';
import { breathe } from '../../dom.js';
import { themeColor } from '../../theme.js';
import { Heights, heightAt } from '../scene/heights.js';
import { LIGHTS, SUN } from '../scene/light.js';
import { ARROW, RING } from '../scene/marks.js';
import { OWN } from '../scene/surroundings.js';
import { hfieldShape, terrainOf } from '../scene/shapes.js';
import { FrameTimer } from './frametimer.js';
import { GpuBudget } from './gpubudget.js';
import { Ground } from './ground.js';
import { Lamps } from './lamps.js';
import { LineMeshes } from './linemeshes.js';
import { RobotMeshes } from './robotmeshes.js';
import { Sky } from './sky.js';

/** @typedef {import('../view.js').Machine} Machine */
/** @typedef {import('../view.js').Picture} Picture */

/** How far the ring around the followed robot lies above the ground, in multiples of the robot's size. */
const RAISED = 0.012;

const ring = new THREE.RingGeometry(0.96 * RING, RING, 64);

const SHADOW_MAP = 2048;

export class GpuPainter {
  software = false;
  /** @type {RobotMeshes[]} */
  #meshes = [];
  /** @type {import('../scene/layout.js').Layout|null} */
  #layout = null;
  /** @type {Ground|null} */
  #ground = null;
  /** Of ground with heights. @type {Heights[]} */
  #heights = [];
  #scene = new THREE.Scene();
  #fog = new THREE.Fog(0, 1, 2);
  #sky = new Sky();
  #scenery = OWN;
  #lamps = new Lamps();
  #hidden = new LineMeshes(false);
  #seen = new LineMeshes(true);
  #sun = new THREE.DirectionalLight(LIGHTS.sun.color, LIGHTS.sun.strength);
  #ring = new THREE.Mesh(
    ring.clone(), new THREE.MeshBasicMaterial({ transparent: true, opacity: 0.9 }),
  );
  #arrow = new THREE.Mesh(
    new THREE.ConeGeometry(ARROW.width, ARROW.height, 24).rotateX(-Math.PI / 2), new THREE.MeshBasicMaterial(),
  );
  /** What was drawn last. @type {THREE.Camera|null} */
  #camera = null;

  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl  of the canvas */
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.budget = new GpuBudget({ robots: 0, screenRatio: 1 });
    this.renderer = new THREE.WebGLRenderer({ canvas, context: gl });
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    const around = new THREE.HemisphereLight(LIGHTS.sky.color, LIGHTS.ground, LIGHTS.sky.strength);
    around.position.set(0, 0, 1);
    this.#sun.shadow.mapSize.setScalar(SHADOW_MAP);
    this.#sun.shadow.bias = -0.0005;
    this.#sun.shadow.normalBias = 0.02;
    this.#ring.frustumCulled = false; // its places change
    this.#scene.fog = this.#fog;
    this.#scene.add(this.#sky.mesh, this.#hidden.root, this.#seen.root, around, this.#sun, this.#sun.target, this.#ring, this.#arrow);
    this.timer = new FrameTimer(gl, (cost) => {
      if (this.budget.note(cost)) this.changed = true;
    });
    /** Whether the budget has changed since this was set back. */
    this.changed = false;
    this.applyTheme();
  }

  /** Whether a frame more would only queue up: a GPU may lag one behind, others would take physics' time. */
  get busy() {
    return this.budget.hopeless && this.timer.busy;
  }

  /** Whether the processor turned out to do all the work. */
  get hopeless() {
    return this.budget.hopeless;
  }

  /**
   * @param {import('../scene/robots.js').Robots[]} groups
   * @param {import('../scene/layout.js').Layout} layout
   * @param {THREE.PerspectiveCamera} camera
   * @param {Machine} machine
   */
  async show(groups, layout, camera, machine) {
    this.clear();
    this.budget = new GpuBudget(machine);
    this.#layout = layout;
    const ground = new Ground(layout.square, 2 * camera.far, this.#lamps);
    this.#ground = ground;
    this.#scene.add(ground.mesh);
    for (const robots of groups) {
      const { group: { scene }, plot: { cells: [middle] } } = robots;
      const terrain = terrainOf(scene);
      const hfield = terrain && scene.hfields[terrain.data];
      const heights = hfield ? new Heights(hfield, middle) : null;
      if (hfield && heights) {
        ground.raise(hfieldShape(hfield).translate(middle, 0, 0));
        this.#heights.push(heights);
      }
      const meshes = new RobotMeshes(robots, ground, heights, this.#lamps);
      this.#meshes.push(meshes);
      this.#scene.add(meshes.root);
      await breathe();
      if (this.#ground !== ground) return; // another simulation is shown meanwhile
    }
    this.applyTheme();
    this.#light(camera, new THREE.Vector3());
    await this.renderer.compileAsync(this.#scene, camera);
  }

  clear() {
    this.#camera = null;
    this.#ring.visible = this.#arrow.visible = false;
    for (const meshes of this.#meshes) {
      this.#scene.remove(meshes.root);
      meshes.dispose();
    }
    this.#meshes = [];
    this.#heights = [];
    if (this.#ground) {
      this.#scene.remove(this.#ground.mesh);
      this.#ground.dispose();
      this.#ground = null;
    }
  }

  /** @param {number} width @param {number} height  in CSS pixels @param {number} ratio  pixels for one of them */
  resize(width, height, ratio) {
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    // A canvas that changes its size is black until something is drawn.
    if (this.#camera) this.renderer.render(this.#scene, this.#camera);
    else this.renderer.clear();
  }

  /** @param {import('../scene/scenery.js').Scenery} scenery */
  surround(scenery) {
    this.#scenery = scenery;
    this.#sky.setBox(scenery.box);
    this.#lamps.set(scenery.lamps);
    this.#scene.traverse((object) => {
      if (object instanceof THREE.Mesh && object.material.userData.lit) this.#lamps.applyTo(object.material);
    });
    this.applyTheme();
  }

  applyTheme() {
    const { horizon, floor } = this.#scenery;
    this.#sky.setColors(themeColor('--field'), themeColor('--sky'));
    this.#fog.color.copy(colorOf(horizon ?? '--field'));
    this.renderer.setClearColor(this.#fog.color);
    if (!this.#camera) this.renderer.clear();
    this.#ground?.setColors(colorOf(floor?.[0] ?? '--floor-one'), colorOf(floor?.[1] ?? '--floor-other'));
    for (const mark of [this.#ring, this.#arrow]) mark.material.color.set(themeColor('--accent'));
  }

  /** @param {import('../view.js').Colour[]} parts */
  tint(parts) {
    for (const meshes of this.#meshes) meshes.tint(parts);
  }

  /** Takes over which robots are drawn how. @param {number} pixel  the size of one at a distance of 1 */
  choose(pixel) {
    for (const meshes of this.#meshes) {
      meshes.commit();
      meshes.pixel.value = pixel;
      meshes.blobs.visible = !this.budget.shadows;
      // A light of its own falls on a floor of its own.
      meshes.tiles.visible = meshes.robots.held || Boolean(this.#scenery.lamps);
    }
  }

  /** @param {Picture} picture */
  draw(picture) {
    this.timer.begin();
    this.paint(picture);
    this.timer.end();
  }

  /** Draws without counting how long it takes. @param {Picture} picture */
  paint({ camera, target, fog, kept, followed, marked, lines }) {
    this.#camera = camera;
    this.#fog.near = fog.near;
    this.#fog.far = fog.far;
    for (const meshes of this.#meshes) meshes.keep(kept);
    this.#hidden.show(lines.hidden);
    this.#seen.show(lines.seen);
    this.#light(camera, target);
    this.#ring.visible = followed !== null;
    if (followed) {
      this.#layRing(followed);
    }
    this.#arrow.visible = marked !== null;
    if (marked) {
      this.#arrow.scale.setScalar(marked.size);
      this.#arrow.position.copy(marked.place);
    }
    this.renderer.render(this.#scene, camera);
  }

  /** @param {Picture} picture @returns {OffscreenCanvas}  the robots before nothing */
  takeAlone(picture) {
    /** @type {THREE.Object3D[]} */
    const hidden = [this.#sky.mesh, ...this.#ground ? [this.#ground.mesh] : []];
    for (const meshes of this.#meshes) hidden.push(...[meshes.blobs, meshes.tiles].filter(({ visible }) => visible));
    for (const object of hidden) object.visible = false;
    this.#scene.fog = null;
    this.renderer.setClearColor(this.#fog.color, 0);
    this.paint({ ...picture, followed: null, marked: null });
    const copy = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    copy.getContext('2d')?.drawImage(this.canvas, 0, 0);
    for (const object of hidden) object.visible = true;
    this.#scene.fog = this.#fog;
    this.renderer.setClearColor(this.#fog.color, 1);
    return copy;
  }

  /** Lays the ring onto the ground. @param {import('../view.js').Mark} mark */
  #layRing({ place, size }) {
    const { position } = this.#ring.geometry.attributes;
    for (let i = 0; i < position.count; i++) {
      const x = place.x + size * ring.attributes.position.getX(i);
      const y = place.y + size * ring.attributes.position.getY(i);
      position.setXYZ(i, x, y, heightAt(this.#heights, x, y) + RAISED * size);
    }
    position.needsUpdate = true;
  }

  /** Brings sun and shadows to where the camera looks. @param {THREE.Camera} camera @param {THREE.Vector3} target */
  #light(camera, target) {
    const { shadows } = this.budget;
    if (this.renderer.shadowMap.enabled !== shadows) {
      this.renderer.shadowMap.enabled = shadows;
      this.#sun.castShadow = shadows;
      this.#scene.traverse((object) => {
        if (object instanceof THREE.Mesh) object.material.needsUpdate = true;
      });
    }
    const reach = Math.max(1.1 * camera.position.distanceTo(target), 2 * (this.#layout?.spacing ?? 1));
    const [first] = this.#meshes;
    const sun = first ? this.#lamps.aim(first.robots) : null;
    this.#sun.target.position.copy(target).setZ(0);
    this.#sun.position.copy(sun ?? SUN).multiplyScalar(2 * reach).add(this.#sun.target.position);
    const box = this.#sun.shadow.camera;
    box.left = box.bottom = -reach;
    box.right = box.top = reach;
    box.near = 0.1 * reach;
    box.far = 4 * reach;
    box.updateProjectionMatrix();
  }

  dispose() {
    this.clear();
    for (const part of [this.#sky, this.#hidden, this.#seen]) part.dispose();
    this.renderer.dispose();
  }
}

/** @param {string|number[]} color  a name of the stylesheet, or as the screen shows it, 0 to 1 */
function colorOf(color) {
  if (typeof color === 'string') return new THREE.Color(themeColor(color));
  return new THREE.Color().setRGB(color[0], color[1], color[2], THREE.SRGBColorSpace);
}
