/** Turning, moving and zooming a view by mouse and fingers. */

/** Zoom for each pixel that the wheel scrolls. */
const WHEEL = 0.0012;

/**
 * @typedef {object} Camera
 * @property {(dx: number, dy: number) => void} orbit  in pixels
 * @property {(dx: number, dy: number) => void} pan    in pixels
 * @property {(factor: number) => void} zoom
 */

/**
 * Drag turns; with two fingers, shift or the right button it moves; wheel and pinch zoom.
 *
 * @param {HTMLElement} element @param {Camera} camera
 * @param {AbortSignal} signal  ends it
 */
export function listen(element, { orbit, pan, zoom }, signal) {
  /** Those that are down, as they were last seen. @type {Map<number, PointerEvent>} */
  const pointers = new Map();
  element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
  }, { signal });
  for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    element.addEventListener(end, (event) => pointers.delete(event.pointerId), { signal });
  }
  element.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    if (other) zoom(distance(event, other) / Math.max(1, distance(before, other)));
    if (other || event.shiftKey || event.buttons & 2) pan(dx, dy);
    else orbit(dx, dy);
    pointers.set(event.pointerId, event);
  }, { signal });
  element.addEventListener('wheel', (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * WHEEL));
  }, { signal, passive: false });
}

/** @param {PointerEvent} one @param {PointerEvent} other */
function distance(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}
