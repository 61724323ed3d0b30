/**
 * Makes the Python image of the browser (web/sim/shared/image.js says what that is), in Node.js:
 *
 *     node python_image.mjs PYODIDE PACKAGES WEBSIM OUT MODULE...
 *
 * PYODIDE is the folder of Pyodide's files, PACKAGES one of unpacked Python packages, WEBSIM the source
 * of websim, OUT the file to write; the modules are imported, where they are to be had.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { PACKAGE_DIR, moduleWith, writeImage } from '../web/sim/shared/image.js';

const [pyodideFolder, packages, websim, out, ...modules] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(pyodideFolder, 'pyodide.mjs')).href);
const { default: create } = await import(pathToFileURL(resolve(pyodideFolder, 'pyodide.asm.mjs')).href);

const { python } = JSON.parse(readFileSync(join(pyodideFolder, 'pyodide-lock.json'), 'utf8')).info;
const sitePackages = `/lib/python${python.split('.').slice(0, 2).join('.')}/site-packages`;

/** The files below a folder, as they are to lie in Pyodide. @param {string} folder @param {string} target @returns {[string, Uint8Array][]} */
const filesOf = (folder, target) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort()
  .map((path) => [`${target}${path.slice(folder.length)}`, new Uint8Array(readFileSync(path))]);

const files = filesOf(packages, sitePackages);
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
const snapshot = pyodide.makeMemorySnapshot();
const compiled = compiledSources(pyodide);
writeFileSync(out, writeImage(snapshot, [...files, ...compiled], libraries.map(([path]) => path)));
process.exit(0);

/**
 * The source of websim, compiled. It is not part of the memory, because it changes more often: Python
 * compares the hash of a source with that in its compiled file, and compiles anew what has changed.
 *
 * @param {any} pyodide
 * @returns {[string, Uint8Array][]}
 */
function compiledSources({ FS, runPython }) {
  const sources = filesOf(websim, `${PACKAGE_DIR}/websim`).filter(([path]) => path.endsWith('.py'));
  for (const [path, bytes] of sources) {
    FS.mkdirTree(path.slice(0, path.lastIndexOf('/')));
    FS.writeFile(path, bytes);
  }
  runPython(`
import compileall, py_compile
compileall.compile_dir("${PACKAGE_DIR}", quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
`);
  return sources.map(([path]) => {
    const [, folder, name] = /** @type {RegExpMatchArray} */ (path.match(/(.*)\/(.*)\.py$/));
    const file = `${folder}/__pycache__/${name}.cpython-${python.split('.').slice(0, 2).join('')}.pyc`;
    return [file, FS.readFile(file)];
  });
}
