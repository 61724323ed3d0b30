/** One floor for all environments: a checker that fades into the distance, as in MuJoCo's viewer. */

import * as THREE from 'three';

export class Ground {
  /**
   * @param {number} square  side of one square of the checker, in metres
   * @param {number} side  of the floor, no longer than needed: huge triangles have coarse depths
   * @param {boolean} plain  the cheapest look
   */
  constructor(square, side, plain) {
    this.uniforms = {
      square: { value: square },
      otherColor: { value: new THREE.Color() },
    };
    this.material = plain
      ? new THREE.MeshBasicMaterial()
      : new THREE.MeshStandardMaterial({ roughness: 0.95, metalness: 0 });
    this.material.onBeforeCompile = (shader) => {
      Object.assign(shader.uniforms, this.uniforms);
      shader.vertexShader = shader.vertexShader
        .replace('void main() {', 'varying vec2 vPlace; void main() {')
        .replace('#include <begin_vertex>', `#include <begin_vertex>
          vPlace = (modelMatrix * vec4(position, 1.0)).xy;`);
      // The checker is averaged over each pixel's footprint: no flicker in the distance.
      shader.fragmentShader = shader.fragmentShader
        .replace('void main() {', `
          varying vec2 vPlace; uniform float square; uniform vec3 otherColor;
          void main() {`)
        .replace('#include <color_fragment>', `
          vec2 place = vPlace / square;
          vec2 width = max(fwidth(place), 1e-4);
          vec2 edges = 2.0 * (abs(fract((place - 0.5 * width) * 0.5) - 0.5)
            - abs(fract((place + 0.5 * width) * 0.5) - 0.5)) / width;
          diffuseColor.rgb = mix(diffuseColor.rgb, otherColor, 0.5 - 0.5 * edges.x * edges.y);`);
    };
    this.material.customProgramCacheKey = () => 'ground';
    this.mesh = new THREE.Mesh(new THREE.PlaneGeometry(side, side), this.material);
    this.mesh.receiveShadow = true;
    this.mesh.frustumCulled = false;
  }

  /** @param {string} one @param {string} other  the colours of the squares */
  setColors(one, other) {
    this.material.color.set(one);
    this.uniforms.otherColor.value.set(other);
  }

  dispose() {
    this.mesh.geometry.dispose();
    this.material.dispose();
  }
}
