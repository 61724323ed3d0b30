/** What a film can be: kinds that the browser records, MP4 where it can encode at least, and GIF, which the page writes itself. */

/** @typedef {{name: string, type: string, extension: string}} Format */

/** The best first. @type {Format[]} */
const RECORDED = [
  { name: 'MP4', type: 'video/mp4;codecs=avc1.640028', extension: 'mp4' },
  { name: 'MP4', type: 'video/mp4;codecs=vp9', extension: 'mp4' },
  { name: 'WebM', type: 'video/webm;codecs=vp9', extension: 'webm' },
  { name: 'WebM', type: 'video/webm;codecs=vp8', extension: 'webm' },
  { name: 'WebM', type: 'video/webm', extension: 'webm' },
];

/** Of pictures that the browser encodes, where it records none. @type {Format} */
export const MP4 = { name: 'MP4', type: 'video/mp4', extension: 'mp4' };

/** @type {Format} */
export const GIF = { name: 'GIF', type: 'image/gif', extension: 'gif' };

/**
 * One of each name.
 *
 * @param {(type: string) => boolean} supported  by the browser's recorder
 * @param {boolean} encodes  whether the browser encodes pictures
 * @returns {Format[]}
 */
export function formats(supported, encodes) {
  const first = (/** @type {string} */ name) => RECORDED.find((format) => format.name === name && supported(format.type));
  return [first('WebM'), first('MP4') ?? (encodes ? MP4 : undefined), GIF].filter((format) => format !== undefined);
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
