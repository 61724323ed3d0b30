/**
 * The user's own experiments: robots, rewards and tasks of one's own stay in this browser, so that a
 * reload brings them back. Where it keeps nothing, they last as long as the page.
 */

import { titleOf, withoutFiles } from '../experiment.js';
import { StorageError, database } from './database.js';

/**
 * @typedef {import('../../sim/shared/protocol.js').Experiment} Experiment
 *
 * @typedef {object} ExperimentRecord  what lists show; the robot's files lie beside it
 * @property {string} id
 * @property {number} savedAt       as Date.now()
 * @property {Experiment} experiment  without its archive
 */

/** The oldest give way. */
const MOST = 16;

/** Those of this page. @type {Map<string, Experiment>} */
const present = new Map();

/**
 * @param {string} id
 * @returns {Promise<Experiment|null>}  null: it is not kept here
 */
export async function findExperiment(id) {
  const known = present.get(id);
  if (known) return known;
  const found = await database.use(async (connection) => {
    const transaction = connection.transaction(['experiments', 'archives']);
    const [record, archive] = await Promise.all([
      transaction.objectStore('experiments').get(id), transaction.objectStore('archives').get(id),
    ]);
    return record && { ...record.experiment, ...(archive ? { archive } : {}) };
  });
  if (!found || typeof found.task !== 'string' || (found.robot && !(found.archive instanceof ArrayBuffer))) return null;
  present.set(id, found);
  return found;
}

/**
 * Keeps an experiment in place of the one of this id.
 *
 * @param {string} id @param {Experiment} experiment
 * @throws {StorageError} the browser does not keep it; the page has it nevertheless
 */
export async function keepExperiment(id, experiment) {
  const before = present.get(id);
  present.set(id, experiment);
  const { archive } = experiment;
  await database.use(async (connection) => {
    const transaction = connection.transaction(['experiments', 'archives'], 'readwrite');
    const [records, archives] = [transaction.objectStore('experiments'), transaction.objectStore('archives')];
    const written = [
      records.put({ id, savedAt: Date.now(), experiment: withoutFiles(experiment) }),
      ...(archive && archive !== before?.archive ? [archives.put(archive, id)] : []),
    ];
    const dropped = records.getAll().then((all) => {
      const old = all.sort((a, b) => b.savedAt - a.savedAt).slice(MOST);
      return Promise.all(old.flatMap((record) => [records.delete(record.id), archives.delete(record.id)]));
    });
    await Promise.all([...written, dropped, transaction.done]);
  });
}

/** All that there are, the newest first. @returns {Promise<{id: string, title: string}[]>} */
export async function listExperiments() {
  const kept = await database.use((connection) => connection.getAll('experiments')).catch((error) => {
    if (error instanceof StorageError) return [];
    throw error;
  });
  const records = kept.sort((a, b) => b.savedAt - a.savedAt).map(({ id, experiment }) => ({ id, title: titleOf(experiment) }));
  const unkept = [...present].filter(([id]) => !records.some((record) => record.id === id));
  return [...unkept.map(([id, experiment]) => ({ id, title: titleOf(experiment) })), ...records];
}
