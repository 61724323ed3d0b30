/**
 * The page's state in its address: what differs from the default is written, so that a link shows
 * what is special about it. Other parameters are left alone.
 */

import { OPTIONS, defaults, readOption, writeOption } from './panel/options.js';

/** @typedef {import('./panel/options.js').Options} Options */

const names = /** @type {(keyof Options)[]} */ (Object.keys(OPTIONS));

/**
 * @param {string} search  as in `location.search`
 * @returns {{options: Options, problems: string[]}}  what cannot be read keeps its default
 */
export function readUrl(search) {
  const parameters = new URLSearchParams(search);
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
    if (options[name] === OPTIONS[name].initial) parameters.delete(name);
    else parameters.set(name, writeOption(name, options[name]));
  }
  // Colons and commas are legal in a query, and "Ant-v5:200,Hopper-v5:100" should stay readable.
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}

/**
 * @param {Options} options
 * @param {'push'|'replace'} how  push: the back button returns to the state before
 */
export function writeUrl(options, how) {
  const url = location.pathname + searchOf(options, location.search) + location.hash;
  if (url === location.pathname + location.search + location.hash) return;
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', url);
}
