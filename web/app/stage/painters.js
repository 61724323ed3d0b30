/** Picks the painter that the browser can do with; the code of the other one is not loaded. */

/**
 * @typedef {import('./gpu/gpupainter.js').GpuPainter} GpuPainter
 * @typedef {import('./flat/flatpainter.js').FlatPainter} FlatPainter
 *
 * @typedef {object} Painting
 * @property {GpuPainter|FlatPainter} painter
 * @property {string} fallback  why the processor draws though a GPU was asked for, or empty
 */

/** @param {import('../panel/options.js').Options['renderer']} renderer @returns {Promise<Painting>} */
export async function paintingBy(renderer) {
  const anyway = renderer === 'webgl';
  const canvas = document.createElement('canvas');
  const gl = renderer === 'flat' ? null : contextOf(canvas, anyway);
  let fallback = anyway ? 'This browser offers no WebGL 2.' : '';
  if (gl) {
    const { GpuPainter } = await import('./gpu/gpupainter.js');
    try {
      return { painter: new GpuPainter(canvas, gl), fallback: '' };
    } catch (error) {
      if (anyway) fallback = /** @type {Error} */ (error).message;
    }
  }
  return { painter: await flatPainter(), fallback: fallback && `The processor draws the robots: ${fallback}` };
}

export async function flatPainter() {
  const { FlatPainter } = await import('./flat/flatpainter.js');
  return new FlatPainter();
}

/**
 * WebGL 2 of a canvas; null: there is none.
 *
 * @param {HTMLCanvasElement} canvas @param {boolean} anyway  even where the processor has to do a GPU's work
 */
function contextOf(canvas, anyway) {
  const wanted = { powerPreference: /** @type {const} */ ('high-performance'), alpha: true }; // pictures can be of the robots alone
  // Smooth edges are for a GPU.
  const gl = canvas.getContext('webgl2', { ...wanted, antialias: true, failIfMajorPerformanceCaveat: true })
    ?? (anyway ? canvas.getContext('webgl2', { ...wanted, antialias: false }) : null);
  return gl && !anyway && isSoftware(gl) ? null : gl;
}

/** Whether WebGL runs on the processor. @param {WebGL2RenderingContext} gl */
function isSoftware(gl) {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
