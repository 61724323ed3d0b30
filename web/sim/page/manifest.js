import { WorkerError, fromPlain } from '../shared/errors.js';

/** The folder that the page is in: any one of a host's. */
const ROOT = new URL('../../', import.meta.url);

/** @type {Promise<import('../shared/messages.js').Manifest> | undefined} */
let asked;

/** What the server has to offer, with whole addresses; asked for once a page, until it has answered. */
export function fetchManifest() {
  asked ??= ask();
  asked.catch(() => (asked = undefined));
  return asked;
}

/** @returns {Promise<import('../shared/messages.js').Manifest>} */
async function ask() {
  const response = await fetch(new URL('manifest.json', ROOT)).catch((error) => {
    throw new WorkerError(`the server cannot be reached: ${error.message}`);
  });
  if (!response.ok) throw fromPlain({ name: 'WorkerError', message: `the server answered ${response.status} for manifest.json`, stack: '' });
  return whole(await response.json());
}

/** @param {import('../shared/messages.js').Manifest} manifest  addresses in it begin with the page's folder, as `/` */
function whole({ mujoco, pyodide, kernels, image, websim, openings, trained, sources, files, libraries, ...rest }) {
  const at = (/** @type {string} */ address) => new URL(`.${address}`, ROOT).href;
  const file = (/** @type {import('../shared/messages.js').File} */ { url, bytes }) => ({ url: at(url), bytes });
  return {
    ...rest,
    mujoco: { ...mujoco, script: at(mujoco.script), wasm: at(mujoco.wasm) },
    pyodide: { ...pyodide, index: at(pyodide.index) },
    kernels: { plain: file(kernels.plain), relaxed: file(kernels.relaxed) },
    image: file(image),
    websim: file(websim),
    openings: openings && at(openings),
    trained: trained.map(({ url, ...about }) => ({ ...about, url: at(url) })),
    sources: { ...sources, urls: sources.urls.map(at) },
    files: files.map(at),
    libraries: Object.fromEntries(Object.entries(libraries).map(([name, all]) => [name, all.map(file)])),
  };
}

/**
 * How the robots of a task begin.
 *
 * @param {import('../shared/messages.js').Manifest} manifest
 * @param {string} task
 * @returns {Promise<import('../shared/messages.js').Opening | null>}  null: its robots have to wait for Python
 */
export async function fetchOpening({ openings }, task) {
  if (!openings) return null;
  const response = await fetch(`${openings}${task}.json`).catch(() => null);
  return response?.ok ? response.json() : null;
}
