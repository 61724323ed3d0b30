/** Fewer triangles for a shape that is seen from afar: vertices that are in one cell of a grid become one. */

/**
 * @param {ArrayLike<number>} positions  [v, 3]
 * @param {ArrayLike<number>} index      [f, 3]
 * @param {number} cells  along the largest side
 * @returns {{positions: Float32Array, index: number[]}}  without what has shrunk to a line or a point, and
 *   without faces that there are twice
 */
export function cluster(positions, index, cells) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    low[i % 3] = Math.min(low[i % 3], positions[i]);
    high[i % 3] = Math.max(high[i % 3], positions[i]);
  }
  const side = Math.max(...high.map((value, axis) => value - low[axis])) / cells || 1;
  /** Of each cell that has vertices: their number, and the sums of their places. @type {Map<number, number>} */
  const vertexOf = new Map();
  /** @type {number[]} */
  const sums = [];
  /** @type {number[]} */
  const counts = [];
  const mapped = new Uint32Array(positions.length / 3);
  for (let v = 0; v < mapped.length; v++) {
    let key = 0;
    for (let axis = 0; axis < 3; axis++) {
      const cell = Math.min(cells - 1, Math.floor((positions[3 * v + axis] - low[axis]) / side));
      key = key * cells + cell;
    }
    let vertex = vertexOf.get(key);
    if (vertex === undefined) {
      vertex = counts.length;
      vertexOf.set(key, vertex);
      counts.push(0);
      sums.push(0, 0, 0);
    }
    mapped[v] = vertex;
    counts[vertex]++;
    for (let axis = 0; axis < 3; axis++) sums[3 * vertex + axis] += positions[3 * v + axis];
  }
  const seen = new Set();
  /** @type {number[]} */
  const kept = [];
  for (let i = 0; i < index.length; i += 3) {
    let [a, b, c] = [mapped[index[i]], mapped[index[i + 1]], mapped[index[i + 2]]];
    if (a === b || b === c || c === a) continue;
    // The smallest first, going round as before: one name for each face.
    while (a > b || a > c) [a, b, c] = [b, c, a];
    const key = (a * counts.length + b) * counts.length + c;
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(a, b, c);
  }
  return { positions: Float32Array.from(sums, (sum, i) => sum / counts[Math.floor(i / 3)]), index: kept };
}
