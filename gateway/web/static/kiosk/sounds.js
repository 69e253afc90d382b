/**
 * Sounds that can be told apart without looking: granted rises, refused falls and is rough, a wait asks twice, an alarm
 * alternates. Made here, so nothing is loaded. Browsers are silent until the first touch; so is this.
 */

/** Per sound: frequency in Hz, start and length in s, and the wave. @type {Record<string, [number, number, number, OscillatorType][]>} */
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
  const wake = () => {
    context ??= new AudioContext();
    if (context.state === "suspended") void context.resume().catch(() => {});
  };
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, wake, { capture: true });
}

export function play(/** @type {string} */ name) {
  const loud = VOLUMES[volume()] ?? 0;
  const now = performance.now();
  if (context === undefined || context.state !== "running" || loud === 0) return;
  if (now - (last[name] ?? -Infinity) < (PAUSE_MS[name] ?? 0)) return;
  last[name] = now;
  document.body.dataset.sounded = name;
  for (const [hz, start, length, wave] of TONES[name] ?? []) {
    const at = context.currentTime + start;
    const tone = new OscillatorNode(context, { frequency: hz, type: wave });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loud * 0.3, at + 0.01);
    gain.gain.setValueAtTime(loud * 0.3, at + length - 0.03);
    gain.gain.linearRampToValueAtTime(0, at + length);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}
