/**
 * The page's state in its address: what differs from the default is written, so that a link shows
 * what is special about it. Other parameters are left alone. What means something in this browser only,
 * a saved policy for instance, is no part of a link: it lies in the history's state, where a reload and
 * the back button find it.
 */

import { OPTIONS, defaults, readOption, writeOption } from './panel/options.js';

/** @typedef {import('./panel/options.js').Options} Options */

const names = /** @type {(keyof Options)[]} */ (Object.keys(OPTIONS));

/**
 * @param {string} search  as in `location.search`
 * @param {Record<string, string>|null} [local]  as in `history.state`
 * @returns {{options: Options, problems: string[]}}  what cannot be read keeps its default
 */
export function readUrl(search, local) {
  const parameters = new URLSearchParams(search);
  for (const [name, text] of Object.entries(local ?? {})) parameters.set(name, text);
  const options = defaults();
  /** @type {string[]} */
  const problems = [];
  for (const name of names) {
    const text = parameters.get(name);
    if (text === null) continue;
    try {
      Object.assign(options, { [name]: readOption(name, text) });
    } catch (error) {
      problems.push(/** @type {Error} */ (error).message);
    }
  }
  return { options, problems };
}

/**
 * @param {Options} options
 * @param {string} search  the present one
 */
export function searchOf(options, search) {
  const parameters = new URLSearchParams(search);
  for (const name of names) {
    if (options[name] === OPTIONS[name].initial || isLocal(options, name)) parameters.delete(name);
    else parameters.set(name, writeOption(name, options[name]));
  }
  // Colons and commas are legal in a query, and "Ant-v5:200,Hopper-v5:100" should stay readable.
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}

/** @param {Options} options @param {keyof Options} name */
function isLocal(options, name) {
  const local = /** @type {((value: unknown) => boolean)|undefined} */ (OPTIONS[name].local);
  return Boolean(local?.(options[name]));
}

/**
 * What of the options is for this browser only, as `history.state`; null: nothing.
 *
 * @param {Options} options
 */
export function localOf(options) {
  const local = names.filter((name) => isLocal(options, name));
  return local.length ? Object.fromEntries(local.map((name) => [name, writeOption(name, options[name])])) : null;
}

/**
 * @param {Options} options
 * @param {'push'|'replace'} how  push: the back button returns to the state before
 */
export function writeUrl(options, how) {
  const url = location.pathname + searchOf(options, location.search) + location.hash;
  const local = localOf(options);
  const same = url === location.pathname + location.search + location.hash;
  if (same && JSON.stringify(local) === JSON.stringify(history.state)) return;
  history[how === 'push' ? 'pushState' : 'replaceState'](local, '', url);
}
