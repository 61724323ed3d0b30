/** What crosses between a worker's JavaScript and its Python. */

/** Pyodide's memory as it is now: it moves when it grows. @param {any} pyodide @returns {ArrayBuffer} */
export function pythonMemory(pyodide) {
  return pyodide._module.HEAPU8.buffer;
}

/** Python's plain data as JavaScript's; the proxy is destroyed. @param {any} proxy @returns {any} */
export function toJs(proxy) {
  const value = proxy.toJs({ dict_converter: Object.fromEntries });
  proxy.destroy();
  return value;
}

/** @param {any} pyodide @param {ArrayBuffer} buffer */
export function pythonBytes(pyodide, buffer) {
  const view = pyodide.toPy(new Uint8Array(buffer));
  const toBytes = pyodide.globals.get('bytes');
  const bytes = toBytes(view);
  view.destroy();
  toBytes.destroy();
  return bytes;
}

/**
 * A `websim.Experiment`, as a proxy to be destroyed.
 *
 * @param {any} pyodide
 * @param {import('../shared/protocol.js').Experiment} experiment
 * @param {ArrayBuffer | null} [checkpoint]  that has its robot's files
 */
export function pythonExperiment(pyodide, { archive, ...experiment }, checkpoint) {
  const data = archive ?? checkpoint;
  const bytes = data && pythonBytes(pyodide, data);
  const module = pyodide.pyimport('websim.browser.experiments');
  try {
    return module.parse(JSON.stringify(experiment), bytes ?? undefined);
  } finally {
    bytes?.destroy();
    module.destroy();
  }
}
