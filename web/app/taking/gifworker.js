/** Writes a GIF: each picture with colours of its own, as they come. */

const COLOURS = 256;

/** @type {Promise<{add: (pixels: Uint8Array, delay: number) => void, end: () => Uint8Array}>} */
let film;

self.onmessage = async ({ data: { gifenc, width, height, pixels, delay, end } }) => {
  try {
    if (gifenc) film = begin(gifenc, width, height);
    else if (pixels) (await film).add(pixels, delay);
    else if (end) self.postMessage({ bytes: (await film).end() });
  } catch (error) {
    self.postMessage({ problem: /** @type {Error} */ (error).message });
  }
};

/** @param {string} address  of the encoder @param {number} width @param {number} height */
async function begin(address, width, height) {
  const { GIFEncoder, applyPalette, quantize } = /** @type {typeof import('gifenc')} */ (await import(address));
  const encoder = GIFEncoder();
  return {
    add(/** @type {Uint8Array} */ pixels, /** @type {number} */ delay) {
      const palette = quantize(pixels, COLOURS);
      encoder.writeFrame(applyPalette(pixels, palette), width, height, { palette, delay });
    },
    end() {
      encoder.finish();
      return encoder.bytes();
    },
  };
}
