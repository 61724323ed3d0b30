/**
 * Put into the page before its own scripts, for bench/drawing.py: what a frame costs the main thread
 * of a page with a GPU, on a machine without one. It measures into `globalThis.drawing`.
 *
 * - The renderer says that it is a GPU, so that the page draws all robots, with shadows, at the
 *   screen's rate, as it does with one.
 * - Draw calls are counted and go no further: the software renderer has no pixels to make.
 * - All other calls of WebGL are made, and timed: their time is the driver's.
 * - A frame is one turn of requestAnimationFrame in which something was drawn.
 */
{
  const RENDERER = 'ANGLE (a GPU, by name only)';
  const GL = WebGL2RenderingContext.prototype;
  let glMs = 0;
  let draws = 0;
  let instances = 0;
  let samples = 0;

  /** Measured frames; `start` begins anew. */
  const drawing = {
    frames: [],
    on: false,
    start() {
      drawing.frames = [];
      drawing.on = true;
    },
    stop() {
      drawing.on = false;
      return drawing.frames;
    },
  };
  globalThis.drawing = drawing;

  const nothing = {
    drawElements() {},
    drawArrays() {},
    drawElementsInstanced(mode, count, type, offset, robots) { instances += robots; },
    drawArraysInstanced(mode, first, count, robots) { instances += robots; },
  };
  const { getParameter } = GL;
  const answers = {
    getParameter(name) {
      // UNMASKED_RENDERER_WEBGL
      return name === 0x9246 || name === GL.RENDERER ? RENDERER : getParameter.call(this, name);
    },
    // Nothing is drawn, so it is done.
    getSyncParameter: () => GL.SIGNALED,
  };
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(GL))) {
    if (typeof value !== 'function') continue;
    const call = nothing[name] ?? answers[name] ?? value;
    const drawn = name in nothing ? 1 : 0;
    const sampled = name === 'texSubImage2D' || name === 'texImage2D' ? 1 : 0;
    GL[name] = function timed(...values) {
      const start = performance.now();
      const result = call.apply(this, values);
      glMs += performance.now() - start;
      draws += drawn;
      samples += sampled;
      return result;
    };
  }

  const request = requestAnimationFrame;
  globalThis.requestAnimationFrame = (callback) => request((now) => {
    glMs = draws = instances = samples = 0;
    const start = performance.now();
    callback(now);
    const ms = performance.now() - start;
    if (drawing.on && draws) drawing.frames.push({ ms: ms - glMs, glMs, draws, instances, samples });
  });
}
