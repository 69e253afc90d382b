/**
 * Wheel, mouse, pen and fingers on the plan, as moves and touches.
 *
 * Promises: one pointer drags, two pinch, the wheel enlarges at the pointer; a touch that moved less than a hair is a
 * press of what lies under it. Leaves to others: what a press does.
 *
 * @param {HTMLElement} surface
 * @param {{down: (isDown: boolean) => void, pan: (dx: number, dy: number) => void,
 *   zoom: (factor: number, at: [number, number]) => void, press: (target: Element) => void}} acts
 */
export function fingers(surface, acts) {
  /** @type {Map<number, [number, number]>} */
  const down = new Map();
  /** How far the first pointer has come since it went down; beyond `STILL` it drags. */
  let moved = 0;
  /** @type {Element | null} */
  let pressed = null;

  const at = (/** @type {{clientX: number, clientY: number}} */ event) => {
    const box = surface.getBoundingClientRect();
    return /** @type {[number, number]} */ ([event.clientX - box.left, event.clientY - box.top]);
  };

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (down.size === 0) {
      moved = 0;
      // The sign itself: what is painted in it may be another drawing when the finger is lifted.
      pressed = event.target instanceof Element ? event.target.closest("[data-key]") : null;
    }
    down.set(event.pointerId, at(event));
    if (down.size > 1) pressed = null;
    acts.down(true);
  });

  surface.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (before === undefined) return;
    const here = at(event);
    const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
    if (down.size === 1) {
      moved += Math.hypot(dx, dy);
      if (moved < STILL) return;
      // Only now, so that a mere touch stays one on the sign itself.
      if (!surface.hasPointerCapture(event.pointerId)) surface.setPointerCapture(event.pointerId);
      pressed = null;
      down.set(event.pointerId, here);
      acts.pan(dx, dy);
      return;
    }
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1] ?? here;
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(here[0] - other[0], here[1] - other[1]);
    down.set(event.pointerId, here);
    acts.pan(dx / 2, dy / 2);
    if (was > 10 && is > 10) acts.zoom(is / was, [(here[0] + other[0]) / 2, (here[1] + other[1]) / 2]);
  });

  const up = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId)) return;
    if (down.size) return;
    acts.down(false);
    if (event.type === "pointerup" && pressed?.isConnected) acts.press(pressed);
    pressed = null;
  };
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", up);
  surface.addEventListener("lostpointercapture", up);

  surface.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey || event.deltaY !== 0) event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
      acts.zoom(Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 120 : 480)), at(event));
    },
    { passive: false },
  );
}

/** Points that a finger may tremble. */
const STILL = 6;
