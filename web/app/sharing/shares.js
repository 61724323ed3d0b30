/** What this browser has shared on the server, with the words that delete it again. */

/**
 * @typedef {object} Share
 * @property {string} id
 * @property {string} url    to be sent to others
 * @property {string} title
 * @property {string} token  deletes it
 * @property {number} sharedAt  as Date.now()
 */

const KEY = 'websim-shares';

const API = '/api/runs';

/** The newest first. @returns {Share[]} */
export function listShares() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => ['id', 'url', 'title', 'token'].every((name) => typeof one?.[name] === 'string')) : [];
  } catch {
    return []; // nothing is kept here, or somebody else wrote it
  }
}

/** @param {Share[]} shares */
function keep(shares) {
  try {
    localStorage.setItem(KEY, JSON.stringify(shares));
  } catch {
    // Storage can be forbidden: then nobody can delete it from here.
  }
}

/**
 * Sends a run to the server.
 *
 * @param {Uint8Array<ArrayBuffer>} run @param {string} title @param {(part: number) => void} onProgress @param {AbortSignal} signal
 * @returns {Promise<{url: string, known: boolean}>}  known: the server had it, and nobody here can delete it
 * @throws {Error} in the server's words
 */
export async function send(run, title, onProgress, signal) {
  const { id, url, token } = await post(run, onProgress, signal);
  if (token) keep([{ id, url, title, token, sharedAt: Date.now() }, ...listShares()]);
  return { url, known: !token };
}

/**
 * Fetch does not say how much has been sent.
 *
 * @param {Uint8Array<ArrayBuffer>} run @param {(part: number) => void} onProgress @param {AbortSignal} signal
 * @returns {Promise<{id: string, url: string, token: string|null}>}
 */
function post(run, onProgress, signal) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', API);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 200 || request.status === 201) resolve(request.response);
      else reject(new Error(request.response?.message ?? `The server did not take it (${request.status}).`));
    };
    request.onerror = () => reject(new Error('The server cannot be reached: try again.'));
    signal.addEventListener('abort', () => {
      request.abort();
      reject(signal.reason);
    }, { once: true });
    request.send(new Blob([run], { type: 'application/octet-stream' }));
  });
}

/**
 * Deletes what was shared from here.
 *
 * @param {Share} share
 * @throws {Error} in the server's words; it is still there
 */
export async function removeShare({ id, token }) {
  const answer = await fetch(`${API}/${id}`, { method: 'DELETE', headers: { 'X-Token': token } });
  // What has expired is gone as well.
  if (!answer.ok && answer.status !== 404) {
    throw new Error((await answer.json().catch(() => null))?.message ?? `The server did not delete it (${answer.status}).`);
  }
  keep(listShares().filter((share) => share.id !== id));
}
