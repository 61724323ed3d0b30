/** Has the parts of workers fetched and compiled while the page itself is still being put together. */

import { fetchManifest } from './manifest.js';
import { partsFor } from './parts.js';
import { measured } from '../shared/stages.js';

measured('ask server', fetchManifest()).then(
  (manifest) => partsFor(manifest, false, globalThis.crossOriginIsolated === true),
  () => {}, // who makes the simulation asks again, and tells
);
