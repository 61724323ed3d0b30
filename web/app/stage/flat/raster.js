/**
 * Pixels and their depths, and what is drawn into them on the processor: capsules, which are most of what
 * robots consist of, and triangles for all other shapes.
 *
 * A capsule is drawn as what it is, not as triangles: each of its pixels knows where on the round surface
 * it is, and with it its light and depth. Edges of capsules are smooth: a pixel that they cover in part is mixed.
 *
 * Depths are kept inverted, 1 / distance along the camera's axis: that is linear over a plane in perspective,
 * and greater what is nearer.
 */

/** Degrees of light between dark and bright in a ramp of one colour. */
export const LEVELS = 256;

/** The page's light: what is everywhere, that of the sky above, and the sun's; linear, of a colour's own. */
export const LIGHT = { ambient: 0.22, sky: 0.1, sun: 0.82 };
const BRIGHTEST = LIGHT.ambient + LIGHT.sky + LIGHT.sun;
const TO_LEVEL = (LEVELS - 1) / BRIGHTEST;

/** Up to so much light it is the sky's, which is blue; what there is more of it is the sun's. */
const COOL = LIGHT.ambient + LIGHT.sky;
const COLD = [0.93, 1, 1.16];
const WARM = [1.03, 1, 0.93];

/** What shines where a surface faces the sun: how bright, and from which part of all light on. */
const GLOSS = { most: 0.16, from: 0.8 };

/** Numbers that describe one capsule. */
export const CAPSULE = 11;

/** Of one vertex: place on the canvas, inverse depth, degree of light. */
export const VERTEX = 4;

/** Capsules thinner than this are drawn so thick, in pixels, and the fainter for it, but no fainter than so much. */
const THINNEST = 0.5;
const FAINTEST = 0.45;

export class Raster {
  width = 0;
  height = 0;
  /** [height, width], each 0xAABBGGRR. */
  pixels = new Uint32Array(0);
  /** [height, width], inverse. */
  depths = new Float32Array(0);
  /** Of all colours one after the other, `LEVELS` pixels each. */
  ramps = new Uint32Array(0);
  /** Directions in the camera's frame: to the right, down, and towards the camera. */
  #sun = [0, 0, 1];
  #sky = [0, -1, 0];
  #light = LIGHT;
  #toLevel = TO_LEVEL;

