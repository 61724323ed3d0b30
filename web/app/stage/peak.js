/** The greatest of the values so far: a counter that a lost worker or an older checkpoint cannot set back. */
export class Peak {
  value = NaN;

  /** @param {number} value @returns {number}  the greatest one */
  add(value) {
    if (!(value <= this.value)) this.value = Number.isNaN(value) ? this.value : value;
    return this.value;
  }

  clear() {
    this.value = NaN;
  }
}
