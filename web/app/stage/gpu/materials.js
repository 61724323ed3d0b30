/**
 * Materials for robots: three's own, with a vertex shader that takes each vertex from its body's
 * frame to its environment's place in the grid. It reads the poses from a texture (see poses.js).
 */

import * as THREE from 'three';
import { faceAt } from '../scene/cube.js';
import { FADED } from '../scene/haze.js';
import { MAX_SHARDS } from '../scene/poses.js';

/** @typedef {Record<string, THREE.IUniform>} Uniforms */

/** In place of the environment that stays clear. */
export const ALL_FADED = -1;
export const ALL_CLEAR = -2;

/** Others than the one that is followed are drawn as if they were further away. */
const FADE = /* glsl */ `
#ifdef USE_FOG
if (kept > ${ALL_CLEAR}.0 && slot.z != kept) vFogDepth = max(vFogDepth, mix(fogNear, fogFar, ${FADED}));
#endif
`;

/** Robots of a part that is compared are tinted. */
const TINT = /* glsl */ `
vec4 tint = texelFetch(tints, ivec2(int(slot.z), 0), 0);
vColor.rgb = mix(vColor.rgb, tint.rgb, tint.a);
`;

/** As `Heights`, in scene/heights.js. */
const HEIGHT_FUNCTIONS = /* glsl */ `
uniform highp sampler2D heights;
uniform vec4 field;  // where its middle is, and its half sizes

float groundAt(vec2 place) {
  ivec2 most = textureSize(heights, 0) - 1;
  vec2 at = (place - field.xy + field.zw) / (2.0 * field.zw) * vec2(most);
  if (any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(most)))) return 0.0;
  ivec2 cell = min(ivec2(at), most - 1);
  vec2 part = at - vec2(cell);
  float near = texelFetch(heights, cell, 0).r;
  float far = texelFetch(heights, cell + 1, 0).r;
  float third = texelFetch(heights, cell + (part.x > part.y ? ivec2(1, 0) : ivec2(0, 1)), 0).r;
  return near + max(part.x, part.y) * (third - near) + min(part.x, part.y) * (far - third);
}
`;

const POSE_FUNCTIONS = /* glsl */ `
attribute vec3 slot;  // where the environment stands, x and y; its row in the texture
uniform highp sampler2D poses;
uniform float alphas[${MAX_SHARDS}];
uniform float lift;
uniform float kept;
uniform sampler2D tints;  // a texel for each environment: colour, and how much of it
vec4 bodyQuat;
vec3 bodyPos;

void readPose(float body) {
  int row = int(slot.z);
  int column = int(body) * 4;
  vec4 from = texelFetch(poses, ivec2(column, row), 0);
  vec4 fromQuat = texelFetch(poses, ivec2(column + 1, row), 0);
  vec3 to = texelFetch(poses, ivec2(column + 2, row), 0).xyz;
  vec4 toQuat = texelFetch(poses, ivec2(column + 3, row), 0);
  float alpha = alphas[int(from.w)];
  bodyPos = mix(from.xyz, to, alpha) + vec3(slot.xy, lift);
  // q and -q are one rotation: mix along the shorter way.
  toQuat *= dot(fromQuat, toQuat) < 0.0 ? -1.0 : 1.0;
  bodyQuat = normalize(mix(fromQuat, toQuat, alpha));
}

// MuJoCo's quaternions are (w, x, y, z).
vec3 rotated(vec3 v) {
  return v + 2.0 * cross(bodyQuat.yzw, cross(bodyQuat.yzw, v) + bodyQuat.x * v);
}
`;

/** @typedef {import('../../../sim/worker/soft.js').SceneSoft} Soft */

/**
 * @param {Uniforms} uniforms  `poses`, `alphas`, `lift`, `tints`; and `cubeMap` or `flatMap`, a texture
 * @param {boolean} transparent
 * @param {import('./lamps.js').Lamps} lamps
 * @param {Soft|null} [soft]  what bends is seen from both sides
 */
export function robotMaterial(uniforms, transparent, lamps, soft = null) {
  const material = new THREE.MeshStandardMaterial({
    vertexColors: true, transparent, depthWrite: !transparent, roughness: 0.45, metalness: 0,
    flatShading: soft !== null && !soft.normals, side: soft ? THREE.DoubleSide : THREE.FrontSide,
  });
  return litBy(lamps, posed(material, uniforms, 'lit', soft), true);
}

/** Has a material shine by a model's lights, where there are some. @template {THREE.Material} M @param {import('./lamps.js').Lamps} lamps @param {M} material @param {boolean} glossy */
export function litBy(lamps, material, glossy) {
  material.userData.lit = true;
  return extended(material, (shader) => lamps.extend(shader, true, glossy));
}

