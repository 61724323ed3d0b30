/** A model's own lights in place of the page's, reckoned as MuJoCo's renderer does: in the screen's colours, without roughness. */

import { Vector2, Vector3, Vector4 } from 'three';
import { MOST, placeOf, wayOf } from '../scene/lamps.js';

/** @typedef {import('../scene/lamps.js').Lamps} Lit */
/** @typedef {{shader: Parameters<import('three').Material['onBeforeCompile']>[0]}} Of */

const COLOURS = /** @type {const} */ (['ambient', 'diffuse', 'specular']);
const KINDS = { directional: 0, point: 1, spot: 2 };

const VARYINGS = /* glsl */ `
#ifdef LAMPS
varying vec3 vLampAt[LAMPS], vLampWay[LAMPS];
#endif
`;

/** Of bodies in environments; `readPose` is that of materials.js. */
const POSED_VERTEX = /* glsl */ `
#ifdef LAMPS
for (int i = 0; i < LAMPS; i++) {
  readPose(lampAt[i].w);
  bool turns = lampKind[i].y > 0.0;
  vec3 lampPlace = bodyPos + (turns ? rotated(lampAt[i].xyz) : lampAt[i].xyz);
  vec3 lampTo = turns ? rotated(lampWay[i].xyz) : lampWay[i].xyz;
  if (lampWay[i].w >= 0.0) {
    readPose(lampWay[i].w);
    lampTo = bodyPos - lampPlace;
  }
  vLampAt[i] = (viewMatrix * vec4(lampPlace, 1.0)).xyz;
  vLampWay[i] = (viewMatrix * vec4(lampTo, 0.0)).xyz;
}
#endif
`;

/** On ground that belongs to no environment they shine as in the nearest one, if that stood as the first does; `vPlace` is ground.js'. */
const GROUND_LAMP = /* glsl */ `
  vec2 cell = grid.xy + grid.zw * clamp(round((vPlace - grid.xy) / grid.zw), vec2(0.0), lastCell);
  vec3 lampPlace = (viewMatrix * vec4(groundLampAt[i] + vec3(cell, 0.0), 1.0)).xyz;
  vec3 lampTo = (viewMatrix * vec4(groundLampWay[i], 0.0)).xyz;
`;
const OWN_LAMP = /* glsl */ `
  vec3 lampPlace = vLampAt[i];
  vec3 lampTo = vLampWay[i];
`;

/** @param {boolean} posed */
const fragment = (posed) => /* glsl */ `
#ifdef LAMPS
${posed ? '' : `uniform vec4 grid;  // where the first cell is, and the steps between cells
uniform vec2 lastCell;
uniform vec3 groundLampAt[LAMPS], groundLampWay[LAMPS];`}
uniform vec4 lampKind[LAMPS];  // what it is, whether it turns, the cosine of its cutoff, its exponent
uniform vec3 lampFades[LAMPS];
uniform vec3 lampAmbient[LAMPS], lampDiffuse[LAMPS], lampSpecular[LAMPS];
uniform vec3 headAmbient, headDiffuse, headSpecular;

vec3 lampLit(vec3 own, vec3 normal, vec3 place, vec3 gloss, float unshaded) {
  vec3 eye = normalize(-place);
  vec3 light = headAmbient + headDiffuse * max(0.0, normal.z) + gloss.z;
  vec3 shine = headSpecular * pow(max(0.0, dot(normal, normalize(eye + vec3(0.0, 0.0, 1.0)))), max(1.0, 128.0 * gloss.y));
  for (int i = 0; i < LAMPS; i++) {
    bool everywhere = lampKind[i].x < 0.5;
    ${posed ? OWN_LAMP : GROUND_LAMP}
    vec3 to = everywhere ? -lampTo : lampPlace - place;
    float far = length(to);
    to /= far;
    float strength = everywhere ? 1.0 : 1.0 / dot(lampFades[i], vec3(1.0, far, far * far));
    if (lampKind[i].x > 1.5) {
      float inside = -dot(to, normalize(lampTo));
      strength *= inside >= lampKind[i].z ? pow(max(inside, 1e-4), lampKind[i].w) : 0.0;
    }
    float facing = dot(normal, to);
    float direct = i == LAMPS_CASTER ? strength * unshaded : strength;
    light += strength * lampAmbient[i] + direct * max(0.0, facing) * lampDiffuse[i];
    if (facing > 0.0) shine += direct * lampSpecular[i] * pow(max(0.0, dot(normal, normalize(eye + to))), max(1.0, 128.0 * gloss.y));
  }
  vec3 seen = min(vec3(1.0), sRGBTransferOETF(vec4(own, 1.0)).rgb * light + gloss.x * shine);
  return sRGBTransferEOTF(vec4(seen, 1.0)).rgb;
}
#endif
`;

const LIT = /* glsl */ `
#ifdef LAMPS
float unshaded = 1.0;
#if defined( USE_SHADOWMAP ) && NUM_DIR_LIGHT_SHADOWS > 0
if (receiveShadow) unshaded = getShadow(directionalShadowMap[0], directionalLightShadows[0].shadowMapSize,
  directionalLightShadows[0].shadowIntensity, directionalLightShadows[0].shadowBias, directionalLightShadows[0].shadowRadius,
  vDirectionalShadowCoord[0]);
#endif
outgoingLight = lampLit(diffuseColor.rgb, normal, -vViewPosition, LAMP_GLOSS, unshaded);
#endif
#include <opaque_fragment>
`;

