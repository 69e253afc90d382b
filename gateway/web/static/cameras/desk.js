/**
 * What can be done with the cameras, wherever they are shown: acts with their results in place, what is filtered, which
 * camera is chosen, the keys. The cameras' own page and the control room's tab are both such a desk.
 *
 * Promises: nothing moves under a finger (the order is kept while a pointer is on the list, and can be sorted anew); keys
 * never act in a field, and those of a single letter not at all where somebody has switched them off. Leaves to others:
 * painting (`list`, `detail`, `orders`, `maintenance`, `round`), which get this part and call its acts; where the address
 * and the stream are (the page, the tab).
 */

import { html } from "lit";
import { settings } from "../control/settings.js";
import { texts } from "../i18n.js";
import { CamerasBook } from "./book.js";
import { acknowledge, detail } from "./detail.js";
import { list } from "./list.js";
import { maintenance, newWindow } from "./maintenance.js";
import { orders } from "./orders.js";
import { round } from "./round.js";
import { named } from "./signs.js";
import { held } from "./store.js";
import { dayOf } from "./times.js";

/**
 * @typedef {import("./signs.js").Camera} Camera
 * @typedef {import("./book.js").Tab} Tab
 */

/** A pointer that rests for so long is nobody's finger any more. */
const HELD_MS = 8000;
/** After so long a step that has to be taken twice is forgotten. */
const SURE_MS = 8000;
/** @type {Tab[]} */
export const TABS = ["cameras", "orders", "maintenance", "round"];

export class CamerasDesk extends CamerasBook {
  // ---------------------------------------------------------------- acts

  /**
   * Carry out what somebody touched, and say there what became of it.
   * @param {string} where
   * @param {() => Promise<string>} work
   * @param {Record<string, string>} [sentences] what to say of a field that the gateway calls wrong
   */
  async during(where, work, sentences = {}) {
    if (this.busy) return false;
    this.put({ busy: where, errors: {} });
    let done = false;
    try {
      this.say(where, await work(), "done");
      done = true;
    } catch (problem) {
      this.say(where, problem);
      const errors = /** @type {{errors?: {field: string, message: string}[]}} */ (problem).errors ?? [];
      this.put({ errors: Object.fromEntries(errors.map((one) => [one.field, sentences[one.field] ?? one.message])) });
    }
    this.put({ busy: "", sure: "" });
    return done;
  }

  /** The first touch asks for a second one. @returns {boolean} true at the second */
  isSure(/** @type {string} */ what) {
    if (this.sure === what) return true;
    this.put({ sure: what });
    setTimeout(() => this.sure === what && this.put({ sure: "" }), SURE_MS);
    return false;
  }

  /** What was wrong with a field is not said of what is typed there now. @param {string} form @param {object} some */
  fill(form, some) {
    this.put({ errors: {}, forms: { ...this.forms, [form]: { ...this.forms[form], ...some } } });
  }

  forget(/** @type {string} */ form) {
    const { [form]: _, ...rest } = this.forms;
    this.put({ errors: {}, forms: rest });
  }

  async toTheWrong() {
    await this.updateComplete;
    const wrong = /** @type {HTMLElement | null} */ (this.querySelector("[aria-invalid=true]"));
    wrong?.focus();
    wrong?.scrollIntoView({ block: "center" });
  }

