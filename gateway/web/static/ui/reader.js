/**
 * Readers of documents that type: an identity-card reader or a passport scanner is a keyboard to the browser.
 *
 * Promises: a burst (keys closer together than fingers can) is caught wherever the focus is, and never ends in a field
 * or presses a button; what it says is told when it falls silent, and once more, whole, if a busy page heard of it in
 * pieces. A person's typing goes its way unhindered.
 * Leaves to others: whose document it is, and what is done about a burst that says nothing (`heard` gets null).
 */

import { checkDigit, plainNumber } from "./documents.js";
import { fieldNow, mayBeTyped, putBack, stop } from "./keystrokes.js";

/** Readers take 1 to 25 ms for a key; the fastest hands need 60, and now and then 40 for two keys that overlap. */
const FAST_MS = 35;
/** So many fast keys in a row are no hand. */
const BURST = 6;
/** A reader that sends several lines pauses a little between them. */
const SILENCE_MS = 120;
/** How long a key that may belong to a burst is held back; nobody notices, and a busy page does not lose the thread. */
const HELD_MS = 60;
/** What came so shortly before a burst is its beginning: a reader that stumbles, or takes its time over characters. A
 * person who has just pressed a key has not laid a card on a reader yet: that takes a second. */
const RECENT_MS = 300;
const KEPT = 4096;

/** Something typed that was held back: whoever composes words takes it, else it goes into the field. */
export const HELD = "wg-held";
/** So many of the keys before were a reader's: whoever took them gives them back. */
export const BURST_BEGAN = "wg-burst";

/** What a document says. @typedef {{kind: string | null, number: string, name: string}} Read */

/** @typedef {{text: string, at: number}} Stroke */

/** @typedef {import("./keystrokes.js").Before} Before */

export class Reader {
  /**
   * @param {(read: Read | null) => void} heard null: a burst that is no document
   * @param {() => boolean} [isOn] false while what a reader types is for somebody else, as the card of who signs on
   */
  constructor(heard, isOn = () => true) {
    this.heard = heard;
    this.isOn = isOn;
    /** Fast keys so far; the first of them has gone to the field already. @type {Stroke[]} */
    this.strokes = [];
    this.inBurst = false;
    /** True once it was said of this burst that it is too much. */
    this.isTold = false;
    /** What the field held before the first key. @type {Before | null} */
    this.before = null;
    /** What came a moment ago and was no burst by itself, and what the field held before that.
     * @type {{text: string, at: number, before: Before | null} | null} */
    this.recent = null;
    /** The burst that fell silent last: a busy page may hear of the rest of its keys only then. @type {Stroke[]} */
    this.ended = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.key(event);
    this.onKeyUp = (/** @type {KeyboardEvent} */ event) => this.inBurst && stop(event);
    this.onText = (/** @type {InputEvent} */ event) => this.text(event);
    this.onPaste = (/** @type {ClipboardEvent} */ event) => this.paste(event);
  }

  /** Listen to everything that is typed in this window. */
  start() {
    window.addEventListener("keydown", this.onKey, true);
    window.addEventListener("keyup", this.onKeyUp, true);
    window.addEventListener("beforeinput", this.onText, true);
    window.addEventListener("paste", this.onPaste, true);
  }

  end() {
    clearTimeout(this.timer);
    window.removeEventListener("keydown", this.onKey, true);
    window.removeEventListener("keyup", this.onKeyUp, true);
    window.removeEventListener("beforeinput", this.onText, true);
    window.removeEventListener("paste", this.onPaste, true);
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (!this.isOn() || !mayBeTyped(event)) return;
    const text = event.key === "Enter" ? "\n" : event.key === "Tab" ? "\t" : event.key;
    if ([...text].length !== 1) return; // Shift and the like
    this.goOn(event.timeStamp);
    if (event.ctrlKey && !this.inBurst) return; // readers send Ctrl+J and Ctrl+M for line ends, hands copy and paste
    const last = this.strokes.at(-1);
    const isFast = last !== undefined && event.timeStamp - last.at < (this.inBurst ? SILENCE_MS : FAST_MS);
    if (!isFast) this.over();
    this.stroke(event, { text: event.ctrlKey ? "\n" : text, at: event.timeStamp });
  }

  /** The first goes to where the focus is, as it may be a person's; the next are held until it is known whose they are. */
  stroke(/** @type {Event} */ event, /** @type {Stroke} */ stroke) {
    if (this.strokes.length > 0) stop(event);
    else {
      const { recent } = this;
      this.before = fieldNow();
      if (recent !== null && stroke.at - recent.at < RECENT_MS) this.before = recent.before;
      else this.recent = null;
    }
    this.take(stroke);
  }

  /** Characters that no key has (a name, in Chinese) come as text; so does each key's own, which is known already. */
  text(/** @type {InputEvent} */ event) {
    const { data } = event;
    if (!this.isOn() || !event.isTrusted || event.isComposing || event.inputType !== "insertText" || !data) return;
    this.goOn(event.timeStamp);
    if (!this.inBurst && [...data].length > 1) return; // a whole word at once is an input method's
    const last = this.strokes.at(-1);
    if (last?.text === data && !this.inBurst && this.strokes.length === 1) return;
    const isFast = last !== undefined && event.timeStamp - last.at < (this.inBurst ? SILENCE_MS : FAST_MS);
    if (!isFast) this.over();
    this.stroke(event, { text: data, at: event.timeStamp });
  }

  /** Some readers paste. What is no document is a person's own paste. */
  paste(/** @type {ClipboardEvent} */ event) {
    if (!this.isOn()) return;
    const read = understand(event.clipboardData?.getData("text/plain") ?? "");
    if (read === null || !read.name) return;
    stop(event);
    this.heard(read);
  }

