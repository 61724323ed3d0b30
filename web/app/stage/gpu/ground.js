/** One floor for all environments: a checker that fades into the distance, as in MuJoCo's viewer. */

import * as THREE from 'three';
import { litBy, posed } from './materials.js';

export class Ground {
  /**
   * @param {number} square  side of one square of the checker, in metres
   * @param {number} side  of the floor, no longer than needed: huge triangles have coarse depths
   * @param {import('./lamps.js').Lamps} lamps
   */
  constructor(square, side, lamps) {
    this.lamps = lamps;
    this.uniforms = {
      square: { value: square },
      otherColor: { value: new THREE.Color() },
    };
    this.side = side;
    this.material = this.#floor(litFloor());
    // Tiles lie on it.
    Object.assign(this.material, { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 4 });
    /** Of ground with heights. @type {THREE.BufferGeometry[]} */
    this.raised = [];
    /** Materials of tiles. @type {THREE.MeshStandardMaterial[]} */
    this.tiles = [];
    this.mesh = new THREE.Mesh(new THREE.PlaneGeometry(side, side), this.material);
    this.mesh.receiveShadow = true;
    this.mesh.frustumCulled = false;
  }

  /** Adds ground with heights, of the same checker. @param {THREE.BufferGeometry} geometry  it is taken over */
  raise(geometry) {
    const raised = new THREE.Mesh(geometry, this.material);
    raised.castShadow = raised.receiveShadow = true;
    this.raised.push(geometry);
    this.mesh.add(raised);
  }

  /**
   * Of tiles whose checker moves with the world of their environment, which has a robot held in its place.
   *
   * @param {import('./materials.js').Uniforms} uniforms  those of `robotMaterial`
   */
  tileMaterial(uniforms) {
    const material = this.#floor(litBy(this.lamps, posed(litFloor(), uniforms, 'tile'), false));
    this.tiles.push(material);
    return material;
  }

  /** @param {THREE.MeshStandardMaterial} material */
  #floor(material) {
    const before = material.onBeforeCompile;
    const tile = before !== THREE.Material.prototype.onBeforeCompile;
    const program = tile ? 'tile' : 'ground';
    material.userData.lit = true;
    material.onBeforeCompile = (shader, renderer) => {
      before.call(material, shader, renderer);
      Object.assign(shader.uniforms, this.uniforms);
      shader.vertexShader = shader.vertexShader
        .replace('void main() {', `varying vec2 vPlace; ${tile ? 'attribute vec4 inwards; varying vec4 vInwards;' : ''} void main() {`)
        .replace('#include <project_vertex>', `#include <project_vertex>
          vPlace = (modelMatrix * vec4(transformed, 1.0)).xy;
          ${tile ? 'vPlace -= bodyPos.xy - slot.xy; vInwards = inwards;' : ''}`);
      if (tile) {
        // A tile stays: it is its checker that goes with the world.
        shader.vertexShader = shader.vertexShader.replace(
          'vec3 transformed = rotated(position) + bodyPos;', 'vec3 transformed = vec3(position.xy + slot.xy, 0.0);',
        );
      }
      // The checker is averaged over each pixel's footprint: no flicker in the distance.
      shader.fragmentShader = shader.fragmentShader
        .replace('void main() {', `
          varying vec2 vPlace; uniform float square; uniform vec3 otherColor; ${tile ? 'varying vec4 vInwards;' : ''}
          void main() {`)
        .replace('#include <color_fragment>', `
          vec2 place = vPlace / square;
          vec2 width = max(fwidth(place), 1e-4);
          vec2 edges = 2.0 * (abs(fract((place - 0.5 * width) * 0.5) - 0.5)
            - abs(fract((place + 0.5 * width) * 0.5) - 0.5)) / width;
          ${tile ? `float inside = min(min(vInwards.x, vInwards.y), min(vInwards.z, vInwards.w));
          edges *= vec2(smoothstep(-0.5, 0.5, inside / max(fwidth(inside), 1e-5)), 1.0);` : ''}
          diffuseColor.rgb = mix(diffuseColor.rgb, otherColor, 0.5 - 0.5 * edges.x * edges.y);`);
      if (!tile) this.lamps.extend(shader, false, false);
    };
    material.customProgramCacheKey = () => program;
    return material;
  }

  /** @param {THREE.Color} one @param {THREE.Color} other  the colours of the squares */
  setColors(one, other) {
    for (const material of [this.material, ...this.tiles]) material.color.set(one);
    this.uniforms.otherColor.value.set(other);
  }

  dispose() {
    for (const geometry of [this.mesh.geometry, ...this.raised]) geometry.dispose();
    for (const material of [this.material, ...this.tiles]) material.dispose();
  }
}

function litFloor() {
  return new THREE.MeshStandardMaterial({ roughness: 0.95, metalness: 0 });
}