  /** @param {number} width @param {number} height  in pixels */
  resize(width, height) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
    this.depths = new Float32Array(width * height);
  }

  /**
   * @param {number[]} sun @param {number[]} sky  unit vectors, to the right, down, and towards the camera
   * @param {typeof LIGHT|null} [own]  of a model: how strong they are; ramps are those of `plainRampOf` then
   */
  setLight(sun, sky, own = null) {
    this.#sun = sun;
    this.#sky = sky;
    this.#light = own ?? LIGHT;
    this.#toLevel = own ? LEVELS - 1 : TO_LEVEL;
  }

  /**
   * The degree of light of a surface that faces this way.
   *
   * @param {number} x @param {number} y @param {number} z  unit vector, to the right, down, and towards the camera
   */
  light(x, y, z) {
    const [sunX, sunY, sunZ] = this.#sun;
    const [skyX, skyY, skyZ] = this.#sky;
    const sun = Math.max(0, x * sunX + y * sunY + z * sunZ);
    const own = this.#light;
    return (own.ambient + own.sky * (x * skyX + y * skyY + z * skyZ) + own.sun * sun) * this.#toLevel;
  }

  /**
   * Draws capsules.
   *
   * @param {Float32Array} list  [count, CAPSULE]: of one end and then of the other x, y, inverse depth and
   *   radius in pixels; how much the axis points at the camera, from -1 to 1; the offset of the ramp; the opacity
   * @param {number} count
   * @param {number} focus  the distance, in pixels, at which one pixel is as long as one metre
   */
  capsules(list, count, focus) {
    const { width, height, pixels, depths, ramps } = this;
    const [sunX, sunY, sunZ] = this.#sun;
    const [skyX, skyY, skyZ] = this.#sky;
    const { ambient, sky: skyPart, sun: sunPart } = this.#light;
    const toLevel = this.#toLevel;
    const perFocus = 1 / focus;
    const last = LEVELS - 1;
    for (let c = 0, at = 0; c < count; c++, at += CAPSULE) {
      const x0 = list[at];
      const y0 = list[at + 1];
      let i0 = list[at + 2];
      let r0 = list[at + 3];
      const dx = list[at + 4] - x0;
      const dy = list[at + 5] - y0;
      let di = list[at + 6] - i0;
      let r1 = list[at + 7];
      const axisZ = list[at + 8];
      const ramp = list[at + 9];
      let opacity = list[at + 10];
      let most = r0 > r1 ? r0 : r1;
      if (most < THINNEST) {
        const part = most / THINNEST;
        opacity *= part > FAINTEST ? part : FAINTEST;
        r0 = r1 = most = THINNEST;
      }
      const reach = most + 0.5;
      const top = Math.max(0, Math.ceil((dy < 0 ? y0 + dy : y0) - reach - 0.5));
      const bottom = Math.min(height - 1, Math.floor((dy > 0 ? y0 + dy : y0) + reach - 0.5));
      const left = Math.max(0, Math.ceil((dx < 0 ? x0 + dx : x0) - reach - 0.5));
      const right = Math.min(width - 1, Math.floor((dx > 0 ? x0 + dx : x0) + reach - 0.5));
      if (top > bottom || left > right) continue;

      // Along the axis on the canvas (e), across it (p), and the way of the surface that faces the camera (q).
      const length = Math.sqrt(dx * dx + dy * dy);
      const flat = Math.sqrt(Math.max(0, 1 - axisZ * axisZ));
      const lying = 0.95 * length > 1e-3 + Math.abs(r1 - r0) && flat > 1e-4;
      if (!lying) {
        // It points at the camera: the nearer end hides the rest.
        r0 = r1 = most;
        i0 = di > 0 ? i0 + di : i0;
        di = 0;
      }
      const ex = lying ? dx / length : 1;
      const ey = lying ? dy / length : 0;
      const perLength = lying ? 1 / length : 0;
      // The front of the round side leans along the axis by the latter's slope.
      const lean = lying ? -axisZ : 0;
      const facing = lying ? flat : 1;
      const sunP = -ey * sunX + ex * sunY;
      const skyP = -ey * skyX + ex * skyY;
      const sunE = ex * sunX + ey * sunY;
      const skyE = ex * skyX + ey * skyY;
      const sunQ = lean * sunE + facing * sunZ;
      const skyQ = lean * skyE + facing * skyZ;
      const dr = r1 - r0;
      // Seen from the side it is a cone with round ends: its sides lean to the smaller one.
      const taper = lying ? -dr / length : 0;
      const perSide = 1 / Math.sqrt(1 - taper * taper);
      const slope = taper * perSide;
      const steep = ey > 1e-3 || ey < -1e-3;
      const perEy = steep ? 1 / ey : 0;

      for (let y = top; y <= bottom; y++) {
        const fromY = y + 0.5 - y0;
        let begin = left;
        let end = right;
        if (steep) {
          // Where the row is within reach of the axis, if that were endless: |p| < reach.
          const middle = x0 + fromY * ex * perEy - 0.5;
          const half = reach * (perEy > 0 ? perEy : -perEy);
          const low = Math.ceil(middle - half);
          const high = Math.floor(middle + half);
          if (low > begin) begin = low;
          if (high < end) end = high;
        }
        const fromX = begin + 0.5 - x0;
        let u = fromX * ex + fromY * ey;
        let p = fromY * ex - fromX * ey;
        let pixel = y * width + begin;
        for (let x = begin; x <= end; x++, pixel++, u += ex, p -= ey) {
          // The place on the axis that is nearest to the pixel, if the axis were endless.
          const foot = u - (p < 0 ? -p : p) * slope;
          let r;
          let s;
          let square;
          if (foot >= 0 && foot <= length) {
            r = r0 + foot * perLength * dr;
            s = p * perSide;
            square = s * s;
          } else {
            const beyond = foot < 0 ? u : u - length;
            r = foot < 0 ? r0 : r1;
            s = p;
            square = p * p + beyond * beyond;
          }
          if (square >= (r + 0.5) * (r + 0.5)) continue;
          let cover = opacity;
          if (square > (r - 0.5) * (r - 0.5)) cover *= r + 0.5 - Math.sqrt(square);

          s /= r;
          if (s > 1) s = 1;
          else if (s < -1) s = -1;
          const across = Math.sqrt(1 - s * s);
          const along = foot - r * across * lean;
          let sun;
          let sky;
          let towards;
          let place = along * perLength;
          if (along >= 0 && along <= length && lying) {
            sun = s * sunP + across * sunQ;
            sky = s * skyP + across * skyQ;
            towards = across * facing;
          } else {
            // One of the round ends.
            const first = along < 0 || !lying;
            r = first ? r0 : r1;
            s = p / r;
            const k = (first ? u : u - length) / r;
            place = first ? 0 : 1;
            const rest = 1 - s * s - k * k;
            towards = rest > 0 ? Math.sqrt(rest) : 0;
            sun = s * sunP + k * sunE + towards * sunZ;
            sky = s * skyP + k * skyE + towards * skyZ;
          }
          let inverse = i0 + place * di;
          inverse += inverse * r * perFocus * towards;
          if (inverse <= depths[pixel]) continue;
          let light = ambient + skyPart * sky;
          if (sun > 0) light += sunPart * sun;
          let level = (light * toLevel) | 0;
          if (level > last) level = last;
          else if (level < 0) level = 0;
          const color = ramps[ramp + level];
          if (cover >= 1) {
            pixels[pixel] = color;
            depths[pixel] = inverse;
          } else {
            pixels[pixel] = mixed(pixels[pixel], color, cover);
            if (cover > 0.5) depths[pixel] = inverse;
          }
        }
      }
    }
  }

  /**
   * Draws the triangles of a shape that are seen from their front: their corners go round counterclockwise.
   * Those of which a corner is behind the camera are left out: its place is not a number.
   *
   * @param {Float32Array} vertices  [v, VERTEX]
   * @param {ArrayLike<number>} index  of the corners
   * @param {number} ramp     offset of the ramp
   * @param {number} opacity
   */
  triangles(vertices, index, ramp, opacity) {
    const { width, height, pixels, depths, ramps } = this;
    const last = LEVELS - 1;
    for (let i = 0; i < index.length; i += 3) {
      const a = index[i] * VERTEX;
      // On the canvas y goes down: what went round to the left goes round to the right.
      const b = index[i + 2] * VERTEX;
      const c = index[i + 1] * VERTEX;
      const ax = vertices[a];
      const ay = vertices[a + 1];
      const bx = vertices[b] - ax;
      const by = vertices[b + 1] - ay;
      const cx = vertices[c] - ax;
      const cy = vertices[c + 1] - ay;
      const area = bx * cy - by * cx;
      if (!(area > 1e-6)) continue;
      const lowX = Math.min(0, bx, cx) + ax;
      const highX = Math.max(0, bx, cx) + ax;
      const lowY = Math.min(0, by, cy) + ay;
      const highY = Math.max(0, by, cy) + ay;
      const top = Math.max(0, Math.ceil(lowY - 0.5));
      const bottom = Math.min(height - 1, Math.floor(highY - 0.5));
      const left = Math.max(0, Math.ceil(lowX - 0.5));
      const right = Math.min(width - 1, Math.floor(highX - 0.5));
      if (top > bottom || left > right) continue;
      const per = 1 / area;
      // Parts of b and c in what is at a pixel grow by so much to the right and down.
      const bRight = cy * per;
      const bDown = -cx * per;
      const cRight = -by * per;
      const cDown = bx * per;
      const ai = vertices[a + 2];
      const bi = vertices[b + 2] - ai;
      const ci = vertices[c + 2] - ai;
      const al = vertices[a + 3];
      const bl = vertices[b + 3] - al;
      const cl = vertices[c + 3] - al;
      const inverseRight = bRight * bi + cRight * ci;
      const lightRight = bRight * bl + cRight * cl;
      const aRight = -bRight - cRight;
      for (let y = top; y <= bottom; y++) {
        const fromY = y + 0.5 - ay;
        const fromX = left + 0.5 - ax;
        const partB = fromX * bRight + fromY * bDown;
        const partC = fromX * cRight + fromY * cDown;
        const partA = 1 - partB - partC;
        // The part of the row in which none of the three is below 0, counted from the left.
        let begin = 0;
        let end = right - left;
        if (bRight > 0) begin = Math.max(begin, -partB / bRight);
        else if (bRight < 0) end = Math.min(end, -partB / bRight);
        else if (partB < 0) continue;
        if (cRight > 0) begin = Math.max(begin, -partC / cRight);
        else if (cRight < 0) end = Math.min(end, -partC / cRight);
        else if (partC < 0) continue;
        if (aRight > 0) begin = Math.max(begin, -partA / aRight);
        else if (aRight < 0) end = Math.min(end, -partA / aRight);
        else if (partA < 0) continue;
        const first = Math.ceil(begin - 1e-4);
        const final = Math.floor(end + 1e-4);
        let inverse = ai + partB * bi + partC * ci + first * inverseRight;
        let light = al + partB * bl + partC * cl + first * lightRight;
        let pixel = y * width + left + first;
        for (let x = first; x <= final; x++, pixel++, inverse += inverseRight, light += lightRight) {
          if (inverse <= depths[pixel]) continue;
          const level = light < 0 ? 0 : light > last ? last : light | 0;
          const color = ramps[ramp + level];
          if (opacity >= 1) {
            pixels[pixel] = color;
            depths[pixel] = inverse;
          } else {
            pixels[pixel] = mixed(pixels[pixel], color, opacity);
          }
        }
      }
    }
  }
}

