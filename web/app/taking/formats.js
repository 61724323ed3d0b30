/** What a film can be: what the browser encodes, and GIF, which the page writes itself. */

/**
 * @typedef {object} Format
 * @property {string} name
 * @property {string} type
 * @property {string} extension
 * @property {import('mediabunny').VideoCodec[]} codecs  the best known first
 */

/** @type {Format} */
export const WEBM = { name: 'WebM', type: 'video/webm', extension: 'webm', codecs: ['vp9', 'vp8', 'av1'] };

/** @type {Format} */
export const MP4 = { name: 'MP4', type: 'video/mp4', extension: 'mp4', codecs: ['avc', 'vp9', 'av1'] };

/** @type {Format} */
export const GIF = { name: 'GIF', type: 'image/gif', extension: 'gif', codecs: [] };

/**
 * The best first.
 *
 * @param {boolean} encodes  whether the browser encodes pictures
 */
export function formats(encodes) {
  return encodes ? [WEBM, MP4, GIF] : [GIF];
}

/** The most pixels along a side: what every GPU can draw. */
export const MOST_PIXELS = 8192;

/**
 * Reads a size such as 1920x1080.
 *
 * @param {string} text
 * @returns {[number, number]|undefined}
 */
export function readSize(text) {
  const match = text.trim().match(/^(\d+)\s*[x×,]\s*(\d+)$/i);
  const size = match?.slice(1).map(Number) ?? [];
  return size.length === 2 && size.every((pixels) => pixels >= 16 && pixels <= MOST_PIXELS) ? [size[0], size[1]] : undefined;
}

/**
 * The size of a film: as wide and high as the stage, no higher than so many pixels, and even, as codecs want it.
 *
 * @param {number} width @param {number} height @param {number} most
 * @returns {[number, number]}
 */
export function filmSize(width, height, most) {
  const scale = Math.min(1, most / height);
  const even = (/** @type {number} */ side) => Math.max(2, 2 * Math.round((side * scale) / 2));
  return [even(width), even(height)];
}
