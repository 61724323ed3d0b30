/** An address in the words of the place where it is to be put. */

/** Of the frame, in pixels; and so few robots that the page around it stays quick. */
const FRAME = { width: 640, height: 400, envs: 64 };

/**
 * @param {string} address  a link that carries a run, or one of a store
 * @param {string} title  of the run
 * @returns {{Markdown: string, HTML: string, Python: string, Shell: string}}
 */
export function snippets(address, title) {
  const url = new URL(address).href.replaceAll("'", '%27');
  return {
    Markdown: `[${title.replace(/[\\[\]]/g, '\\$&')}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`,
    HTML: `<iframe src="${escaped(small(url))}" width="${FRAME.width}" height="${FRAME.height}" title="${escaped(title)}" `
      + 'allow="cross-origin-isolated; fullscreen" style="border: 0" loading="lazy"></iframe>',
    Python: `import websim\n\nrun = websim.load("${url}")`,
    Shell: `websim verify '${url}'`,
  };
}

/** The small page of it, for a frame. @param {string} address */
function small(address) {
  const url = new URL(address);
  const shared = /^(.*\/)r\/([0-9a-f]+)\/?$/.exec(url.pathname);
  if (shared) {
    [, url.pathname] = shared;
    url.searchParams.set('open', shared[2]);
  }
  url.searchParams.set('embed', '1');
  url.searchParams.set('envs', String(FRAME.envs));
  return url.href;
}

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
