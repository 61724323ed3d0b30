/** A text as a QR code. */

import { encode } from 'uqr';

const SVG = 'http://www.w3.org/2000/svg';

/** Characters that the largest QR code holds. */
export const MOST = 2953;

/** @param {string} text  of MOST characters at most @returns {SVGSVGElement} */
export function qrCode(text) {
  const { data, size } = encode(text, { ecc: 'L', border: 4 });
  const image = document.createElementNS(SVG, 'svg');
  image.setAttribute('viewBox', `0 0 ${size} ${size}`);
  image.setAttribute('role', 'img');
  image.setAttribute('aria-label', 'The link as a QR code');
  const dark = document.createElementNS(SVG, 'path');
  dark.setAttribute('d', data.flatMap((row, y) => row.map((set, x) => (set ? `M${x} ${y}h1v1h-1z` : ''))).join(''));
  image.append(dark);
  return image;
}