  /** The keys' own times say that a burst goes on which seemed to be over: it is taken as one, and told once more. */
  goOn(/** @type {number} */ at) {
    const last = this.ended.at(-1);
    if (last === undefined || this.strokes.length > 0) return;
    if (at - last.at < SILENCE_MS) {
      this.strokes = this.ended;
      this.inBurst = true;
      this.isTold = this.strokes.length === KEPT;
    }
    this.ended = [];
  }

  take(/** @type {Stroke} */ stroke) {
    if (this.strokes.length < KEPT) this.strokes.push(stroke);
    else this.strokes[KEPT - 1] = stroke; // too much for a document; its time still says that the burst goes on
    if (this.strokes.length === KEPT && !this.isTold) {
      this.isTold = true;
      this.heard(null);
    }
    if (!this.inBurst && this.strokes.length >= BURST) {
      this.inBurst = true;
      window.dispatchEvent(new CustomEvent(BURST_BEGAN, { detail: 1 + (this.recent?.text.length ?? 0) }));
      if (this.before !== null) putBack(this.before);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.over(), this.inBurst ? SILENCE_MS : HELD_MS);
  }

  /** It has fallen silent: a burst is read, a person's keys go where they were meant for. */
  over() {
    clearTimeout(this.timer);
    const { strokes, inBurst, isTold, before } = this;
    if (strokes.length === 0) return;
    this.strokes = [];
    this.inBurst = false;
    this.isTold = false;
    this.before = null;
    const text = strokes.map((stroke) => stroke.text).join("");
    const { recent } = this;
    this.recent = null;
    if (inBurst) {
      this.ended = strokes;
      if (!isTold) this.heard(understand(`${recent?.text ?? ""}${text}`));
      return;
    }
    this.recent = { text: `${recent?.text ?? ""}${text}`.slice(-KEPT), at: strokes.at(-1)?.at ?? 0, before };
    // Two keys of one hand that overlapped: the first went its way, the others were held for a moment.
    const held = strokes.slice(1).map((stroke) => stroke.text).join("").replace(/[\n\t]/g, "");
    if (!held || before === null || !before.field.isConnected) return;
    const event = new CustomEvent(HELD, { detail: held, bubbles: true, cancelable: true });
    if (before.field.dispatchEvent(event)) typeInto(before.field, held);
  }
}

/**
 * What a reader sent, in any of the forms that docs/registration.md names; null if it is no document.
 * @param {string} sent
 * @returns {Read | null}
 */
export function understand(sent) {
  const passport = machineReadable(sent);
  if (passport !== null) return passport;
  const parts = sent
    .normalize("NFKC")
    .split(/[\t\n\r,|;]+/)
    .map((part) => part.trim())
    .filter((part) => part);
  for (const part of parts) {
    const number = plainNumber(part.replace(/^\D*[:=]/, ""));
    if (!/^[0-9]{17}[0-9X]$/.test(number) || checkDigit(number) !== number[17]) continue;
    const name = parts.find((other) => other !== part && isName(other));
    return { kind: "resident_id", number, name: name === undefined ? "" : name.replace(/^[^:=]*[:=]\s*/, "") };
  }
  return null;
}

/** A name, not the sex, the people, an address or a date that some readers send too: those are not taken. */
function isName(/** @type {string} */ part) {
  const value = part.replace(/^(name|姓名)\s*[:=]\s*/i, "");
  if (/[:=0-9]/.test(value)) return false;
  return /^[\p{Script=Han}·]{2,20}$/u.test(value) || /^\p{Letter}[\p{Letter} .'·-]{1,59}$/u.test(value);
}

/** The two lines at the foot of a passport (ICAO 9303, TD3). @returns {Read | null} */
function machineReadable(/** @type {string} */ sent) {
  const lines = sent.toUpperCase().split(/[\r\n\t|]+/).map((line) => line.replace(/\s/g, ""));
  const joined = lines.join("");
  const first = joined.slice(0, 44);
  const second = joined.slice(44, 88);
  if (!/^P[A-Z<][A-Z<]{3}[A-Z<]{39}$/.test(first) || !/^[A-Z0-9<]{44}$/.test(second)) return null;
  const number = second.slice(0, 9);
  if (mrzCheck(number) !== second[9]) return null;
  const [last, given] = first.slice(5).split("<<");
  const name = [given, last].map((part) => (part ?? "").replaceAll("<", " ").trim()).filter((part) => part);
  return { kind: "passport", number: number.replaceAll("<", ""), name: name.map(inCase).join(" ") };
}

function mrzCheck(/** @type {string} */ text) {
  const value = (/** @type {string} */ c) => (c === "<" ? 0 : /[0-9]/.test(c) ? Number(c) : c.charCodeAt(0) - 55);
  const sum = [...text].reduce((sum, c, at) => sum + value(c) * ([7, 3, 1][at % 3] ?? 0), 0);
  return String(sum % 10);
}

function inCase(/** @type {string} */ name) {
  return name.toLowerCase().replace(/(^|[ -])\p{Letter}/gu, (start) => start.toUpperCase());
}

/** Put text where the caret is, as if it had been typed. */
export function typeInto(/** @type {HTMLInputElement | HTMLTextAreaElement} */ field, /** @type {string} */ text) {
  if (field.selectionStart === null) {
    field.value += text; // kinds of fields without a caret that one may ask for
    field.dispatchEvent(new InputEvent("input", { bubbles: true, data: text, inputType: "insertText" }));
    return;
  }
  const start = field.selectionStart;
  const end = field.selectionEnd ?? start;
  const room = field.maxLength < 0 ? text.length : Math.max(0, field.maxLength - field.value.length + (end - start));
  field.setRangeText([...text].slice(0, room).join(""), start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, data: text, inputType: "insertText" }));
}
