/**
 * The on-screen keyboard: letters, pinyin with candidates, a number pad, signs. A kiosk's browser has none of its own.
 *
 * Promises: it types into the field that has, or last had, the focus, and never takes the focus away; it works beside
 * a real keyboard, whose letters make pinyin too while the pinyin layer is up; it stands in the flow of its sheet, so
 * that it covers nothing, and the field is scrolled into view; it can be put away, and stays away. Leaves to others:
 * what the field makes of it (`input` events, as from any keyboard) and what "next" leads to (`wg-next`).
 *
 * A field says with `data-keyboard` what it wants: `digits`, `latin`, `words` (the language's own), or `none`.
 */

import { html, LitElement, nothing } from "lit";
import { t, texts } from "../i18n.js";
import { FACES, isField, LATE, NAMES, rowsOf } from "./keys.js";
import { candidates, load, plain } from "./pinyin.js";
import { BURST_BEGAN, HELD, typeInto } from "./reader.js";

/** @typedef {import("./keys.js").Layer} Layer */
/** @typedef {import("./keys.js").Field} Field */

const PAGE = 8;
const REPEAT_AFTER_MS = 450;
const REPEAT_MS = 70;
const AWAY = "wg-keyboard-away";
const LETTERS_AT_MOST = 40;

export class KeyboardPart extends LitElement {
  static properties = {
    field: { state: true },
    layer: { state: true },
    shifted: { state: true },
    typed: { state: true },
    page: { state: true },
    table: { state: true },
    isAway: { state: true },
  };

