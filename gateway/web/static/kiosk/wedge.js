/**
 * A code scanner that types: keys closer together than fingers can, ending in Enter or in silence.
 *
 * Promises: what a scanner types stays in no field (what stood there before is put back) and presses no button; anything
 * that is no visitor's code is told once, however much and fast it comes. What the machine hands on in pieces is put
 * together by the keys' own times. A person's typing goes its way unhindered.
 * Leaves to others: when it listens (`isOn`), documents (ui/reader.js), what is done with a code.
 */

import { fieldNow, mayBeTyped, putBack, stop } from "../ui/keystrokes.js";

/** Scanners take 1 to 25 ms for a key, on a busy machine some more; the fastest hands need 60, and now and then 40 for
 * two keys that overlap. */
const FAST_MS = 50;
/** So many fast keys in a row are no hand. */
const BURST = 6;
/** Some scanners pause a little between blocks, and a busy page hears of keys late. */
const SILENCE_MS = 400;
/** After its Enter a scanner is done; garbage goes on. */
const AFTER_ENTER_MS = 80;
const KEPT = 600;

/** Ours, or one of before codes were signed. A scanner set to small letters, or to another line end, does no harm. */
const SIGNED = /(?:^|[#\s])(WG1[A-Z2-7]{32})\s*$/i;
const UNSIGNED = /^\s*([A-Za-z0-9_-]{32})\s*$/;

/** The visitor's code in what a scanner sent; null if there is none. */
export function codeIn(/** @type {string} */ sent) {
  const signed = SIGNED.exec(sent);
  if (signed !== null) return (signed[1] ?? "").toUpperCase();
  return UNSIGNED.exec(sent)?.[1] ?? null;
}

export class Wedge {
  /**
   * @param {() => boolean} isOn
   * @param {(code: string | null) => void} scanned null: something else was scanned
   */
  constructor(isOn, scanned) {
    this.isOn = isOn;
    this.scanned = scanned;
    this.sent = "";
    this.last = -Infinity;
    /** What fell silent last: on a busy machine the rest of its keys may come after the silence.
     * @type {{sent: string, at: number, run: number}} */
    this.ended = { sent: "", at: -Infinity, run: 0 };
    /** Fast keys in a row so far. */
    this.run = 0;
    /** What the field held before the first key. @type {import("../ui/keystrokes.js").Before | null} */
    this.before = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    window.addEventListener("keydown", (event) => this.key(event), true);
    window.addEventListener("keyup", (event) => this.run >= BURST && stop(event), true);
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (!mayBeTyped(event)) return;
    const text = event.key === "Enter" || event.key === "Tab" ? "\n" : event.key;
    if ([...text].length !== 1 || (event.ctrlKey && this.run < BURST)) return; // Shift and the like; a person's Ctrl+C
    const isFast = event.timeStamp - this.last < (this.run >= BURST ? SILENCE_MS : FAST_MS);
    if (!isFast) this.over();
    if (this.run === 0) {
      if (!this.isOn()) return;
      // The keys' own times say that it went on: it is taken as one, and told of once more.
      const { sent, at, run } = this.ended;
      if (run > 0 && event.timeStamp - at < (run >= BURST ? SILENCE_MS : FAST_MS)) Object.assign(this, { sent, run });
      this.before = fieldNow();
    }
    this.last = event.timeStamp;
    this.run += 1;
    if (this.sent.length < KEPT) this.sent += event.ctrlKey ? "\n" : text;
    if (this.run === BURST && this.before !== null) putBack(this.before);
    // Of the first keys only those are held that would press a button.
    if (this.run >= BURST || (this.run > 1 && (text === "\n" || text === " "))) stop(event);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.over(), text === "\n" ? AFTER_ENTER_MS : SILENCE_MS);
  }

  /** It has fallen silent. */
  over() {
    clearTimeout(this.timer);
    const { sent, run } = this;
    if (run > 0) this.ended = { sent, at: this.last, run: sent.endsWith("\n") ? 0 : run };
    this.sent = "";
    this.run = 0;
    this.before = null;
    this.last = -Infinity;
    if (run >= BURST) this.scanned(codeIn(sent));
  }
}