  /** Open the form in which work is announced, for one camera or for those to be chosen. */
  announce(/** @type {string} */ camera) {
    this.go("maintenance");
    this.put({ forms: { ...this.forms, window: newWindow(this.now, camera) } });
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("#f-which"))?.focus());
  }

  showAllHours(/** @type {boolean} */ all) {
    this.put({ checks: { ...this.checks, all } });
  }

  /** All cameras by name, to choose from. */
  get byName() {
    const { compare } = new Intl.Collator(texts.language === "zh" ? "zh-CN" : "en", { numeric: true });
    return [...this.cameras].sort((a, b) => compare(named(a.name, texts.language), named(b.name, texts.language)));
  }

  // ---------------------------------------------------------------- where one is

  /** The address of a sheet, or of one camera. @param {Tab} tab @param {string} [id] */
  href(tab, id = "") {
    return `#${id ? `${tab}/${id}` : tab}`;
  }

  /** Go there, and say so in the address. @param {Tab} tab @param {string} [id] */
  go(tab, id = "") {
    if (location.hash !== this.href(tab, id)) location.hash = this.href(tab, id);
    this.show(tab, id);
  }

  /** What the address says. @param {Tab} tab @param {string} [id] */
  show(tab, id = "") {
    this.put({ tab });
    const wanted = tab === "cameras" && this.camera(id) ? id : "";
    if (wanted !== this.chosen) {
      this.put({ chosen: wanted, detail: null, references: null, alarms: [], said: {} });
      if (wanted) {
        void this.loadDetail();
        void this.loadDay(dayOf(this.now));
      }
    }
    if (tab === "round") void this.loadRound();
  }

  choose(/** @type {string} */ id) {
    this.go("cameras", id);
    void this.updateComplete.then(() => {
      // On a phone the detail takes the list's place: whoever cannot see it is told so.
      if (matchMedia("(max-width: 959px)").matches) {
        scrollTo(0, 0);
        /** @type {HTMLElement | null} */ (this.querySelector("#h-camera"))?.focus();
      }
    });
  }

  narrow(/** @type {Partial<typeof this.filter>} */ some) {
    this.put({ filter: { ...this.filter, ...some } });
    this.sortAnew();
  }

  /** What the list shows, in the order in which it stands. */
  get shown() {
    return this.isOn ? held(this.order, this.wantedNow) : this.wantedNow;
  }

  get isHeld() {
    if (!this.isOn) return false;
    const wanted = this.wantedNow;
    return this.shown.some((one, index) => one.id !== wanted[index]?.id);
  }

  hold(/** @type {boolean} */ isOn) {
    clearTimeout(this.holding);
    if (isOn) this.put({ holding: setTimeout(() => this.hold(false), HELD_MS) });
    if (isOn !== this.isOn) this.put({ isOn, order: this.shown.map((one) => one.id) });
  }

  /** @returns {boolean} true if the key was used */
  key(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return false;
    const target = event.target instanceof Element ? event.target : null;
    if (event.key === "Escape" && target?.id === "f-find") {
      this.narrow({ text: "" });
      /** @type {HTMLElement} */ (target).blur();
      return true;
    }
    if (target?.closest("input, textarea, select")) return false;
    const isLetter = event.key.length === 1 && event.key !== " ";
    if (isLetter && !settings().letters) return false;
    const name = isLetter ? event.key.toLowerCase() : event.key;
    if (name === "/") {
      this.go("cameras", this.chosen);
      void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("#f-find"))?.focus());
      return true;
    }
    if (this.tab !== "cameras") return false;
    const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[name];
    if (step && (isLetter || target?.closest(".rows"))) {
      this.step(step);
      return true;
    }
    if (name === "a") return this.acknowledgeNext();
    if (name !== "Escape" || !this.chosen) return false;
    this.go("cameras");
    return true;
  }

  /** The first alarm of this camera that nobody has seen. @returns {boolean} true if there is one */
  acknowledgeNext() {
    const open = (this.detail?.findings ?? []).find((/** @type {any} */ one) => ["unacknowledged", "returned"].includes(one.alarm_state));
    if (!open || !this.may("acknowledge_alarms")) return false;
    void acknowledge(this, open);
    return true;
  }

  step(/** @type {number} */ by) {
    const { shown } = this;
    const at = shown.findIndex((one) => one.id === this.chosen);
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(shown.length - 1, Math.max(0, at + by))];
    if (!next) return;
    this.go("cameras", next.id);
    void this.updateComplete.then(() => {
      const row = /** @type {HTMLElement | null} */ (this.querySelector(`.cam[data-id="${next.id}"]`));
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    });
  }

  // ---------------------------------------------------------------- painting

  /** The list and one camera beside it, or the sheet that the address says. */
  sheet() {
    switch (this.tab) {
      case "orders":
        return orders(this);
      case "maintenance":
        return maintenance(this);
      case "round":
        return round(this);
      default:
        return html`<div class="board" data-chosen=${Boolean(this.chosen)}>${list(this)}${detail(this)}</div>`;
    }
  }
}
