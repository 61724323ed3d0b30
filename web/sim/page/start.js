/** How a simulation comes to its workers and its environments. */

import { Fleet } from './fleet.js';
import { fetchOpening } from './manifest.js';
import { WHY_NOT_SHARED } from '../shared/memory.js';

/**
 * @typedef {import('./simulation.js').Simulation} Simulation
 * @typedef {import('./keptworker.js').KeptWorker} KeptWorker
 * @typedef {Simulation | import('./arrival.js').Arrival} Former  whose workers are taken over
 */

/**
 * Employs workers, those of a simulation that is replaced if they fit, and has them make the
 * environments.
 *
 * @param {Simulation} simulation
 * @param {Former} [replaced]
 * @param {() => void} [onOverture]  told when robots move before Python is up
 */
export async function start(simulation, replaced, onOverture) {
  const { settings: { training, onProgress }, events, isolated, manifest } = simulation;
  // Its workers can tell of most mistakes before it is closed.
  if (training && replaced && 'plan' in replaced && !replaced.closed) await replaced.plan(training, simulation.numWorkers);
  const fleet = await takeOver(replaced, { manifest, isolated, reproducible: simulation.settings.reproducible });
  simulation.fleet = fleet;
  // Ranks need shared memory; without it there is one, and no other worker could know the policy.
  if (training && !isolated && simulation.numWorkers > 1) {
    simulation.limitWorkers(1, '1 worker: without shared memory one learns alone.');
  }
  await employ(simulation, fleet, onOverture);
  await simulation.ready();
  simulation.begin();
  if (!isolated) {
    events.emit('notice', {
      level: 'warning',
      message:
        `Memory cannot be shared with the workers, so it runs in the slower mode, by messages${
          training ? ', and one worker learns alone' : ''}: ${WHY_NOT_SHARED}.`,
    });
  }
  onProgress({ ...fleet.progress, stage: 'ready', message: 'Ready' });
}

/**
 * The workers of a simulation that is replaced, which is closed by it; new ones if they do not fit.
 *
 * @param {Former | undefined} replaced
 * @param {import('./fleet.js').Workers} kind
 */
async function takeOver(replaced, kind) {
  if (replaced && !replaced.closed && replaced.fleet?.fits(kind)) {
    return /** @type {Fleet} */ (replaced.letGo());
  }
  await replaced?.close();
  return new Fleet(kind, replaced?.fleet);
}

/** @param {Simulation} simulation @param {Fleet} fleet @param {() => void} [onOverture] */
async function employ(simulation, fleet, onOverture) {
  const { settings: { training }, events } = simulation;
  const wanted = simulation.numWorkers;
  const overture = onOverture && !fleet.workers.length ? playing(simulation, onOverture) : null;
  // What goes wrong here is told when the environments are made.
  simulation.onStarted = (worker) => void overture?.(worker).catch(() => {});
  await fleet.employ(simulation, wanted);
  const got = fleet.workers.length;
  if (got < wanted) {
    const message = `This browser has memory for ${got} workers, not for ${wanted}: all environments run in those.`;
    simulation.limitWorkers(got, message);
    events.emit('notice', { level: 'warning', message });
  }
  if (training) await simulation.planTraining(training);
  simulation.staffed.resolve();
}

/**
 * Has workers move their robots while they boot.
 *
 * @param {Simulation} simulation
 * @param {() => void} onOverture  told when all do
 * @returns {((worker: KeptWorker) => Promise<void>) | null}  null: the robots have to wait for Python
 */
function playing(simulation, onOverture) {
  const { dealing, shards, driving, manifest, settings, seed } = simulation;
  const [request, ...more] = dealing.requests;
  if (more.length || settings.training || settings.controller !== 'random') return null;
  const { task, task_options: options = {}, ...others } = request.experiment;
  if (Object.keys({ ...options, ...others }).length) return null;
  const asked = fetchOpening(manifest, task);
  const ranges = dealing.ranges([1], simulation.numWorkers);
  return async (worker) => {
    const opening = await asked;
    if (!opening) return;
    const [spec] = dealing.specs(ranges[worker.index], seed);
    const description = await worker.request('overture', { spec, opening, drive: driving.drive });
    if (!description) return; // Python was quicker
    simulation.record.spoil('they have moved since the page was opened');
    shards.deal(ranges);
    simulation.take(worker, [description]);
    if (shards.complete) onOverture();
  };
}
