/**
 * One tone for each priority, so that an operator knows without looking how urgent it is: an alarm alternates and is
 * rough, a warning asks twice, a notice is one soft tone.
 *
 * Promises: never two at once, the more urgent one wins; says whether the browser lets it sound at all, and is woken by
 * the first touch. Leaves to others: the tones themselves (`ui/tones`), when something sounds (`news`), how loud
 * (`settings`).
 */

import { onTouch, resume, ring } from "../ui/tones.js";

/** Per priority. @type {Record<string, import("../ui/tones.js").Tone[]>} */
const TONES = {
  high: [
    [988, 0, 0.18, "square"],
    [740, 0.2, 0.18, "square"],
    [988, 0.4, 0.18, "square"],
    [740, 0.6, 0.18, "square"],
  ],
  medium: [
    [587, 0, 0.16, "triangle"],
    [587, 0.24, 0.16, "triangle"],
  ],
  low: [[440, 0, 0.22, "sine"]],
};
const RANK = /** @type {Record<string, number>} */ ({ high: 0, medium: 1, low: 2 });
/** So long after one began no other begins that is not more urgent. */
const PAUSE_MS = 1200;

/** @type {AudioContext | undefined} */
let context;
let last = { at: -Infinity, rank: 9 };

/** Try to be able to sound, and tell when that changes. */
export function prepare(/** @type {() => void} */ changed) {
  try {
    context = new AudioContext();
  } catch {
    return;
  }
  context.addEventListener("statechange", changed);
  onTouch(wake);
}

export function wake() {
  resume(context);
}

/** The browser waits for a touch. */
export function isBlocked() {
  return context !== undefined && context.state === "suspended";
}

/** @param {string} priority @param {number} loudness from 0 to 1 */
export function play(priority, loudness) {
  const rank = RANK[priority] ?? 2;
  const now = performance.now();
  if (context === undefined || context.state !== "running" || loudness === 0) return;
  if (now - last.at < PAUSE_MS && rank >= last.rank) return;
  last = { at: now, rank };
  ring(context, TONES[priority] ?? [], loudness);
}
