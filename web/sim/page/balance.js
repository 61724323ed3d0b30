/**
 * How environments are dealt to workers.
 *
 * @typedef {{first: number, count: number}} Range  a run of environments of one group
 */

/**
 * Divides the environments of every group over the workers so that all carry the same load: one by
 * one, the dearest first, each goes to the worker with the least to do so far (Graham's "longest
 * processing time first" rule). Environments of one kind are thus dealt evenly, and cheap ones even
 * out what dear ones leave.
 *
 * @param {{numEnvs: number, cost: number}[]} groups  cost: time of one environment step, in any unit
 * @param {number} numWorkers
 * @returns {Range[][]} for each worker, its range of each group (count 0: none)
 */
export function divide(groups, numWorkers) {
  const loads = new Array(numWorkers).fill(0);
  const ranges = loads.map(() => groups.map(() => ({ first: 0, count: 0 })));
  const dearestFirst = groups.map((_, g) => g).sort((a, b) => groups[b].cost - groups[a].cost);
  for (const g of dearestFirst) {
    for (let i = 0; i < groups[g].numEnvs; i++) {
      const w = loads.indexOf(Math.min(...loads));
      loads[w] += groups[g].cost;
      ranges[w][g].count += 1;
    }
    let first = 0;
    for (const range of ranges.map((ofWorker) => ofWorker[g])) {
      range.first = first;
      first += range.count;
    }
  }
  return ranges;
}