export class Lamps {
  /** @type {Lit|null} */
  #lit = null;
  uniforms = {
    lampAt: { value: Array.from({ length: MOST }, () => new Vector4()) },
    lampWay: { value: Array.from({ length: MOST }, () => new Vector4()) },
    lampKind: { value: Array.from({ length: MOST }, () => new Vector4()) },
    groundLampAt: { value: Array.from({ length: MOST }, () => new Vector3()) },
    groundLampWay: { value: Array.from({ length: MOST }, () => new Vector3()) },
    grid: { value: new Vector4() },
    lastCell: { value: new Vector2() },
    ...Object.fromEntries(['Fades', 'Ambient', 'Diffuse', 'Specular'].map((name) => (
      [`lamp${name}`, { value: Array.from({ length: MOST }, () => new Vector3()) }]
    ))),
    ...Object.fromEntries(['Ambient', 'Diffuse', 'Specular'].map((name) => [`head${name}`, { value: new Vector3() }])),
  };

  /** @param {Lit|null} lit  null: the page's own light shines */
  set(lit) {
    this.#lit = lit;
    if (!lit) return;
    const { lampAt, lampWay, lampKind, ...others } = this.uniforms;
    const vectors = /** @type {Record<string, {value: Vector3[]}>} */ (/** @type {unknown} */ (others));
    lit.lights.forEach((light, i) => {
      lampAt.value[i].set(light.pos[0], light.pos[1], light.pos[2], light.body);
      lampWay.value[i].set(light.dir[0], light.dir[1], light.dir[2], light.target);
      const cutoff = Math.cos((light.cutoff * Math.PI) / 180);
      lampKind.value[i].set(KINDS[light.kind], Number(light.turns), cutoff, light.exponent);
      vectors.lampFades.value[i].fromArray(light.attenuation);
      for (const name of COLOURS) vectors[`lamp${capital(name)}`].value[i].fromArray(light[name]);
    });
    const heads = /** @type {Record<string, {value: Vector3}>} */ (/** @type {unknown} */ (others));
    for (const name of COLOURS) heads[`head${capital(name)}`].value.fromArray(lit.headlight?.[name] ?? [0, 0, 0]);
  }

  /** Has a material shine by them, or as it did. @param {import('three').Material} material  one of `extend` */
  applyTo(material) {
    const defines = { ...material.defines };
    delete defines.LAMPS;
    if (this.#lit) Object.assign(defines, { LAMPS: this.#lit.lights.length, LAMPS_CASTER: this.#lit.caster });
    material.defines = defines;
    material.needsUpdate = true;
  }

  /**
   * Takes over where they are.
   *
   * @param {import('../scene/robots.js').Robots} robots
   * @returns {Vector3|null}  from the floor to the one that casts shadows; null: that is the page's sun
   */
  aim(robots) {
    if (!this.#lit) return null;
    const { groundLampAt, groundLampWay, grid, lastCell } = this.uniforms;
    const { cells, columns, lift, step } = robots.plot;
    grid.value.set(cells[0], cells[1], ...step);
    lastCell.value.set(columns - 1, Math.ceil(robots.group.numEnvs / columns) - 1);
    this.#lit.lights.forEach((light, i) => {
      placeOf(light, robots, 0, groundLampAt.value[i]).z += lift;
      wayOf(light, robots, 0, groundLampWay.value[i]);
    });
    const { caster } = this.#lit;
    return caster < 0 ? null : this.#sun.copy(groundLampWay.value[caster]).negate();
  }

  #sun = new Vector3();

  /**
   * Has a material know of them.
   *
   * @param {Of['shader']} shader  of three's standard one, as it is so far
   * @param {boolean} posed  whether it is drawn for each environment
   * @param {boolean} glossy  whether its vertices have a `gloss`
   */
  extend(shader, posed, glossy) {
    Object.assign(shader.uniforms, this.uniforms);
    const gloss = glossy ? 'varying vec3 vGloss;' : '';
    shader.vertexShader = shader.vertexShader
      .replace('void main() {', `${posed ? VARYINGS : ''} ${gloss} ${glossy ? 'attribute vec3 gloss;' : ''}
        #ifdef LAMPS
        uniform vec4 lampAt[LAMPS], lampWay[LAMPS], lampKind[LAMPS];
        #endif
        void main() {`)
      .replace('vViewPosition = - mvPosition.xyz;', `vViewPosition = -mvPosition.xyz;
        ${glossy ? 'vGloss = gloss;' : ''} ${posed ? POSED_VERTEX : ''}`);
    shader.fragmentShader = shader.fragmentShader
      .replace('void main() {', `${posed ? VARYINGS : ''} ${gloss}
        #define LAMP_GLOSS ${glossy ? 'vGloss' : 'vec3(0.0)'}
        ${fragment(posed)} void main() {`)
      .replace('#include <opaque_fragment>', LIT);
  }
}

/** @param {string} name */
const capital = (name) => name[0].toUpperCase() + name.slice(1);
