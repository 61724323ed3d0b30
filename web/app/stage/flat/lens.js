/** A camera as the rasteriser needs it: from places in the world to pixels and inverse depths, and back to the floor. */

export class Lens {
  /** Where the camera is, and its axes: to the right, down, and forwards. */
  eye = [0, 0, 0];
  right = [1, 0, 0];
  down = [0, 0, -1];
  forward = [0, 1, 0];
  /** Pixels that a metre takes at a distance of one metre, and the pixel that the axis forwards goes through. */
  focus = 1;
  middle = [0, 0];
  near = 0.1;
  width = 0;
  height = 0;
  /** First row that shows the floor; those above show the sky. */
  horizon = 0;
  /** Of each row: the floor's distance along the axis, where the first pixel meets it, and the step to the next pixel. */
  distances = new Float64Array(0);
  floorX = new Float64Array(0);
  floorY = new Float64Array(0);
  stepX = new Float64Array(0);
  stepY = new Float64Array(0);

  /**
   * @param {import('three').PerspectiveCamera} camera  upright: z of the world is up in the picture
   * @param {number} width @param {number} height  of the picture, in pixels
   */
  look(camera, width, height) {
    const { elements: world } = camera.matrixWorld;
    const { elements: projection } = camera.projectionMatrix;
    this.eye = [world[12], world[13], world[14]];
    this.right = [world[0], world[1], world[2]];
    this.down = [-world[4], -world[5], -world[6]];
    this.forward = [-world[8], -world[9], -world[10]];
    this.focus = (projection[5] * height) / 2;
    this.middle = [((1 - projection[8]) * width) / 2, ((1 + projection[9]) * height) / 2];
    this.near = camera.near;
    this.#scanFloor(width, height);
  }

  /** @param {number} width @param {number} height */
  #scanFloor(width, height) {
    if (this.distances.length !== height) {
      for (const name of /** @type {const} */ (['distances', 'floorX', 'floorY', 'stepX', 'stepY'])) {
        this[name] = new Float64Array(height);
      }
    }
    this.width = width;
    this.height = height;
    const { eye, right, down, forward, focus, middle, near } = this;
    this.horizon = height;
    for (let y = height - 1; y >= 0; y--) {
      // Of the ray through a pixel, at a distance of one metre along the axis.
      const fall = (y + 0.5 - middle[1]) / focus;
      const descent = forward[2] + fall * down[2];
      const distance = -eye[2] / descent;
      if (!(distance > near)) break;
      const aside = (0.5 - middle[0]) / focus;
      this.horizon = y;
      this.distances[y] = distance;
      this.floorX[y] = eye[0] + distance * (forward[0] + fall * down[0] + aside * right[0]);
      this.floorY[y] = eye[1] + distance * (forward[1] + fall * down[1] + aside * right[1]);
      this.stepX[y] = (distance * right[0]) / focus;
      this.stepY[y] = (distance * right[1]) / focus;
    }
  }

  /**
   * A place's pixel and inverse depth; the latter is 0 for what is not in front of the camera.
   *
   * @param {number} x @param {number} y @param {number} z
   * @param {Float32Array|number[]} out  [3]
   */
  project(x, y, z, out) {
    const { eye, right, down, forward, focus, middle } = this;
    const dx = x - eye[0];
    const dy = y - eye[1];
    const dz = z - eye[2];
    const distance = dx * forward[0] + dy * forward[1] + dz * forward[2];
    const inverse = distance > this.near ? 1 / distance : 0;
    out[0] = middle[0] + focus * inverse * (dx * right[0] + dy * right[1] + dz * right[2]);
    out[1] = middle[1] + focus * inverse * (dx * down[0] + dy * down[1] + dz * down[2]);
    out[2] = inverse;
    return out;
  }

  /** The frame (`FRAME`) of something at a place that is not turned. @param {number} x @param {number} y @param {number} z */
  frameAt(x, y, z) {
    const { eye, right, down, forward } = this;
    const axes = [right, down, forward];
    return Float64Array.from([
      ...axes.flat(),
      ...axes.map((axis) => axis[0] * (x - eye[0]) + axis[1] * (y - eye[1]) + axis[2] * (z - eye[2])),
    ]);
  }

  /** A direction of the world: to the right, down, and towards the camera. @param {number[]} direction */
  turned([x, y, z]) {
    const { right, down, forward } = this;
    return [
      x * right[0] + y * right[1] + z * right[2],
      x * down[0] + y * down[1] + z * down[2],
      -(x * forward[0] + y * forward[1] + z * forward[2]),
    ];
  }
}
