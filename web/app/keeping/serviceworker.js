/** The page's service worker (`sw.js`), which outlives it: visits without the server, and what a page leaves. */

/**
 * Registers it and resolves when it runs; null: there is none, as on pages that are not secure.
 *
 * @returns {Promise<ServiceWorker | null>}
 */
export async function startServiceWorker() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return null;
  // There may be one that isolates the page, which it goes on doing.
  if (!await serviceWorker.getRegistration()) await serviceWorker.register(new URL('../../sw.js', import.meta.url));
  return (await serviceWorker.ready).active;
}

/** The one that a visit before has registered. @returns {Promise<ServiceWorker | null>} */
export async function presentServiceWorker() {
  return (await navigator.serviceWorker?.getRegistration())?.active ?? null;
}

/**
 * @param {ServiceWorker} serviceWorker @param {object} message @param {Transferable[]} [transfer]
 * @returns {Promise<{error?: string}>}  its answer
 */
export async function ask(serviceWorker, message, transfer = []) {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  serviceWorker.postMessage(message, [port2, ...transfer]);
  return answer;
}
