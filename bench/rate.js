/**
 * Runs the page's `sim` for a while, and gives for each worker its environments and how many steps a
 * second each of them made: { environments, pace }[]. Both drivers of browsers evaluate this text.
 *
 * Workers count whole batches, which can take long: what counts is the time from one batch's end to
 * another's.
 */
async ({ seconds, settle }) => {
  const { sim } = globalThis;
  const POLL_MS = 10;
  const LONGEST_MS = 120_000;
  const frameSkip = sim.groups[0].frameSkip;
  const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  sim.play();
  await pass(1000 * settle);
  const start = performance.now();
  const workers = sim.stats().workerLoads.map(({ environments, physicsSteps }) => (
    { environments, seen: physicsSteps, first: null, last: null }));
  const measured = ({ first, last }) => last && last.time > first.time;
  for (;;) {
    await pass(POLL_MS);
    const time = performance.now();
    for (const [i, { physicsSteps }] of sim.stats().workerLoads.entries()) {
      const worker = workers[i];
      if (physicsSteps === worker.seen) continue;
      worker.seen = physicsSteps;
      worker.first ??= { time, physicsSteps };
      worker.last = { time, physicsSteps };
    }
    if (time - start >= 1000 * seconds && workers.every(measured)) break;
    if (time - start > LONGEST_MS) throw new Error('a worker makes no batches');
  }
  sim.pause();
  return workers.map(({ environments, first, last }) => ({
    environments,
    pace: (1000 * (last.physicsSteps - first.physicsSteps))
      / ((last.time - first.time) * frameSkip * environments),
  }));
};
