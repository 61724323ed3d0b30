/** What this browser remembers of a visit, such as a choice of colours; where it may not, nothing is lost but that. */

/** @param {string} name */
const key = (name) => `websim-${name}`;

/** @param {string} name @returns {string|null} */
export function recall(name) {
  try {
    return localStorage.getItem(key(name));
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(key(name), value);
  } catch {
    // Storage can be forbidden; then it lasts as long as the page.
  }
}
