/** Textures with six faces, and the sky box that a model may have: seen from the middle, as OpenGL has them. */

/** @typedef {import('../../../sim/worker/scene.js').SceneTexture} Texture */

/** The faces around, which a level view meets. */
const AROUND = [0, 1, 4, 5];

/** Of a face's height: what lies this close above the horizon gives its colour. */
const LOW = 1 / 16;

/** Of a model's textures the one that is its sky: as in MuJoCo's renderer, the first of its kind. @param {{textures: Texture[]}[]} scenes */
export function skyBoxOf(scenes) {
  return scenes.flatMap(({ textures }) => textures).find(({ type }) => type === 'skybox') ?? null;
}

/** Where a face begins in a texture, in texels: one alone is that of all sides. @param {Texture} texture @param {number} face */
export const faceAt = ({ width, height }, face) => (height === width ? 0 : face * width * width);

/**
 * The texel of a sky that a direction of the world meets. MuJoCo turns the cube, whose y is up, so that its z is.
 *
 * @param {Texture} texture @param {number} x @param {number} y @param {number} z  of any length
 */
export function texelOf(texture, x, y, z) {
  const sizeX = Math.abs(x);
  const sizeY = Math.abs(y);
  const sizeZ = Math.abs(z);
  if (sizeZ >= sizeX && sizeZ >= sizeY) return texelAt(texture, z > 0 ? 2 : 3, x / sizeZ, -y / z);
  if (sizeX >= sizeY) return texelAt(texture, x > 0 ? 0 : 1, y / x, -z / sizeX);
  return texelAt(texture, y < 0 ? 4 : 5, -x / y, -z / sizeY);
}

/** @param {Texture} texture @param {number} face @param {number} right @param {number} down  -1 to 1 */
function texelAt(texture, face, right, down) {
  const { width } = texture;
  const column = Math.min(width - 1, Math.floor(((right + 1) * width) / 2));
  const row = Math.min(width - 1, Math.floor(((down + 1) * width) / 2));
  return faceAt(texture, face) + row * width + column;
}

/** The colour of a sky at the horizon, as the screen shows it, 0 to 1: all that is far away fades into it. @param {Texture} texture */
export function horizonOf(texture) {
  const { width, channels, data } = texture;
  const rows = Math.max(1, Math.round(width * LOW));
  const sums = [0, 0, 0];
  for (const face of AROUND) {
    const end = faceAt(texture, face) + Math.ceil(width / 2) * width;
    for (let texel = Math.max(0, end - rows * width); texel < end; texel++) {
      for (let c = 0; c < 3; c++) sums[c] += data[texel * channels + Math.min(c, channels - 1)];
    }
  }
  return sums.map((sum) => sum / (255 * AROUND.length * rows * width));
}
