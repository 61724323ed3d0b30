/**
 * The errors that the simulation raises, and how they travel between threads.
 *
 * The names are those of the Python package `websim.errors`, so that an error keeps its name on its
 * way from Python in a worker to the page.
 */

export class WebSimError extends Error {
  /** @param {string} message @param {string} [stack] the stack (or Python traceback) where it arose */
  constructor(message, stack) {
    super(message);
    this.name = new.target.name;
    if (stack) this.stack = stack;
  }
}

/** Raised when a task id is not registered; the message lists those that are. */
export class UnknownTask extends WebSimError {}

/** Raised when an argument is out of range or of the wrong shape; the message says what is allowed. */
export class InvalidArgument extends WebSimError {}

/** Raised when MuJoCo refuses a model; the message is MuJoCo's own, with element and line. */
export class ModelError extends WebSimError {}

/** Raised when a worker cannot be started, or is lost while it works on a request. */
export class WorkerError extends WebSimError {}

/** Raised when the simulation is used after `close()`. */
export class ClosedError extends WebSimError {}

/** Raised when a checkpoint is incomplete, altered or contradicts itself. */
export class DamagedCheckpoint extends WebSimError {}

/** Raised when a file is no checkpoint of websim's, or one of another task or algorithm. */
export class ForeignCheckpoint extends WebSimError {}

/** Raised when a checkpoint was written by a newer version, in a format not known here. */
export class FutureCheckpoint extends WebSimError {}

/** Raised when a reward or a measure says what safe code may not; the message has the lines, and what it may. */
export class UnsafeCode extends WebSimError {}

/** Raised when a reward or a measure fails as it runs; the message has the line. */
export class CodeFailed extends WebSimError {}

/** Raised when a reward or a measure takes more time or memory than it may. */
export class TooCostly extends CodeFailed {}

/** @type {Record<string, typeof WebSimError>} */
const CLASSES = {
  UnknownTask, InvalidArgument, ModelError, WorkerError, ClosedError,
  DamagedCheckpoint, ForeignCheckpoint, FutureCheckpoint, UnsafeCode, CodeFailed, TooCostly,
};

/** @typedef {{name: string, message: string, stack: string}} PlainError */

/**
 * Turns anything thrown into plain data that `postMessage` can carry. A Pyodide `PythonError` has
 * the exception's class in `type` and the whole traceback as its message: its last line is the
 * message, the traceback the stack.
 *
 * @param {unknown} thrown
 * @returns {PlainError}
 */
export function toPlain(thrown) {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), stack: '' };
  const pythonType = /** @type {{type?: unknown}} */ (thrown).type;
  if (thrown.name === 'PythonError' && typeof pythonType === 'string') {
    const traceback = thrown.message.trim();
    // The message may run over several lines: it is all that follows the last `Type: `.
    const at = traceback.lastIndexOf(`${pythonType}: `);
    const message = at < 0 ? traceback.split('\n').at(-1) : traceback.slice(at + pythonType.length + 2);
    return { name: pythonType, message: message ?? '', stack: traceback };
  }
  return { name: thrown.name, message: thrown.message, stack: thrown.stack ?? '' };
}

/**
 * The counterpart of `toPlain`: an error of the same name.
 *
 * @param {PlainError} plain
 * @returns {Error}
 */
export function fromPlain({ name, message, stack }) {
  const Class = CLASSES[name] ?? WebSimError;
  const error = new Class(message, stack);
  error.name = name;
  return error;
}
