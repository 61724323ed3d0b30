/** What is drawn of a curve: averaged, and no more points than can be told apart. */

/**
 * The mean over the newest episodes by the end of each iteration, as `websim train` tells it.
 *
 * @param {ArrayLike<number>} means   of the episodes that ended in each iteration; not finite: none did
 * @param {ArrayLike<number>} counts  how many those were
 * @param {number} episodes  so many of the newest at least, or all
 * @returns {Float64Array}  NaN where none ended
 */
export function recentMeans(means, counts, episodes) {
  const out = new Float64Array(means.length).fill(NaN);
  const countAt = (/** @type {number} */ row) => (Number.isFinite(means[row]) ? counts[row] || 1 : 0);
  let [first, sum, number] = [0, 0, 0];
  for (let row = 0; row < means.length; row++) {
    const count = countAt(row);
    if (!count) continue;
    sum += means[row] * count;
    number += count;
    for (; number - countAt(first) >= episodes; first++) {
      if (!countAt(first)) continue;
      sum -= means[first] * countAt(first);
      number -= countAt(first);
    }
    out[row] = sum / number;
  }
  return out;
}

/**
 * An exponential moving average as TensorBoard draws it: corrected for having begun at 0, and
 * passing over values that are not finite.
 *
 * @param {ArrayLike<number>} values
 * @param {number} weight  0: as it is; towards 1: smoother
 * @returns {Float64Array}
 */
export function smooth(values, weight) {
  const out = new Float64Array(values.length);
  let [mean, unseen] = [0, 1];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) {
      out[i] = NaN;
      continue;
    }
    mean = mean * weight + (1 - weight) * value;
    unseen *= weight;
    out[i] = mean / (1 - unseen);
  }
  return out;
}

/**
 * The rows to draw of a range: the first, the last, the least and the greatest in each of so many
 * parts, so that no peak is lost. Rows without a value are left out.
 *
 * @param {ArrayLike<number>} steps  ascending
 * @param {ArrayLike<number>} values
 * @param {number} parts
 * @param {[number, number]|null} range  of steps; null: all
 * @returns {number[]}  rows, ascending
 */
export function rowsToDraw(steps, values, parts, range) {
  let [first, end] = [0, steps.length];
  if (range) {
    // One row more on either side: lines go on beyond the edge.
    first = Math.max(0, firstAtLeast(steps, range[0]) - 1);
    end = Math.min(steps.length, firstAtLeast(steps, range[1]) + 1);
  }
  /** @type {number[]} */
  const rows = [];
  const size = Math.max(1, (end - first) / parts);
  for (let part = 0; first + part * size < end; part++) {
    const [from, to] = [Math.floor(first + part * size), Math.min(end, Math.floor(first + (part + 1) * size))];
    let [head, tail, least, greatest] = [-1, -1, -1, -1];
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (head < 0) head = least = greatest = i;
      tail = i;
      if (values[i] < values[least]) least = i;
      if (values[i] > values[greatest]) greatest = i;
    }
    if (head < 0) continue;
    const [low, high] = least < greatest ? [least, greatest] : [greatest, least];
    for (const row of [head, low, high, tail]) if (rows.at(-1) !== row) rows.push(row);
  }
  return rows;
}

/** @param {ArrayLike<number>} steps @param {number} step */
function firstAtLeast(steps, step) {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
