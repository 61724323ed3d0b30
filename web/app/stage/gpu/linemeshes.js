/** Lines and balls that are few and new in each frame. */

import * as THREE from 'three';
import { LINE } from '../scene/lines.js';

/** More of them are not drawn. */
const MOST = 4096;

const UP = new THREE.Vector3(0, 1, 0);

export class LineMeshes {
  root = new THREE.Group();
  #rods;
  #balls;
  #from = new THREE.Vector3();
  #way = new THREE.Vector3();
  #scale = new THREE.Vector3();
  #turn = new THREE.Quaternion();
  #matrix = new THREE.Matrix4();
  #color = new THREE.Color();

  /** @param {boolean} through  whether they are seen through what is before them */
  constructor(through) {
    const material = new THREE.MeshStandardMaterial({ roughness: 0.6, depthTest: !through, transparent: through, fog: !through });
    const mesh = (/** @type {THREE.BufferGeometry} */ geometry) => {
      const instanced = new THREE.InstancedMesh(geometry, material, MOST);
      instanced.instanceColor = new THREE.InstancedBufferAttribute(new Float32Array(3 * MOST), 3);
      instanced.frustumCulled = false;
      instanced.count = 0;
      instanced.renderOrder = through ? 2 : 0;
      this.root.add(instanced);
      return instanced;
    };
    this.#rods = mesh(new THREE.CylinderGeometry(1, 1, 1, 10));
    this.#balls = mesh(new THREE.SphereGeometry(1, 14, 8));
  }

  /** @param {import('../scene/lines.js').Lines} lines */
  show({ data, colors, count }) {
    this.root.visible = count > 0;
    this.#rods.count = this.#balls.count = 0;
    for (let i = 0; i < Math.min(count, MOST); i++) {
      const at = i * LINE;
      const radius = data[at + 6];
      this.#from.fromArray(data, at);
      this.#way.fromArray(data, at + 3).sub(this.#from);
      const length = this.#way.length();
      const mesh = length > 1e-9 ? this.#rods : this.#balls;
      this.#color.setRGB(colors[i][0], colors[i][1], colors[i][2], THREE.SRGBColorSpace);
      this.#color.toArray(/** @type {Float32Array} */ (mesh.instanceColor?.array), 3 * mesh.count);
      this.#scale.set(radius, length || radius, radius);
      this.#turn.setFromUnitVectors(UP, length ? this.#way.divideScalar(length) : UP);
      this.#from.addScaledVector(this.#way, length / 2);
      mesh.setMatrixAt(mesh.count++, this.#matrix.compose(this.#from, this.#turn, this.#scale));
    }
    for (const mesh of [this.#rods, this.#balls]) {
      mesh.visible = mesh.count > 0;
      if (!mesh.count) continue;
      mesh.instanceMatrix.needsUpdate = true;
      if (mesh.instanceColor) mesh.instanceColor.needsUpdate = true;
    }
  }

  dispose() {
    for (const mesh of [this.#rods, this.#balls]) {
      mesh.geometry.dispose();
      mesh.dispose();
    }
    this.#rods.material.dispose();
  }
}
