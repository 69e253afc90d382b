/** From sign to sign by keyboard: the nearest one in a direction. Pure. */

export const WAYS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

/** The nearest one in a direction; what lies across counts double. @param {{key: string, at: [number, number]}[]} stops @param {string} from @param {[number, number]} way */
export function next(stops, from, [wx, wy]) {
  const here = stops.find((one) => one.key === from)?.at;
  if (here === undefined) return null;
  /** @type {string | null} */
  let found = null;
  let least = Infinity;
  for (const { key, at } of stops) {
    const along = (at[0] - here[0]) * wx + (at[1] - here[1]) * wy;
    const across = Math.abs((at[0] - here[0]) * wy) + Math.abs((at[1] - here[1]) * wx);
    if (key === from || along < 1 || across > 3 * along + 20) continue;
    const cost = along + 2 * across;
    if (cost < least) {
      least = cost;
      found = key;
    }
  }
  return found;
}
