/** How high the ground is where robots stand on one with heights, as it is drawn. */

/** @typedef {import('../../../sim/worker/scene.js').SceneHfield} SceneHfield */

export class Heights {
  /**
   * @param {Pick<SceneHfield, 'nrow' | 'ncol' | 'size' | 'data'>} hfield
   * @param {number} middle  where its middle is drawn along x; its lowest point is at 0
   */
  constructor({ nrow, ncol, size: [x, y, height], data }, middle) {
    this.nrow = nrow;
    this.ncol = ncol;
    /** [nrow, ncol], in metres. */
    this.data = Float32Array.from(data, (part) => height * part);
    this.middle = middle;
    this.half = { x, y };
  }

  /**
   * The height at a place, on the triangles that are drawn; MuJoCo's are the same. Null: it is beyond the ground.
   *
   * @param {number} x @param {number} y
   */
  at(x, y) {
    const { nrow, ncol, data, middle, half } = this;
    const u = ((x - middle + half.x) / (2 * half.x)) * (ncol - 1);
    const v = ((y + half.y) / (2 * half.y)) * (nrow - 1);
    if (!(u >= 0 && v >= 0 && u <= ncol - 1 && v <= nrow - 1)) return null;
    const col = Math.min(ncol - 2, Math.floor(u));
    const row = Math.min(nrow - 2, Math.floor(v));
    const [along, across] = [u - col, v - row];
    const cell = row * ncol + col;
    const [near, far] = [data[cell], data[cell + ncol + 1]];
    const third = data[cell + (along > across ? 1 : ncol)];
    return near + Math.max(along, across) * (third - near) + Math.min(along, across) * (far - third);
  }
}

/** The height of whichever ground is at a place, 0 where there is none. @param {Heights[]} grounds @param {number} x @param {number} y */
export function heightAt(grounds, x, y) {
  for (const ground of grounds) {
    const height = ground.at(x, y);
    if (height !== null) return height;
  }
  return 0;
}