/**
 * @param {number} below @param {number} above  pixels
 * @param {number} part  of the one above, 0 to 1
 */
export function mixed(below, above, part) {
  const weight = (part * 256) | 0;
  const rest = 256 - weight;
  const redBlue = (((below & 0xff00ff) * rest + (above & 0xff00ff) * weight) >>> 8) & 0xff00ff;
  const green = (((below & 0xff00) * rest + (above & 0xff00) * weight) >>> 8) & 0xff00;
  return (0xff000000 | redBlue | green) >>> 0;
}

/**
 * A colour in all degrees of light, as pixels.
 *
 * @param {number[]} rgb  as the screen shows it in full light, 0 to 1
 * @param {number[]} [into] @param {number} [haze]  another colour, and how far it has faded into that
 * @returns {Uint32Array}  [LEVELS]
 */
export function rampOf(rgb, into = rgb, haze = 0) {
  return Uint32Array.from({ length: LEVELS }, (_, level) => {
    // Light is mixed in linear colours, the screen's are not.
    const light = (level + 0.5) / TO_LEVEL;
    const sun = Math.max(0, light - COOL);
    return packed(rgb.map((part, c) => {
      const own = screen(Math.min(1, linear(part) * (COLD[c] * (light - sun) + WARM[c] * sun) + glossOf(light)));
      return own + haze * (into[c] - own);
    }));
  });
}

