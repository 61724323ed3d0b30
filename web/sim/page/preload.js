/** Has the parts of workers fetched and compiled while the page itself is still being put together. */

import { fetchManifest } from './manifest.js';
import { partsFor } from './parts.js';
import { SHARES_MEMORY } from '../shared/memory.js';
import { measured } from '../shared/stages.js';

measured('ask server', fetchManifest()).then(
  (manifest) => partsFor(manifest, false, SHARES_MEMORY),
  () => {}, // who makes the simulation asks again, and tells
);
