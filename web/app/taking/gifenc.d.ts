/** The package has no types of its own. */
declare module 'gifenc' {
  type Palette = number[][];
  /** A film as bytes; `delay` is how long a picture is shown, in ms. */
  export function GIFEncoder(): {
    writeFrame(indices: Uint8Array, width: number, height: number, options: { palette: Palette, delay: number }): void,
    finish(): void,
    bytes(): Uint8Array,
  };
  export function quantize(rgba: Uint8Array | Uint8ClampedArray, colours: number): Palette;
  export function applyPalette(rgba: Uint8Array | Uint8ClampedArray, palette: Palette): Uint8Array;
}