/**
 * A colour in all degrees of a model's own light, as MuJoCo's renderer has it: in the screen's colours.
 *
 * @param {number[]} rgb @param {number[]} into @param {number} haze  as for `rampOf`
 * @returns {Uint32Array}  [LEVELS]
 */
export function plainRampOf(rgb, into, haze) {
  return Uint32Array.from({ length: LEVELS }, (_, level) => (
    packed(rgb.map((part, c) => part * (level / (LEVELS - 1)) * (1 - haze) + haze * into[c]))
  ));
}

/**
 * What is the same whatever is behind it, and how much of it there is.
 *
 * @param {Uint32Array} black @param {Uint32Array} white  the same picture before both
 * @returns {Uint32Array<ArrayBuffer>}  pixels with opacity
 */
export function cutOut(black, white) {
  return Uint32Array.from(black, (dark, i) => {
    const opacity = 255 - (((white[i] >> 8) & 255) - ((dark >> 8) & 255));
    if (opacity <= 0) return 0;
    const part = (/** @type {number} */ shift) => Math.min(255, Math.round((255 * ((dark >> shift) & 255)) / opacity));
    return ((opacity << 24) | (part(16) << 16) | (part(8) << 8) | part(0)) >>> 0;
  });
}

/** What shines in so much light, linear. @param {number} light */
export function glossOf(light) {
  const part = Math.max(0, (light / BRIGHTEST - GLOSS.from) / (1 - GLOSS.from));
  return GLOSS.most * part * part;
}

/** @param {number[]} rgb  0 to 1 @returns {number}  a pixel */
export function packed([red, green, blue]) {
  const byte = (/** @type {number} */ part) => Math.round(255 * Math.min(1, Math.max(0, part)));
  return (0xff000000 | (byte(blue) << 16) | (byte(green) << 8) | byte(red)) >>> 0;
}

/** From the screen's colours to linear ones, and back. @param {number} part */
export const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
/** @param {number} part */
export const screen = (part) => (part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055);
