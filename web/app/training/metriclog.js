/** The curve of a run: every metric after every iteration, whole. Plots draw less of it than there is. */

/**
 * @typedef {object} StoredLog  as it is kept in the browser
 * @property {Float64Array} steps
 * @property {Record<string, Float64Array>} columns
 */

const FIRST_CAPACITY = 256;

const STEP = 'global_step';

/** What a curve in a file may be at most. */
const MOST_TAGS = 256;
const MOST_VALUES = 1 << 24;
const MOST_LINE = 1 << 16;

/** A metric's name, as TensorBoard has them: of a group. */
const TAG = /^[^/]{1,50}\/.{1,200}$/;

const MOST_QUOTED = 60;

export class MetricLog {
  /** Rows there are. */
  length = 0;
  #steps = new Float64Array(FIRST_CAPACITY);
  /** By tag, NaN where there is nothing to tell. @type {Map<string, Float64Array>} */
  #columns = new Map();

  /** @param {StoredLog} [stored] */
  constructor(stored) {
    if (!stored) return;
    this.length = stored.steps.length;
    this.#steps = stored.steps.slice();
    for (const [tag, column] of Object.entries(stored.columns)) this.#columns.set(tag, column.slice());
  }

  /** Tags in the order in which they came. */
  get tags() {
    return [...this.#columns.keys()];
  }

  /** Environment steps of the rows [length]. */
  get steps() {
    return this.#steps.subarray(0, this.length);
  }

  /** Values of the rows [length], NaN where there are none. @param {string} tag */
  column(tag) {
    return (this.#columns.get(tag) ?? new Float64Array(0)).subarray(0, this.length);
  }

  /** @param {number} globalStep @param {Record<string, number>} metrics */
  add(globalStep, metrics) {
    if (this.length === this.#steps.length) this.#grow();
    for (const [tag, value] of Object.entries(metrics)) {
      let column = this.#columns.get(tag);
      if (!column) {
        column = new Float64Array(this.#steps.length).fill(NaN);
        this.#columns.set(tag, column);
      }
      column[this.length] = value;
    }
    this.#steps[this.length++] = globalStep;
  }

  #grow() {
    const capacity = Math.max(FIRST_CAPACITY, 2 * this.length);
    const larger = (/** @type {Float64Array} */ array) => {
      const copy = new Float64Array(capacity).fill(NaN);
      copy.set(array.subarray(0, this.length));
      return copy;
    };
    this.#steps = larger(this.#steps);
    for (const [tag, column] of this.#columns) this.#columns.set(tag, larger(column));
  }

  /** Drops what came after a step: a run that goes on from there writes it anew. @param {number} globalStep */
  truncate(globalStep) {
    while (this.length && this.#steps[this.length - 1] > globalStep) {
      this.length--;
      for (const column of this.#columns.values()) column[this.length] = NaN;
    }
  }

  /** @returns {StoredLog} */
  stored() {
    return {
      steps: this.steps.slice(),
      columns: Object.fromEntries(this.tags.map((tag) => [tag, this.column(tag).slice()])),
    };
  }

  /** As `websim train` writes metrics.csv: blank where a value is NaN. */
  csv() {
    const { tags, steps } = this;
    const columns = tags.map((tag) => this.column(tag));
    const lines = [[STEP, ...tags].join(',')];
    for (let row = 0; row < this.length; row++) {
      lines.push([steps[row], ...columns.map((column) => (Number.isNaN(column[row]) ? '' : column[row]))].join(','));
    }
    return `${lines.join('\n')}\n`;
  }

  /**
   * Undoes `csv`.
   *
   * @param {string} csv
   * @throws {SyntaxError} naming the line that is not as the first one says
   */
  static fromCsv(csv) {
    const lines = linesOf(csv);
    const [step, ...tags] = lines.next().value?.split(',', MOST_TAGS + 2) ?? [];
    if (step !== STEP) throw new SyntaxError(`The curve's first column is ${quoted(step)}, not “${STEP}”.`);
    if (tags.length > MOST_TAGS) throw new SyntaxError(`The curve has more than ${MOST_TAGS} columns.`);
    const odd = tags.find((tag, i) => !TAG.test(tag) || tags.indexOf(tag) !== i);
    if (odd !== undefined) throw new SyntaxError(`The curve has a column ${quoted(odd)}; each has a name like “losses/value_loss” of its own.`);
    if ((linesIn(csv) - 1) * (tags.length + 1) > MOST_VALUES) throw new SyntaxError(`The curve has more than ${MOST_VALUES} values.`);
    const log = new MetricLog();
    for (const line of lines) {
      const row = line.split(',', tags.length + 2);
      const values = row.map((text) => (text === '' ? NaN : Number(text)));
      const wrong = values.findIndex((value, j) => Number.isNaN(value) && row[j] !== '');
      const problem = row.length !== tags.length + 1 ? `${row.length > tags.length ? 'too many' : row.length} values, not ${tags.length + 1}`
        : wrong >= 0 ? `${quoted(row[wrong])} for ${wrong ? tags[wrong - 1] : STEP}`
          : !Number.isSafeInteger(values[0]) || values[0] < (log.steps.at(-1) ?? 0) ? `the step ${quoted(row[0])}; steps are whole numbers that grow`
            : '';
      if (problem) throw new SyntaxError(`Line ${log.length + 2} of the curve has ${problem}.`);
      log.add(values[0], Object.fromEntries(tags.map((tag, j) => [tag, values[j + 1]])));
    }
    return log;
  }
}

/** How many lines a text has. @param {string} text */
function linesIn(text) {
  const end = text.trimEnd().length;
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** The lines of a text, without making them all at once. @param {string} text */
function* linesOf(text) {
  const end = text.trimEnd().length;
  for (let start = 0; start < end;) {
    const found = text.indexOf('\n', start);
    const next = found < 0 ? end : Math.min(found, end);
    if (next - start > MOST_LINE) throw new SyntaxError(`The curve has a line of ${next - start} characters; up to ${MOST_LINE} are allowed.`);
    yield text.slice(start, next).replace(/\r$/, '');
    start = next + 1;
  }
}

/** What a file says, no more of it than can be read. @param {string} [text] */
const quoted = (text = '') => `“${text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text}”`;
