/** Files in the browser's own disk (OPFS), which may be larger than memory: a worker writes them, the page reads them. */

const FOLDER = 'recordings';

/** What is left of a page that has gone is removed after so many milliseconds. */
const FORGOTTEN_MS = 24 * 3600_000;

/** Whether there is such a disk here. */
export const hasDisk = () => 'storage' in navigator && typeof navigator.storage.getDirectory === 'function';

async function folder() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/**
 * Makes empty files that a worker can write at once.
 *
 * @param {string[]} names
 * @returns {Promise<(import('../worker/hdf5.js').Handle & {close: () => void})[]>}  FileSystemSyncAccessHandles
 */
export async function createFiles(names) {
  const inside = await folder();
  return Promise.all(names.map(async (name) => {
    const file = await inside.getFileHandle(name, { create: true });
    // @ts-expect-error: workers alone have it, and these types are the page's
    return file.createSyncAccessHandle();
  }));
}

/** A name for files of now. */
export const nameOfNow = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;

/** @param {string} name @returns {Promise<File>} */
export async function readFile(name) {
  const file = await (await folder()).getFileHandle(name);
  return file.getFile();
}

/** Removes files that nobody will ask for, and those that are named. @param {string[]} names */
export async function removeFiles(...names) {
  if (!hasDisk()) return;
  const inside = await folder();
  for await (const name of inside.keys()) {
    if (!names.includes(name) && Date.now() - parseInt(name) < FORGOTTEN_MS) continue;
    await inside.removeEntry(name).catch(() => {}); // a worker has it still
  }
}
