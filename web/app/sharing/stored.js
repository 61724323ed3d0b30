/** Runs of this server's store, as the page asks for them. */

/**
 * @typedef {object} Relative  a run that another one came of, or that came of it
 * @property {string} id @property {string} title @property {number} global_step
 * @property {boolean} shared  whether it is in the store
 *
 * @typedef {object} Standing  on a board
 * @property {string} board @property {string} state @property {string} reason
 * @property {number|null} rank @property {number|null} score @property {number|null} error
 *
 * @typedef {object} Known  what the store says of a run
 * @property {string} id @property {string} sha256
 * @property {{title: string, author: string|null, task: string, algorithm: string, iteration: number, global_step: number, has_learner: boolean, no_contest: string, contest: {name: string, counts: string}|null}} about
 * @property {Relative[]} ancestors  the nearest first
 * @property {Relative[]} children
 * @property {Standing|null} standing
 */

const SHARED = /^shared-([0-9a-f]{12})$/;

const ADDRESS = /(?:^|\/r\/)([0-9a-f]{12})\/?$/;

/** Controller of what a run in the store has learnt. @param {string} id */
export const sharedController = (id) => `shared-${id}`;

/** Of which run a controller is; null: of none in the store. @param {string} controller */
export const sharedId = (controller) => SHARED.exec(controller)?.[1] ?? null;

/** Which run an address leads to, or is the id of; null: none in the store. @param {string} text */
export const idIn = (text) => ADDRESS.exec(text.trim().split(/[?#]/)[0])?.[1] ?? null;

/** @param {string} id @returns {Promise<Known>} @throws {Error} the server's words */
export async function about(id) {
  const response = await fetch(`/api/runs/${id}`);
  if (!response.ok) throw new Error(await reason(response));
  return response.json();
}

/** The run's file. @param {string} id @throws {Error} the server's words */
export async function file(id) {
  const response = await fetch(`/api/runs/${id}.websim`);
  if (!response.ok) throw new Error(await reason(response));
  return response.arrayBuffer();
}

/** @param {Response} response */
async function reason(response) {
  const { message } = await response.json().catch(() => ({}));
  return message ?? 'This server keeps no runs of others.';
}
