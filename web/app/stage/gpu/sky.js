/** The sky, around the camera wherever it is. */

import * as THREE from 'three';
import { RISE } from '../scene/sky.js';
import { textureOf } from './materials.js';

const vertexShader = /* glsl */ `
varying vec3 vWay;
void main() {
  vWay = position;
  gl_Position = (projectionMatrix * vec4(mat3(modelViewMatrix) * position, 1.0)).xyww;
}`;

const fragmentShader = /* glsl */ `
varying vec3 vWay;
uniform vec3 horizon, zenith;
uniform bool boxed;
uniform samplerCube box;
void main() {
  float up = max(0.0, normalize(vWay).z);
  vec3 own = mix(zenith, horizon, exp(-${RISE.toFixed(2)} * up));
  gl_FragColor = vec4(boxed ? texture(box, vec3(vWay.xz, -vWay.y)).rgb : own, 1.0);
  #include <colorspace_fragment>
}`;

export class Sky {
  /** What they are on the screen: the mix of both is the processor's. */
  uniforms = {
    horizon: { value: new THREE.Color() },
    zenith: { value: new THREE.Color() },
    boxed: { value: false },
    box: { value: /** @type {THREE.Texture} */ (new THREE.CubeTexture()) },
  };
  mesh = new THREE.Mesh(
    new THREE.SphereGeometry(1, 24, 12),
    new THREE.ShaderMaterial({
      vertexShader, fragmentShader, uniforms: this.uniforms, side: THREE.BackSide, depthTest: false, depthWrite: false,
    }),
  );

  constructor() {
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = -2; // all else lies before it
  }

  /** Shows a model's own sky instead. @param {import('../../../sim/worker/scene.js').SceneTexture|null} box */
  setBox(box) {
    this.uniforms.box.value.dispose();
    this.uniforms.box.value = box ? textureOf(box) : new THREE.CubeTexture();
    this.uniforms.boxed.value = Boolean(box);
  }

  /** @param {string} horizon @param {string} zenith */
  setColors(horizon, zenith) {
    this.uniforms.horizon.value.set(horizon);
    this.uniforms.zenith.value.set(zenith);
  }

  dispose() {
    this.mesh.geometry.dispose();
    this.mesh.material.dispose();
    this.uniforms.box.value.dispose();
  }
}
