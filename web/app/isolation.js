/**
 * In a site that `websim export-site` has made, whose host sends no isolation headers: the service worker
 * adds them to what comes after it, so the first visit begins once more. Where that does not help, the page
 * goes on as it is, slower. Not a module, so that nothing else has begun yet.
 */
{
  const TRIED = 'websim-isolation';

  /** So long a service worker may take to start, in milliseconds. */
  const PATIENCE_MS = 20_000;

  const { serviceWorker } = navigator; // there on https and on the machine itself only
  // WebKit does not load workers from a service worker that adds headers; it stays as it is.
  const webkit = /AppleWebKit/.test(navigator.userAgent) && !('chrome' in globalThis);
  // In a frame it is the page around that decides.
  if (!crossOriginIsolated && serviceWorker && !webkit && self === top && !sessionStorage.getItem(TRIED)) {
    sessionStorage.setItem(TRIED, 'yes');
    stop();
    const again = () => location.reload();
    setTimeout(again, PATIENCE_MS);
    serviceWorker.register('sw.js?isolate').then(() => serviceWorker.ready).then(again, again);
  }
}
