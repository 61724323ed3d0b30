/**
 * Makes the Python image of the browser (web/sim/image.js says what that is), in Node.js:
 *
 *     node python_image.mjs PYODIDE PACKAGES OUT MODULE...
 *
 * PYODIDE is the folder of Pyodide's files, PACKAGES one of unpacked Python packages, OUT the file
 * to write; the modules are imported, where they are to be had.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { moduleWith, writeImage } from '../web/sim/image.js';

const [pyodideFolder, packages, out, ...modules] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(pyodideFolder, 'pyodide.mjs')).href);
const { default: create } = await import(pathToFileURL(resolve(pyodideFolder, 'pyodide.asm.mjs')).href);

const { python } = JSON.parse(readFileSync(join(pyodideFolder, 'pyodide-lock.json'), 'utf8')).info;
const sitePackages = `/lib/python${python.split('.').slice(0, 2).join('.')}/site-packages`;

/** @type {[string, Uint8Array][]} */
const files = readdirSync(packages, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort()
  .map((path) => [`${sitePackages}${path.slice(packages.length)}`, new Uint8Array(readFileSync(path))]);
const libraries = await Promise.all(
  files.filter(([path]) => path.endsWith('.so')).map(async ([path, bytes]) => [path, await WebAssembly.compile(bytes)]),
);

const pyodide = await loadPyodide({
  indexURL: pyodideFolder,
  _makeSnapshot: true,
  // Pyodide takes what has metadata for packages that it loaded itself, which a snapshot may not have.
  createPyodideModule: moduleWith(create, { files: files.filter(([path]) => !path.includes('.dist-info/')), libraries }, null),
  env: { PYTHONHASHSEED: '0' }, // the same image from the same files
});
const given = pyodide.toPy(modules);
pyodide.globals.set('names', given);
pyodide.runPython(`
import gc, importlib, sys
for name in names:
    try:
        importlib.import_module(name)
    except ImportError:
        pass  # what only the other home has
del names, name
gc.collect()
`);
given.destroy();
clearFreeMemory(pyodide._module);
writeFileSync(out, writeImage(pyodide.makeMemorySnapshot(), files, libraries.map(([path]) => path)));
process.exit(0);

/** What was freed is still in memory, and would be in the image. @param {any} module */
function clearFreeMemory(module) {
  const top = module._sbrk(0);
  const blocks = [];
  for (let size = 1 << 20; size >= 16; size /= 2) {
    for (;;) {
      const block = module._malloc(size);
      blocks.push(block);
      if (block + size > top) break; // no more of the freed memory
      module.HEAPU8.fill(0, block, block + size);
    }
  }
  for (const block of blocks) module._free(block);
}
