/** Makes the next visit work without the server. */

import { fetchManifest } from '../sim/page/manifest.js';
import { partsFor } from '../sim/page/parts.js';
import { SHARES_MEMORY } from '../sim/shared/memory.js';
import { ask, startServiceWorker } from './keeping/serviceworker.js';

/** Storing reads and writes all that was loaded: not while the robots are being made. */
const DELAY_MS = 3000;

/**
 * Registers the service worker and has it store this version; resolves when it has.
 *
 * @returns {Promise<void>}
 */
export async function keepForOffline() {
  await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
  const serviceWorker = await startServiceWorker();
  if (!serviceWorker) return;
  const manifest = await fetchManifest();
  const image = (await partsFor(manifest, false, SHARES_MEMORY).parts.image).file.slice();
  const { error } = await ask(serviceWorker, { store: { manifest, image } }, [image.buffer]);
  // The page works; only the next visit needs the server.
  if (error) console.warn(`The page could not be stored for visits without the server: ${error}`);
}
