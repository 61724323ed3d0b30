/**
 * Opens the simulation while the rest of the page is still on its way: its workers have most to do,
 * and a browser does not start them while the page is being put together.
 */

import { Session } from './session.js';

export const session = new Session();

/** Done when the first simulation is open, or has failed to. */
export const opened = session.open();
