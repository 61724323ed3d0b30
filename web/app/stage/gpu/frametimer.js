/**
 * How long a frame takes, renderer included: WebGL's commands return at once, so a fence behind them
 * tells when they are done. The fence is polled; waiting for it would block the page.
 */

const POLL = 4;

/** A fence that has not been reached after so long tells enough. */
const LONGEST = 2000;

export class FrameTimer {
  #start = 0;
  #script = 0;
  /** @type {WebGLSync|null} */
  #fence = null;

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {(cost: number) => void} report  gets the ms of each measured frame
   */
  constructor(gl, report) {
    this.gl = gl;
    this.report = report;
  }

  /** Whether the frame before is still being drawn. */
  get busy() {
    return this.#fence !== null;
  }

  begin() {
    if (!this.busy) this.#start = performance.now();
  }

  /** Ends a frame; one that began while another was measured is not measured itself. */
  end() {
    const { gl } = this;
    if (this.busy) return;
    this.#script = performance.now() - this.#start;
    this.#fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    setTimeout(this.#poll, POLL);
  }

  #poll = () => {
    const { gl } = this;
    if (!this.#fence) return;
    const elapsed = performance.now() - this.#start;
    const done = gl.getSyncParameter(this.#fence, gl.SYNC_STATUS) === gl.SIGNALED;
    if (!done && elapsed < LONGEST && !gl.isContextLost()) {
      setTimeout(this.#poll, POLL);
      return;
    }
    gl.deleteSync(this.#fence);
    this.#fence = null;
    // Half a poll's time passed on average since the fence was reached.
    this.report(Math.max(this.#script, elapsed - POLL / 2));
  };
}