/**
 * Of the cheap figures: strips that are turned to the camera.
 *
 * @param {Uniforms} uniforms  those of `robotMaterial`, and `pixel`: the size of one at a distance of 1
 */
export function figureMaterial(uniforms) {
  const material = posed(
    new THREE.MeshBasicMaterial({ vertexColors: true, side: THREE.DoubleSide }), uniforms, 'figure',
  );
  return extended(material, (shader) => {
    shader.vertexShader = shader.vertexShader
      .replace('void main() {', 'attribute vec3 axis, corner; uniform float pixel; void main() {')
      .replace('#include <project_vertex>', `#include <project_vertex>
        vec3 along = mat3(modelViewMatrix) * rotated(axis);
        // A disc is a strip without length: it stands upright.
        along = dot(along, along) > 1e-10 ? normalize(along) : vec3(0.0, 1.0, 0.0);
        vec3 aside = cross(along, mvPosition.xyz);
        aside = dot(aside, aside) > 1e-10 ? normalize(aside) : vec3(1.0, 0.0, 0.0);
        float radius = max(corner.z, -0.6 * pixel * mvPosition.z);
        mvPosition.xyz += radius * (corner.x * aside + corner.y * along);
        gl_Position = projectionMatrix * mvPosition;
        vColor.rgb *= 0.8 + 0.2 * (corner.x * aside.y + corner.y * along.y);`);
  });
}

/**
 * Of the soft shadows where there are no shadow maps: the wider and the fainter the higher the robot.
 *
 * @param {Uniforms} uniforms  those of `robotMaterial` and `heightsOf`, and `blob`: half sizes, and the height at
 *   which it fades
 */
export function blobMaterial(uniforms) {
  const basic = new THREE.MeshBasicMaterial({
    transparent: true, depthWrite: false, polygonOffset: true, polygonOffsetFactor: -2, polygonOffsetUnits: -8,
  });
  const material = posed(basic, uniforms, 'blob');
  return extended(material, (shader) => {
    shader.vertexShader = shader.vertexShader
      .replace('void main() {', `uniform vec3 blob; varying vec3 vBlob; ${HEIGHT_FUNCTIONS} void main() {`)
      .replace('vec3 transformed = rotated(position) + bodyPos;', `
        float height = max(0.0, (bodyPos.z - groundAt(bodyPos.xy)) / blob.z);
        vBlob = vec3(position.xy, 0.45 / (1.0 + height * height));
        vec3 transformed = vec3(bodyPos.xy + position.xy * blob.xy * (1.0 + 0.3 * height), 0.0);
        transformed.z = groundAt(transformed.xy) + 0.004 * blob.z;`);
    shader.fragmentShader = shader.fragmentShader
      .replace('void main() {', 'varying vec3 vBlob; void main() {')
      .replace('#include <color_fragment>', `
        float inside = max(0.0, 1.0 - dot(vBlob.xy, vBlob.xy));
        diffuseColor = vec4(vec3(0.0), vBlob.z * inside * inside);`);
  });
}

/**
 * Uniforms of ground with heights, or of a level floor.
 *
 * @param {import('../scene/heights.js').Heights | null} ground
 * @returns {{heights: {value: THREE.DataTexture}, field: {value: THREE.Vector4}}}
 */
export function heightsOf(ground) {
  const { data, ncol, nrow, middle, half } = ground ?? {
    data: new Float32Array(4), ncol: 2, nrow: 2, middle: 0, half: { x: 1, y: 1 },
  };
  const texture = new THREE.DataTexture(data, ncol, nrow, THREE.RedFormat, THREE.FloatType);
  texture.needsUpdate = true;
  return { heights: { value: texture }, field: { value: new THREE.Vector4(middle, 0, half.x, half.y) } };
}

/** The counterpart that draws into the shadow map. @param {Uniforms} uniforms @param {Soft|null} [soft] */
export function shadowMaterial(uniforms, soft = null) {
  return posed(new THREE.MeshDepthMaterial(), uniforms, 'depth', soft);
}

/** @typedef {Parameters<THREE.Material['onBeforeCompile']>[0]} Shader */

/**
 * @template {THREE.Material} M
 * @param {M} material @param {(shader: Shader) => void} change  after those made so far
 * @returns {M}
 */
function extended(material, change) {
  const before = material.onBeforeCompile;
  material.onBeforeCompile = (shader, renderer) => {
    before.call(material, shader, renderer);
    change(shader);
  };
  return material;
}

