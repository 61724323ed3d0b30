/** The curve of a run: every metric after every iteration, whole. Plots draw less of it than there is. */

/**
 * @typedef {object} StoredLog  as it is kept in the browser
 * @property {Float64Array} steps
 * @property {Record<string, Float64Array>} columns
 */

const FIRST_CAPACITY = 256;

const STEP = 'global_step';

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
    const [head, ...rows] = csv.trimEnd().split(/\r?\n/).map((line) => line.split(','));
    if (head[0] !== STEP) throw new SyntaxError(`The curve's first column is “${head[0]}”, not “${STEP}”.`);
    const log = new MetricLog();
    rows.forEach((row, i) => {
      const values = row.map((text) => (text === '' ? NaN : Number(text)));
      const wrong = values.findIndex((value, j) => Number.isNaN(value) && (row[j] !== '' || j === 0));
      const problem = row.length !== head.length ? `${row.length} values, not ${head.length}`
        : wrong >= 0 ? `“${row[wrong]}” for ${head[wrong]}` : '';
      if (problem) throw new SyntaxError(`Line ${i + 2} of the curve has ${problem}.`);
      log.add(values[0], Object.fromEntries(head.slice(1).map((tag, j) => [tag, values[j + 1]])));
    });
    return log;
  }
}
