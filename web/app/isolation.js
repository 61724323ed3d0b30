/**
 * In a site that `websim export-site` has made, whose host sends no isolation headers: the service worker
 * adds them to what comes after it, so the first visit begins once more. Where that does not help, the page
 * goes on as it is, slower. Not a module, so that nothing else has begun yet.
 */
{
  /** So long a service worker may take to start, in milliseconds. */
  const PATIENCE_MS = 5000;

  const { serviceWorker } = navigator; // there on https and on the machine itself only
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
  // In a frame it is the page around that decides.
  if (!crossOriginIsolated && serviceWorker && self === top && visit?.type !== 'reload') {
    stop();
    const again = () => location.reload();
    setTimeout(again, PATIENCE_MS);
    serviceWorker.register('sw.js?isolate').then(() => serviceWorker.ready).then(again, again);
  }
}
