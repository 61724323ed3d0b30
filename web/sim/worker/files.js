/**
 * Python's files as MuJoCo sees them: its own file system gets a folder in which they all are, read
 * only. So MuJoCo itself looks for what a model includes or names, by its own rules.
 */

const NOT_PERMITTED = 63; // EPERM, as Emscripten numbers it
const INVALID = 28; // EINVAL
const READ_ONLY = 0; // O_RDONLY

/** Python's `/` in MuJoCo's file system. */
export const PYTHON_FILES = '/python';

/**
 * @param {any} FS      MuJoCo's file system
 * @param {any} python  Pyodide's
 */
export function mountPythonFiles(FS, python) {
  /** Errors of the one file system as those of the other. @template T @param {() => T} work @returns {T} */
  const translated = (work) => {
    try {
      return work();
    } catch (error) {
      const { errno } = /** @type {{errno?: number}} */ (error);
      throw errno === undefined ? error : new FS.ErrnoError(errno);
    }
  };
  const pathOf = (/** @type {any} */ node) => {
    const names = [];
    for (let at = node; at.parent !== at; at = at.parent) names.unshift(at.name);
    return `/${names.join('/')}`;
  };
  const forbidden = () => {
    throw new FS.ErrnoError(NOT_PERMITTED);
  };
  const create = (/** @type {any} */ parent, /** @type {string} */ name, /** @type {number} */ mode) => (
    Object.assign(FS.createNode(parent, name, mode, 0), { node_ops: nodes, stream_ops: streams })
  );
  const nodes = {
    getattr: (/** @type {any} */ node) => translated(() => python.stat(pathOf(node))),
    lookup: (/** @type {any} */ parent, /** @type {string} */ name) => translated(() => (
      create(parent, name, python.stat(`${pathOf(parent)}/${name}`).mode)
    )),
    readdir: (/** @type {any} */ node) => translated(() => python.readdir(pathOf(node))),
    setattr: forbidden, mknod: forbidden, rename: forbidden, unlink: forbidden, rmdir: forbidden, symlink: forbidden,
  };
  const streams = {
    open: (/** @type {any} */ stream) => {
      stream.theirs = translated(() => python.open(pathOf(stream.node), READ_ONLY));
    },
    close: (/** @type {any} */ stream) => translated(() => python.close(stream.theirs)),
    read: (/** @type {any} */ stream, /** @type {Int8Array} */ buffer, /** @type {number} */ offset, /** @type {number} */ length, /** @type {number} */ position) => (
      translated(() => python.read(stream.theirs, buffer, offset, length, position))
    ),
    llseek: (/** @type {any} */ stream, /** @type {number} */ offset, /** @type {number} */ whence) => {
      const from = [0, stream.position, python.stat(pathOf(stream.node)).size][whence];
      if (from + offset < 0) throw new FS.ErrnoError(INVALID);
      return from + offset;
    },
  };
  const folder = python.stat('/').mode;
  FS.mkdir(PYTHON_FILES);
  FS.mount({ mount: () => create(null, '/', folder) }, {}, PYTHON_FILES);
}
