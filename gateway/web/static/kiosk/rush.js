/**
 * When many pass: rush mode, and the cards of those who were refused meanwhile. Pure: time is an argument, in ms.
 *
 * Rush begins at eight taps within a second and ends when it has been under four a second for five seconds. A card
 * stays at least five seconds and until it is touched, in its own place: the newest takes the next free place and never
 * another's. What finds no place waits in a line of its own, shown as "+n more". Outside a rush a card that nobody
 * touches goes by itself after a while: there is time to look up.
 *
 * @typedef {{id: string, tap: any, since: number, touched: boolean}} Card
 * @typedef {{mode: boolean, times: number[], calmSince: number, slots: (Card | null)[], line: Card[], lost: number,
 *   granted: Record<string, number>}} Rush
 */

export const BEGINS_AT = 8;
export const ENDS_BELOW = 4;
export const CALM_MS = 5000;
export const STAYS_MS = 5000;
export const GOES_MS = 20_000;
export const PLACES = 4;
export const LINE_AT_MOST = 50;

/** @returns {Rush} */
export function calm() {
  return {
    mode: false,
    times: [],
    calmSince: 0,
    slots: Array.from({ length: PLACES }, () => null),
    line: [],
    lost: 0,
    granted: {},
  };
}

/** A tap came. @returns {Rush} */
export function came(/** @type {Rush} */ rush, /** @type {any} */ tap, /** @type {number} */ now) {
  const times = [...rush.times.filter((at) => now - at < 1000), now];
  const begins = !rush.mode && times.length >= BEGINS_AT;
  const mode = rush.mode || begins;
  let granted = begins ? {} : rush.granted;
  if (mode && tap.outcome === "grant") granted = { ...granted, [tap.portal]: (granted[tap.portal] ?? 0) + 1 };
  const next = { ...rush, times, mode, granted, calmSince: times.length >= ENDS_BELOW ? now : rush.calmSince };
  return tap.outcome === "deny" ? placed(next, tap, now) : next;
}

/** Whoever was refused gets a place, or the end of the line. @returns {Rush} */
function placed(/** @type {Rush} */ rush, /** @type {any} */ tap, /** @type {number} */ now) {
  const card = { id: tap.id, tap, since: now, touched: false };
  const free = rush.slots.indexOf(null);
  if (free >= 0 && !rush.line.length) {
    return { ...rush, slots: rush.slots.map((one, at) => (at === free ? card : one)) };
  }
  if (rush.line.length < LINE_AT_MOST) return { ...rush, line: [...rush.line, card] };
  return { ...rush, lost: rush.lost + 1 };
}

/** The guard has touched a card: it goes as soon as it has been there for five seconds. @returns {Rush} */
export function touched(/** @type {Rush} */ rush, /** @type {string} */ id, /** @type {number} */ now) {
  const slots = rush.slots.map((one) => (one?.id === id ? { ...one, touched: true } : one));
  return later({ ...rush, slots }, now);
}

/** Time has passed. @returns {Rush} */
export function later(/** @type {Rush} */ rush, /** @type {number} */ now) {
  const times = rush.times.filter((at) => now - at < 1000);
  const calmSince = times.length >= ENDS_BELOW ? now : rush.calmSince;
  const mode = rush.mode && now - calmSince < CALM_MS;
  const line = [...rush.line];
  const slots = rush.slots.map((one) => {
    const goes = one !== null && now - one.since >= (one.touched ? STAYS_MS : mode || line.length ? Infinity : GOES_MS);
    const kept = goes ? null : one;
    if (kept !== null) return kept;
    const next = line.shift();
    return next === undefined ? null : { ...next, since: now };
  });
  return { ...rush, times, calmSince, mode, slots, line, lost: line.length ? rush.lost : 0 };
}
