/**
 * The cameras' page: which camera is how, what was found, what is done about it, and that every check is on record.
 *
 * Promises: what the stream tells shows within a tenth of a second; nothing moves under a finger (the order is kept
 * while a pointer is on the list, and can be sorted anew); keys J, K and / work everywhere but in a field. Leaves to
 * others: painting (`list`, `detail`, `orders`, `maintenance`, `round`), which get this part and call its acts.
 */

import { html, nothing } from "lit";
import "../shell.js";
import { t, texts, word } from "../i18n.js";
import { follow } from "../stream.js";
import "../live/clock.js";
import { CamerasBook } from "./book.js";
import { acknowledge, detail } from "./detail.js";
import { list } from "./list.js";
import { maintenance, newWindow } from "./maintenance.js";
import { orders } from "./orders.js";
import { round } from "./round.js";
import { COMMA, named } from "./signs.js";
import { held, isWrong } from "./store.js";
import { dayOf } from "./times.js";

/**
 * @typedef {import("./signs.js").Camera} Camera
 * @typedef {import("./book.js").Tab} Tab
 */

const AGES_EVERY_MS = 1000;
const COVERAGE_EVERY_MS = 60_000;
/** A pointer that rests for so long is nobody's finger any more. */
const HELD_MS = 8000;
/** After so long a step that has to be taken twice is forgotten. */
const SURE_MS = 8000;
/** @type {Tab[]} */
const TABS = ["cameras", "orders", "maintenance", "round"];

export class CamerasPart extends CamerasBook {
  connectedCallback() {
    super.connectedCallback();
    addEventListener("hashchange", () => this.goWhereTheAddressSays());
    document.addEventListener("keydown", (event) => this.key(event));
    follow(
      (event) => this.hear(event),
      (state) => {
        this.put({ connection: state });
      },
      { query: "?of=cameras" },
    );
    setInterval(() => this.requestUpdate(), AGES_EVERY_MS);
    setInterval(() => void this.loadCoverage(), COVERAGE_EVERY_MS);
    this.goWhereTheAddressSays();
    void this.loadOrders();
  }

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

  goWhereTheAddressSays() {
    const [tab, id = ""] = location.hash.slice(1).split("/");
    this.put({ tab: TABS.find((one) => one === tab) ?? "cameras" });
    const wanted = this.tab === "cameras" && this.camera(id) ? id : "";
    if (wanted !== this.chosen) {
      this.put({ chosen: wanted, detail: null, references: null, said: {} });
      if (wanted) {
        void this.loadDetail();
        void this.loadDay(dayOf(this.now));
      }
    }
    if (this.tab === "round") void this.loadRound();
    document.body.dataset.tab = this.tab;
    document.body.dataset.chosen = String(Boolean(wanted));
  }

  go(/** @type {Tab} */ tab, id = "") {
    location.hash = id ? `${tab}/${id}` : tab;
    this.goWhereTheAddressSays();
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

  key(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : null;
    if (event.key === "Escape" && target?.id === "f-find") {
      this.narrow({ text: "" });
      /** @type {HTMLElement} */ (target).blur();
      return;
    }
    if (target?.closest("input, textarea, select")) return;
    if (event.key === "/") {
      event.preventDefault();
      this.go("cameras", this.chosen);
      void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("#f-find"))?.focus());
    }
    if (this.tab !== "cameras") return;
    const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const isArrow = event.key.startsWith("Arrow");
    if (step && (!isArrow || target?.closest(".rows"))) {
      event.preventDefault();
      this.step(step);
    }
    if (event.key.toLowerCase() === "a") this.acknowledgeNext();
    if (event.key === "Escape" && this.chosen) this.go("cameras");
  }

  /** The first alarm of this camera that nobody has seen. */
  acknowledgeNext() {
    const open = (this.detail?.findings ?? []).find((/** @type {any} */ one) => ["unacknowledged", "returned"].includes(one.alarm_state));
    if (open && this.may("acknowledge_alarms")) void acknowledge(this, open);
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

  render() {
    const lost = this.connection === "lost";
    document.body.classList.toggle("stale", lost);
    this.paintBand();
    return html`
      ${this.tabs()}
      ${this.away.length
        ? html`<p class="notice" role="status">${t("The gateway has lost its {what}. What is shown may be old.", { what: this.away.map((one) => word("away", one)).join(COMMA) })}</p>`
        : nothing}
      ${this.said.page ? html`<p class="notice" role="status">${this.said.page.text}</p>` : nothing}
      ${this.tab === "cameras"
        ? html`<div class="board" data-chosen=${Boolean(this.chosen)}>${list(this)}${detail(this)}</div>`
        : this.tab === "orders"
          ? orders(this)
          : this.tab === "maintenance"
            ? maintenance(this)
            : round(this)}
    `;
  }

  /** The gateway's time and the connection, in the band above. */
  paintBand() {
    const clock = /** @type {any} */ (document.querySelector("wg-clock"));
    if (!clock) return;
    clock.now = this.now;
    clock.state = this.connection;
    clock.heardAt = this.heardAt;
  }

  tabs() {
    const open = (this.orders ?? []).filter((one) => one.state === "open").length;
    const now = (this.windows ?? []).filter((one) => one.under_way).length;
    const wrong = this.cameras.filter(isWrong).length;
    const link = (/** @type {Tab} */ name, /** @type {string} */ text, /** @type {number} */ count) =>
      html`<a href=${`#${name}`} aria-current=${this.tab === name ? "page" : nothing}>${text}${count ? html` <b class="count">${count}</b>` : nothing}</a>`;
    return html`<nav class="tabs" aria-label=${t("Pages of the cameras")}>
      ${link("cameras", t("Cameras"), wrong)} ${link("orders", t("Work orders"), open)} ${link("maintenance", t("Maintenance"), now)}
      ${link("round", t("Round"), 0)}
      <a href="/cameras/report">${t("Availability")}</a>
    </nav>`;
  }
}

customElements.define("wg-cameras", CamerasPart);
