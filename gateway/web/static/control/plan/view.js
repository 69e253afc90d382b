/**
 * Which part of a plan is seen: pure sums between the plan's own units and the screen's points.
 *
 * @typedef {{scale: number, x: number, y: number}} View `scale`: points for a unit; x, y: where the plan's corner lies
 *   on the screen
 * @typedef {{width: number, height: number}} Size
 */

/** Signs side by side along the longer side of a plan; the gateway finds spots by the same measure. */
const CELLS = 40;
/** So many points apart are two of them when nothing can be enlarged any more. */
const APART_AT_MOST = 150;
/** Around the plan, when all of it is seen. */
const MARGIN = 0.97;

/** All of the plan, in the middle. @param {[number, number]} plan @param {Size} screen @returns {View} */
export function fitted([width, height], screen) {
  const scale = Math.max(0.01, MARGIN * Math.min(screen.width / width, screen.height / height));
  return { scale, x: (screen.width - width * scale) / 2, y: (screen.height - height * scale) / 2 };
}

/** Between these a scale has to stay. @param {[number, number]} plan @param {Size} screen */
export function limits(plan, screen) {
  const least = fitted(plan, screen).scale;
  return { least, most: Math.max(4 * least, (APART_AT_MOST * CELLS) / Math.max(...plan)) };
}

/**
 * Larger or smaller, with a point of the screen staying where it is.
 * @param {View} view @param {number} factor @param {[number, number]} at @param {[number, number]} plan @param {Size} screen
 */
export function zoomed(view, factor, [x, y], plan, screen) {
  const { least, most } = limits(plan, screen);
  const scale = Math.min(most, Math.max(least, view.scale * factor));
  const by = scale / view.scale;
  return kept({ scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by }, plan, screen);
}

/** @param {View} view @param {number} dx @param {number} dy @param {[number, number]} plan @param {Size} screen */
export function panned(view, dx, dy, plan, screen) {
  return kept({ ...view, x: view.x + dx, y: view.y + dy }, plan, screen);
}

/** A point of the plan in the middle of the screen. @param {View} view @param {[number, number]} at @param {[number, number]} plan @param {Size} screen */
export function centred(view, [x, y], plan, screen) {
  return kept({ ...view, x: screen.width / 2 - x * view.scale, y: screen.height / 2 - y * view.scale }, plan, screen);
}

/** Where a point of the plan is on the screen. @param {View} view @param {[number, number]} at @returns {[number, number]} */
export function shown(view, [x, y]) {
  return [view.x + x * view.scale, view.y + y * view.scale];
}

/** The plan never leaves the screen: what fits stays in the middle, what is larger covers it. @param {View} view @param {[number, number]} plan @param {Size} screen @returns {View} */
function kept(view, [width, height], screen) {
  return {
    scale: view.scale,
    x: within(view.x, width * view.scale, screen.width),
    y: within(view.y, height * view.scale, screen.height),
  };
}

/** @param {number} at @param {number} long @param {number} seen */
function within(at, long, seen) {
  const margin = (seen * (1 - MARGIN)) / 2;
  if (long <= seen - 2 * margin + 1) return (seen - long) / 2;
  // A third of the screen may be empty, so that what lies at the edge can come to the middle.
  return Math.min(seen / 3, Math.max(seen - long - seen / 3, at));
}
