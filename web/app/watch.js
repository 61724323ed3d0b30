/**
 * Tells what is wrong while the page is not there yet: a module that cannot be fetched or that throws
 * leaves nothing else that could. Not a module itself, so that it runs before them all.
 */
{
  /** So long a page takes that is merely slow, in milliseconds. */
  const SLOW_MS = 20_000;

  const slow = setTimeout(() => tell('The page takes unusually long to load. Is the server still there?'), SLOW_MS);

  /** @param {string} text @param {string} [detail] */
  const tell = (text, detail = '') => {
    clearTimeout(slow); // what went wrong says more
    // Gone as soon as the page is put together: from then on it tells of errors itself.
    const first = document.querySelector('#app > .first');
    if (!first) return;
    const again = document.createElement('button');
    again.textContent = 'Load it again';
    again.onclick = () => location.reload();
    const more = document.createElement('small');
    more.textContent = detail;
    first.setAttribute('role', 'alert');
    first.replaceChildren(text, document.createElement('br'), more, document.createElement('br'), again);
  };

  addEventListener('error', (event) => {
    const { target } = event;
    if (target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) {
      const address = target instanceof HTMLScriptElement ? target.src : target.href;
      tell('The page could not be loaded: a file of it, or one that it needs, did not come.', address);
    } else if (event.message) {
      const place = event.filename && ` (${event.filename}:${event.lineno})`;
      tell('The page could not be loaded: this went wrong in it.', `${event.message}${place}`);
    }
  }, true);
}
