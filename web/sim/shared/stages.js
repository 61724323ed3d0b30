/**
 * How long the stages of the start take, as entries of the page's own timeline (User Timing): seen
 * in the browser's profiler, and read by `websim bench`. The page's own stages are named after what
 * is fetched; a worker's after its index and its stage.
 */

const PREFIX = 'boot: ';

/**
 * @param {string} name
 * @param {number} start  milliseconds of the page's `performance.now()`
 * @param {number} [end]
 */
export function measure(name, start, end = performance.now()) {
  performance.measure(PREFIX + name, { start, end: Math.max(start, end) });
}

/** Measures until a promise is fulfilled. @template T @param {string} name @param {Promise<T>} promise */
export function measured(name, promise) {
  const start = performance.now();
  promise.then(() => measure(name, start), () => {}); // whoever awaits it gets the error
  return promise;
}

/** A moment that pages and workers understand alike: milliseconds since 1970, with fractions. */
export function moment() {
  return performance.timeOrigin + performance.now();
}

/** A moment as this page's `performance.now()` would have said it. @param {number} at */
export function onThisClock(at) {
  return at - performance.timeOrigin;
}

/** What has been measured so far. @returns {{name: string, start: number, end: number}[]} */
export function stages() {
  return performance.getEntriesByType('measure')
    .filter(({ name }) => name.startsWith(PREFIX))
    .map(({ name, startTime, duration }) => ({ name: name.slice(PREFIX.length), start: startTime, end: startTime + duration }));
}
