/**
 * How numbers are read that somebody has typed or put into an address, in every field the same:
 * 1000, 1,000, 1_000, 1 000, 1e3, 0.5.
 */

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Thousands set apart, all by the same sign. */
const GROUPED = /^[+-]?\d{1,3}([,_ \u00a0\u202f])\d{3}(\1\d{3})*(\.\d+)?$/;

/** @param {string} text @returns {number | undefined}  undefined: no number, or one without end */
export function readNumber(text) {
  const trimmed = text.trim();
  const grouped = GROUPED.test(trimmed);
  if (!grouped && !PLAIN.test(trimmed)) return undefined;
  const value = Number(grouped ? trimmed.replaceAll(/[,_\s]/g, '') : trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** @param {string} text @param {number} low @param {number} high @returns {number | undefined} */
export function readWhole(text, low, high) {
  const value = readNumber(text);
  return value !== undefined && Number.isSafeInteger(value) && value >= low && value <= high ? value : undefined;
}

/** Several of them: 64x64, or 64, 64. @param {string} text @returns {(number | undefined)[]} */
export function readNumbers(text) {
  // A comma before three digits sets thousands apart.
  return text.split(/\s*x\s*|,\s+|,(?!\d{3}(?!\d))/).map(readNumber);
}