/**
 * @template {THREE.Material} M
 * @param {M} material @param {Uniforms} uniforms
 * @param {'lit'|'depth'|'figure'|'blob'|'tile'} kind
 * @param {Soft|null} [soft]  whose vertices go with several bodies
 * @returns {M}
 */
export function posed(material, uniforms, kind, soft = null) {
  const map = 'cubeMap' in uniforms ? 'cubeMap' : 'flatMap' in uniforms ? 'flatMap' : '';
  material.onBeforeCompile = (shader) => {
    Object.assign(shader.uniforms, uniforms);
    shader.vertexShader = shader.vertexShader
      .replace('void main() {', `${POSE_FUNCTIONS}
        ${map && 'attribute vec3 texcoord; varying vec3 vTexcoord;'}
        ${soft ? bentAttributes(soft) : 'attribute float body;'}
        void main() {
          ${soft ? bending(soft) : 'readPose(body);'}
          ${map && 'vTexcoord = texcoord;'}`)
      .replace('#include <beginnormal_vertex>', `vec3 objectNormal = ${soft ? 'normalize(bentNormal)' : 'rotated(normal)'};`)
      .replace('#include <begin_vertex>', `vec3 transformed = ${soft ? 'bent' : 'rotated(position) + bodyPos'};`);
    if (material.vertexColors) {
      shader.vertexShader = shader.vertexShader
        .replace('#include <color_vertex>', `#include <color_vertex>${TINT}`)
        .replace('#include <fog_vertex>', `#include <fog_vertex>${FADE}`)
        .replace('void main() {', 'uniform float fogNear, fogFar; void main() {');
    }
    if (!map) return;
    const [sampler, place] = map === 'cubeMap' ? ['samplerCube', 'xyz'] : ['sampler2D', 'xy'];
    shader.fragmentShader = shader.fragmentShader
      .replace('void main() {', `varying vec3 vTexcoord;
        uniform ${sampler} ${map};
        void main() {`)
      .replace('#include <color_fragment>', `#include <color_fragment>
        diffuseColor *= texture(${map}, vTexcoord.${place});`);
  };
  material.customProgramCacheKey = () => `posed ${kind} ${map} ${soft ? `${soft.bones} ${Boolean(soft.normals)}` : ''}`;
  return material;
}

/** Names of what there is of each body that a vertex goes with. @param {Soft} soft @param {string} name */
const each = ({ bones }, name) => Array.from({ length: bones }, (_, b) => `${name}${b}`);

/** As `softShape` has them. @param {Soft} soft */
function bentAttributes(soft) {
  const { bones, normals } = soft;
  return `attribute vec4 ${each(soft, 'part').join()};
    attribute vec4 ${Array.from({ length: Math.ceil(bones / 4) }, (_, four) => `bodies${four}`).join()};
    ${normals ? `attribute vec3 ${each(soft, 'facing').join()};` : ''}`;
}

/** Mixes a vertex linearly. @param {Soft} soft */
function bending(soft) {
  const lines = each(soft, 'part').map((part, b) => `
    readPose(bodies${b >> 2}.${'xyzw'[b & 3]});
    bent += rotated(${part}.xyz) + ${part}.w * bodyPos;
    ${soft.normals ? `bentNormal += rotated(facing${b});` : ''}`);
  return `vec3 bent = vec3(0.0);
    vec3 bentNormal = vec3(0.0, 0.0, ${soft.normals ? '0.0' : '1.0'});
    ${lines.join('')}`;
}

/**
 * A texture of the scene as three takes it, with colours as the screen shows them.
 *
 * @param {import('../../../sim/worker/scene.js').SceneTexture} source
 * @returns {THREE.Texture}
 */
export function textureOf(source) {
  const { type, width, height, channels, data } = source;
  const pixels = rgba(data, width * height, channels);
  const faceOf = (/** @type {number} */ face) => {
    const start = 4 * faceAt(source, face);
    return new THREE.DataTexture(pixels.subarray(start, start + 4 * width * width), width, width);
  };
  const texture = type === '2d'
    ? new THREE.DataTexture(pixels, width, height)
    : new THREE.CubeTexture(Array.from({ length: 6 }, (_, face) => faceOf(face)));
  texture.colorSpace = THREE.SRGBColorSpace;
  texture.wrapS = THREE.RepeatWrapping;
  texture.wrapT = THREE.RepeatWrapping;
  texture.magFilter = THREE.LinearFilter;
  texture.minFilter = THREE.LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.needsUpdate = true;
  return texture;
}

/** @param {Uint8Array} data @param {number} pixels @param {number} channels */
function rgba(data, pixels, channels) {
  const out = new Uint8Array(pixels * 4).fill(255);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) out[i * 4 + c] = data[i * channels + Math.min(c, channels - 1)];
  }
  return out;
}
