/**
 * Sounds made in the page, so nothing is loaded: each is a few tones, one after the other.
 *
 * Promises: a tone begins and ends without a click. Browsers are silent until the first touch: `onTouch` tells of each.
 * Leaves to others: which sound means what, how loud, how often (`control/sounds`, `kiosk/sounds`).
 */

/** Frequency in Hz, start and length in s, and the wave. @typedef {[number, number, number, OscillatorType]} Tone */

/** The loudest: tones of several at once still do not distort. */
const FULL = 0.3;

/** Call `wake` at each touch of the page, from now on. */
export function onTouch(/** @type {() => void} */ wake) {
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, wake, { capture: true });
}

/** Let it sound, if it only waited for a touch. */
export function resume(/** @type {AudioContext | undefined} */ context) {
  if (context?.state === "suspended") void context.resume().catch(() => {});
}

/** @param {AudioContext} context @param {Tone[]} tones @param {number} loudness from 0 to 1 */
export function ring(context, tones, loudness) {
  for (const [hz, start, length, wave] of tones) {
    const at = context.currentTime + start;
    const tone = new OscillatorNode(context, { frequency: hz, type: wave });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loudness * FULL, at + 0.01);
    gain.gain.setValueAtTime(loudness * FULL, at + length - 0.03);
    gain.gain.linearRampToValueAtTime(0, at + length);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}
