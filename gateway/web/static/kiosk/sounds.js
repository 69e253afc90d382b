/**
 * Sounds that can be told apart without looking: granted rises, refused falls and is rough, a wait asks twice, an alarm
 * alternates. Browsers are silent until the first touch; so is this.
 */

import { onTouch, resume, ring } from "../ui/tones.js";

/** Per sound. @type {Record<string, import("../ui/tones.js").Tone[]>} */
const TONES = {
  grant: [
    [660, 0, 0.09, "sine"],
    [880, 0.1, 0.14, "sine"],
  ],
  refuse: [
    [233, 0, 0.22, "sawtooth"],
    [175, 0.24, 0.34, "sawtooth"],
  ],
  wait: [
    [523, 0, 0.12, "triangle"],
    [523, 0.2, 0.12, "triangle"],
  ],
  alarm: [
    [988, 0, 0.16, "square"],
    [740, 0.18, 0.16, "square"],
    [988, 0.36, 0.16, "square"],
    [740, 0.54, 0.16, "square"],
  ],
  done: [[784, 0, 0.08, "sine"]],
};
const KEY = "wg_kiosk_volume";
export const VOLUMES = [0, 0.15, 0.4, 1];
/** Grants in a rush come too often to be told one by one. */
const PAUSE_MS = /** @type {Record<string, number>} */ ({ grant: 350, refuse: 250, wait: 400, alarm: 900, done: 100 });

/** @type {AudioContext | undefined} */
let context;
/** @type {Record<string, number>} */
const last = {};

export function volume() {
  const kept = Number(localStorage.getItem(KEY) ?? "2");
  return kept in VOLUMES ? kept : 2;
}

/** The next volume; after the loudest comes silence. */
export function nextVolume() {
  const next = (volume() + 1) % VOLUMES.length;
  localStorage.setItem(KEY, String(next));
  return next;
}

/** The first touch of the page: from now on it may sound. */
export function unlockSounds() {
  onTouch(() => {
    context ??= new AudioContext();
    resume(context);
  });
}

export function play(/** @type {string} */ name) {
  const loud = VOLUMES[volume()] ?? 0;
  const now = performance.now();
  if (context === undefined || context.state !== "running" || loud === 0) return;
  if (now - (last[name] ?? -Infinity) < (PAUSE_MS[name] ?? 0)) return;
  last[name] = now;
  document.body.dataset.sounded = name;
  ring(context, TONES[name] ?? [], loud);
}
