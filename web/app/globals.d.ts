import type { WebSim } from '../sim/websim.js';

declare global {
  interface Window {
    /** The running simulation, for the browser's console and for tests. */
    websim: WebSim | null;
  }
}