  constructor() {
    super();
    /** The field that is typed into. @type {Field | null} */
    this.field = null;
    /** @type {Layer} */
    this.layer = "latin";
    this.shifted = false;
    /** Letters that are not characters yet. */
    this.typed = "";
    this.page = 0;
    /** @type {import("./pinyin.js").Table | null} */
    this.table = null;
    this.isAway = localStorage.getItem(AWAY) === "yes";
    /** The layer for words; whoever changes it wants it for the next field too. @type {Layer} */
    this.words = texts.language === "zh" ? "pinyin" : "latin";
    this.at = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.repeating = undefined;
    this.isDown = false;
    this.onFocus = (/** @type {FocusEvent} */ event) => this.focused(event);
    this.onBlur = () => this.left();
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.physical(event);
    this.onHeld = (/** @type {Event} */ event) => this.held(/** @type {CustomEvent<string>} */ (event));
    this.onBurst = (/** @type {Event} */ event) => {
      this.typed = this.typed.slice(0, -(/** @type {CustomEvent<number>} */ (event).detail));
    };
    this.onPointer = (/** @type {PointerEvent} */ event) => {
      this.isDown = event.type === "pointerdown";
      if (!this.isDown) setTimeout(() => this.left(), 60);
    };
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("focusin", this.onFocus);
    document.addEventListener("focusout", this.onBlur);
    document.addEventListener("keydown", this.onKey, true);
    document.addEventListener(HELD, this.onHeld);
    window.addEventListener(BURST_BEGAN, this.onBurst);
    for (const name of /** @type {const} */ (["pointerdown", "pointerup", "pointercancel"])) {
      document.addEventListener(name, this.onPointer, true);
    }
    if (isField(document.activeElement)) this.attach(document.activeElement);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.repeating);
    document.removeEventListener("focusin", this.onFocus);
    document.removeEventListener("focusout", this.onBlur);
    document.removeEventListener("keydown", this.onKey, true);
    document.removeEventListener(HELD, this.onHeld);
    window.removeEventListener(BURST_BEGAN, this.onBurst);
    for (const name of /** @type {const} */ (["pointerdown", "pointerup", "pointercancel"])) {
      document.removeEventListener(name, this.onPointer, true);
    }
  }

  // ---------------------------------------------------------------- which field

  focused(/** @type {FocusEvent} */ event) {
    if (event.target instanceof Element && isField(event.target)) this.attach(event.target);
  }

  attach(/** @type {Field} */ field) {
    const wants = field.dataset.keyboard ?? "words";
    if (wants === "none") return;
    if (this.field !== field) {
      this.finish();
      this.shifted = false;
      this.layer = wants === "digits" || wants === "latin" ? wants : this.words;
      if (this.layer === "pinyin") this.need();
    }
    // The machine's own keyboard, if it has one, would cover the page: ours is here.
    if (!this.isAway) field.inputMode = "none";
    this.field = field;
  }

  /** Whatever the keyboard has become, the field is in sight above it. */
  updated(/** @type {Map<string, unknown>} */ changed) {
    if (!["field", "layer", "isAway"].some((name) => changed.has(name))) return;
    requestAnimationFrame(() => {
      const whole = this.field?.closest("wg-field, wg-host-picker") ?? this.field;
      whole?.scrollIntoView({ block: "nearest" });
    });
  }

  /** Nobody is at a field any more. What is under a finger never moves, so it waits until the finger is up. */
  left() {
    if (this.isDown || this.field === null) return;
    const active = document.activeElement;
    if (this.contains(active) || (active instanceof Element && isField(active))) return;
    // Between two fields nothing has the focus for a moment.
    setTimeout(() => {
      const now = document.activeElement;
      if (this.isDown || this.contains(now) || (now instanceof Element && isField(now))) return;
      this.finish();
      this.field = null;
    }, 60);
  }

  need() {
    if (this.table !== null) return;
    load().then(
      (table) => (this.table = table),
      () => this.table === null && (this.layer = "latin"),
    );
  }

  // ---------------------------------------------------------------- typing

  get options() {
    if (this.layer !== "pinyin" || this.table === null || !this.typed || this.field === null) return [];
    const before = this.field.value.slice(0, this.field.selectionStart ?? this.field.value.length);
    return candidates(this.typed, this.table, !/\p{Script=Han}$/u.test(before));
  }

  type(/** @type {string} */ text) {
    if (this.field?.isConnected) typeInto(this.field, text);
  }

  choose(/** @type {{text: string, taken: number}} */ option) {
    const rest = this.typed.slice(option.taken);
    this.typed = "";
    this.page = 0;
    this.type(option.text);
    this.typed = rest;
  }

  /** Letters that were not chosen from stay letters: nothing typed is lost. */
  finish() {
    const { typed } = this;
    this.typed = "";
    this.page = 0;
    if (typed) this.type(typed);
  }

  press(/** @type {string} */ key) {
    const layer = /** @type {Record<string, Layer>} */ ({
      "to-latin": "latin",
      "to-pinyin": "pinyin",
      "to-digits": "digits",
      "to-signs": "signs",
    })[key];
    if (layer !== undefined) this.toLayer(layer);
    else if (key === "shift") this.shifted = !this.shifted;
    else if (key === "back") this.back();
    else if (key === "space") this.space();
    else if (key === "next") this.next();
    else if (key === "away") this.putAway(true);
    else this.character(key);
  }

  character(/** @type {string} */ key) {
    if (this.layer === "pinyin" && (/^[a-z]$/.test(key) || (key === "'" && this.typed))) {
      if (this.typed.length < LETTERS_AT_MOST) this.typed += key;
      this.page = 0;
      return;
    }
    const [option] = this.typed ? this.options : [];
    if (option !== undefined) this.choose(option);
    this.finish();
    this.type(this.shifted ? key.toUpperCase() : key);
    this.shifted = false;
  }

  space() {
    const [option] = this.options;
    if (option !== undefined) this.choose(option);
    else if (this.typed) this.finish();
    else this.type(" ");
  }

  back() {
    if (this.typed) {
      this.typed = this.typed.slice(0, -1);
      this.page = 0;
      return;
    }
    const { field } = this;
    if (!field?.isConnected) return;
    const end = field.selectionEnd ?? field.value.length;
    let start = field.selectionStart ?? end;
    if (start === end) start -= [...field.value.slice(0, end)].at(-1)?.length ?? 0;
    field.setRangeText("", start, end, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "deleteContentBackward" }));
  }

  next() {
    this.finish();
    const { field } = this;
    if (!field) return;
    const asked = new CustomEvent("wg-next", { bubbles: true, cancelable: true });
    if (!field.dispatchEvent(asked)) return;
    const all = [...(field.closest("form") ?? document).querySelectorAll("input, textarea")].filter(isField);
    const after = all[all.indexOf(field) + 1];
    if (after) after.focus();
    else field.closest("form")?.requestSubmit();
  }

  toLayer(/** @type {Layer} */ layer) {
    this.finish();
    this.layer = layer;
    this.at = 0;
    if (layer === "latin" || layer === "pinyin") this.words = layer;
    if (layer === "pinyin") this.need();
  }

  putAway(/** @type {boolean} */ away) {
    this.finish();
    this.isAway = away;
    localStorage.setItem(AWAY, away ? "yes" : "no");
    const { field } = this;
    if (field === null) return;
    field.inputMode = away ? "text" : "none";
    if (this.contains(document.activeElement)) field.focus();
  }

  // ---------------------------------------------------------------- a real keyboard beside it

  /** While the pinyin layer is up, a real keyboard's letters make pinyin too; a machine that has its own does it. */
  physical(/** @type {KeyboardEvent} */ event) {
    if (this.isAway || this.layer !== "pinyin" || event.target !== this.field || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.keyCode === 229) return;
    if (this.letter(event.key)) event.preventDefault();
    else if (this.typed && this.command(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** @returns {boolean} true if it became a part of the word */
  letter(/** @type {string} */ key) {
    if (this.table === null || !(/^[a-z]$/.test(key) || (key === "'" && this.typed))) return false;
    this.character(key);
    return true;
  }

  /** Keys that do something with a word that is being made. @returns {boolean} */
  command(/** @type {string} */ key) {
    const shown = this.options.slice(this.page * PAGE, (this.page + 1) * PAGE);
    const option = /^[1-9]$/.test(key) ? shown[Number(key) - 1] : undefined;
    if (option !== undefined) this.choose(option);
    else if (key === " ") this.space();
    else if (key === "Enter" || key === "Tab") this.finish();
    else if (key === "Escape") this.typed = "";
    else if (key === "Backspace") this.back();
    else if (key === "PageDown" || key === "=") this.turn(1);
    else if (key === "PageUp" || key === "-") this.turn(-1);
    else return false;
    return key !== "Tab";
  }

  held(/** @type {CustomEvent<string>} */ event) {
    if (this.isAway || this.layer !== "pinyin" || event.target !== this.field) return;
    if (!/^[a-z]+$/.test(plain(event.detail)) || this.table === null) return;
    event.preventDefault();
    this.typed = (this.typed + event.detail).slice(0, LETTERS_AT_MOST);
  }

  // ---------------------------------------------------------------- fingers

  down(/** @type {PointerEvent} */ event, /** @type {() => void} */ act, repeats = false) {
    if (event.button !== 0) return;
    act();
    clearTimeout(this.repeating);
    if (!repeats) return;
    const again = () => {
      act();
      this.repeating = setTimeout(again, REPEAT_MS);
    };
    this.repeating = setTimeout(again, REPEAT_AFTER_MS);
  }

  up() {
    clearTimeout(this.repeating);
  }

  turn(/** @type {number} */ by) {
    const last = Math.max(0, Math.ceil(this.options.length / PAGE) - 1);
    this.page = Math.min(last, Math.max(0, this.page + by));
  }

  /** Arrows go from key to key; there is one stop for the Tab key. */
  arrows(/** @type {KeyboardEvent} */ event) {
    const keys = [...this.querySelectorAll("button.key")];
    const at = keys.indexOf(/** @type {Element} */ (event.target));
    if (at < 0) return;
    const here = keys[at];
    let to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: keys.length - 1 }[event.key];
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const row = here?.closest(".row");
      const other = event.key === "ArrowUp" ? row?.previousElementSibling : row?.nextElementSibling;
      const near = other === null || other === undefined ? [] : [...other.querySelectorAll("button.key")];
      const share = [...(row?.children ?? [])].indexOf(/** @type {Element} */ (here)) / (row?.children.length ?? 1);
      const found = near[Math.floor(share * near.length)];
      to = found === undefined ? undefined : keys.indexOf(found);
    }
    const target = to === undefined ? undefined : keys[to];
    if (!(target instanceof HTMLElement) || to === undefined) return;
    event.preventDefault();
    this.at = to;
    target.focus();
    this.requestUpdate();
  }

  // ---------------------------------------------------------------- painting

  render() {
    if (this.field === null) return nothing;
    if (this.isAway) {
      return html`<div class="keyboard away">
        ${this.button("show", "⌨", t("Show the keyboard"), () => this.putAway(false), -1)}
      </div>`;
    }
    let at = 0;
    return html`<div
      class="keyboard"
      role="group"
      aria-label=${t("On-screen keyboard")}
      data-layer=${this.layer}
      @mousedown=${(/** @type {Event} */ event) => event.preventDefault()}
      @keydown=${this.arrows}
      @pointerup=${this.up}
      @pointercancel=${this.up}
      @pointerleave=${this.up}
    >
      ${this.layer === "pinyin" ? this.bar() : nothing}
      ${rowsOf(this.layer).map((row) => html`<div class="row">${row.map((key) => this.key(key, at++))}</div>`)}
    </div>`;
  }

  /** What is being made, and what it can become. */
  bar() {
    const { options } = this;
    const shown = options.slice(this.page * PAGE, (this.page + 1) * PAGE);
    const more = options.length > PAGE;
    return html`<div class="candidates">
      <span class="typed" role="status">${this.typed || t("pinyin")}</span>
      <div class="list" role="group" aria-label=${t("Characters to choose from")}>
        ${shown.map((option) =>
          this.button("candidate", option.text, option.text, () => this.choose(option), 0),
        )}
        ${this.typed && !options.length
          ? html`<span class="none">${t("no such syllable: it stays as it is")}</span>`
          : nothing}
      </div>
      ${more ? this.button("page", "‹", t("Earlier characters"), () => this.turn(-1), 0) : nothing}
      ${more ? this.button("page", "›", t("More characters"), () => this.turn(1), 0) : nothing}
    </div>`;
  }

  key(/** @type {string} */ key, /** @type {number} */ at) {
    const tab = at === this.at ? 0 : -1;
    const act = () => this.press(key);
    const face = FACES[key];
    if (face === undefined) return this.button("key", this.shifted ? key.toUpperCase() : key, "", act, tab);
    const pressed = key === "shift" ? String(this.shifted) : undefined;
    return this.button(`key named ${key}`, face(), NAMES[key]?.() ?? "", act, tab, key === "back", pressed);
  }

  /**
   * @param {string} kind
   * @param {string} face
   * @param {string} name what is read out, if it is not the face
   * @param {() => void} act
   * @param {number} tab
   * @param {boolean} [repeats]
   * @param {string} [pressed]
   */
  button(kind, face, name, act, tab, repeats = false, pressed) {
    // What moves the page acts when the finger is up: else its click would hit whatever has come under it.
    const isLate = LATE.test(kind);
    return html`<button
      type="button"
      class=${kind}
      tabindex=${tab}
      aria-label=${name || nothing}
      aria-pressed=${pressed ?? nothing}
      @mousedown=${(/** @type {Event} */ event) => event.preventDefault()}
      @pointerdown=${(/** @type {PointerEvent} */ event) => isLate || this.down(event, act, repeats)}
      @click=${(/** @type {MouseEvent} */ event) => (isLate || event.detail === 0) && act()}
    >
      ${face}
    </button>`;
  }
}

customElements.define("wg-keyboard", KeyboardPart);
