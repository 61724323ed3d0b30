/**
 * How environments are dealt to workers.
 *
 * @typedef {{first: number, count: number}} Range  a run of environments of one group
 */

/**
 * Divides the environments of every group over the workers so that all carry the same load. Each
 * group is dealt evenly, and the one environment that some workers must take more than others goes
 * to those with the least to do so far; dearer robots are dealt first, so that cheap ones even out
 * what is left.
 *
 * @param {{numEnvs: number, cost: number}[]} groups  cost: time of one environment step, in any unit
 * @param {number} numWorkers
 * @returns {Range[][]} for each worker, its range of each group (count 0: none)
 */
export function divide(groups, numWorkers) {
  const loads = new Array(numWorkers).fill(0);
  /** @type {Range[][]} */
  const ranges = loads.map(() => new Array(groups.length));
  const dearestFirst = groups.map((_, g) => g).sort((a, b) => groups[b].cost - groups[a].cost);
  for (const g of dearestFirst) {
    const { numEnvs, cost } = groups[g];
    const base = Math.floor(numEnvs / numWorkers);
    const counts = new Array(numWorkers).fill(base);
    const leastLoaded = loads.map((_, w) => w).sort((a, b) => loads[a] - loads[b] || a - b);
    for (const w of leastLoaded.slice(0, numEnvs - base * numWorkers)) counts[w] += 1;
    let first = 0;
    counts.forEach((count, w) => {
      ranges[w][g] = { first, count };
      loads[w] += count * cost;
      first += count;
    });
  }
  return ranges;
}
