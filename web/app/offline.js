/** Makes the next visit work without the server. */

import { fetchManifest } from '../sim/page/manifest.js';
import { partsFor } from '../sim/page/parts.js';
import { SHARES_MEMORY } from '../sim/shared/memory.js';

/** Storing reads and writes all that was loaded: not while the robots are being made. */
const DELAY_MS = 3000;

/**
 * Registers the service worker and has it store this version; resolves when it has.
 *
 * @returns {Promise<void>}
 */
export async function keepForOffline() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // there on https and on the machine itself only
  await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
  // There may be one that isolates the page, which it goes on doing.
  if (!await serviceWorker.getRegistration()) await serviceWorker.register(new URL('../sw.js', import.meta.url));
  const { active } = await serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const stored = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  const manifest = await fetchManifest();
  const image = (await partsFor(manifest, false, SHARES_MEMORY).parts.image).file.slice();
  active?.postMessage({ manifest, image }, [port2, image.buffer]);
  const { error } = await stored;
  // The page works; only the next visit needs the server.
  if (error) console.warn(`The page could not be stored for visits without the server: ${error}`);
}
