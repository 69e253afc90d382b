/**
 * The wall: a tile for each camera with its newest picture, how it stands, and its last 24 hours; what is wrong first, or
 * zone by zone. The chosen camera stands at the side with everything that its own page says.
 *
 * Promises: nothing moves under a finger; 500 tiles are painted only where something about them has changed, and load
 * pictures only in view (`pictures`). Leaves to others: what can be done (`static/cameras/desk`).
 */

import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { CamerasDesk, TABS } from "../../cameras/desk.js";
import { detail } from "../../cameras/detail.js";
import { filters } from "../../cameras/list.js";
import { COMMA, named, priorityOf, saying, sign } from "../../cameras/signs.js";
import { isWrong } from "../../cameras/store.js";
import { strip } from "../../cameras/strip.js";
import { ageOf, stale } from "../../cameras/times.js";
import { place, t, texts, word } from "../../i18n.js";
import { follow } from "../../stream.js";
import { Pictures } from "./pictures.js";

/**
 * @typedef {import("../../cameras/signs.js").Camera} Camera
 * @typedef {import("../../cameras/book.js").Tab} Sheet
 * @typedef {"s" | "m" | "l"} Size
 */

const AGES_EVERY_MS = 1000;
const COVERAGE_EVERY_MS = 60_000;
const KEY = "wg_wall";
/** @type {Size[]} */
const SIZES = ["s", "m", "l"];

export class WallPart extends CamerasDesk {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { known: { attribute: false }, path: { attribute: false } };

  constructor() {
    super();
    /** @type {any} */
    this.known = null;
    /** Behind the tab in the address. @type {string[]} */
    this.path = [];
    /** @type {{size: Size, byZone: boolean}} */
    this.look = { size: "m", byZone: false, ...kept() };
    this.pictures = new Pictures((id, number) => `/api/v1/cameras/${id}/picture?n=${number}`);
  }

  connectedCallback() {
    super.connectedCallback();
    this.unfollow = follow((event) => this.hear(event), (connection) => this.put({ connection }), { query: "of=cameras" });
    this.ages = setInterval(() => this.requestUpdate(), AGES_EVERY_MS);
    this.coverage = setInterval(() => void this.loadCoverage(), COVERAGE_EVERY_MS);
    void this.loadOrders();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unfollow?.();
    clearInterval(this.ages);
    clearInterval(this.coverage);
    this.pictures.close();
    this.pictures = new Pictures(this.pictures.address);
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed = new Map()) {
    if (changed.has("known") && this.known !== null) this.begin(this.known);
    if (changed.has("known") || changed.has("path")) this.goWhereTheAddressSays();
    super.willUpdate();
  }

  updated() {
    super.updated();
    const images = /** @type {NodeListOf<HTMLImageElement>} */ (this.querySelectorAll(".tile img"));
    const numbers = new Map(this.cameras.map((one) => [one.id, one.picture]));
    this.pictures.follow(images, (id) => numbers.get(id) ?? null);
  }

  // ---------------------------------------------------------------- where one is

  /** `#cameras/<camera>`, or `#cameras/<sheet>`. @param {Sheet} tab @param {string} [id] */
  href(tab, id = "") {
    if (tab !== "cameras") return `#cameras/${tab}`;
    return id ? `#cameras/${encodeURIComponent(id)}` : "#cameras";
  }

  goWhereTheAddressSays() {
    const [first = "", second = ""] = this.path;
    const tab = TABS.find((one) => one === first) ?? "cameras";
    this.show(tab, tab === "cameras" ? (first === "cameras" ? second : first) : "");
  }

  // ---------------------------------------------------------------- painting

  render() {
    if (!this.known) return nothing;
    return html`${this.sheets()}
      ${this.connection === "lost" ? html`<p class="notice" role="status">${t("The cameras' news do not come just now. What is shown may be old.")}</p>` : nothing}
      ${this.away.length ? html`<p class="notice" role="status">${t("The gateway has lost its {what}. What is shown may be old.", { what: this.away.map((one) => word("away", one)).join(COMMA) })}</p>` : nothing}
      ${this.said.page ? html`<p class="notice" role="status">${this.said.page.text}</p>` : nothing}
      ${this.tab === "cameras" ? this.wall() : this.sheet()}`;
  }

  sheets() {
    const open = (this.orders ?? []).filter((one) => one.state === "open").length;
    const now = (this.windows ?? []).filter((one) => one.under_way).length;
    const link = (/** @type {Sheet} */ name, /** @type {string} */ text, /** @type {number} */ count) =>
      html`<a href=${this.href(name)} aria-current=${this.tab === name ? "page" : nothing}>${text}${count ? html` <b class="count">${count}</b>` : nothing}</a>`;
    return html`<nav class="sheets" aria-label=${t("Pages of the cameras")}>
      ${link("cameras", t("Wall"), this.cameras.filter(isWrong).length)} ${link("orders", t("Work orders"), open)} ${link("maintenance", t("Maintenance"), now)} ${link("round", t("Round"), 0)}
      <a href="/cameras/report">${t("Availability")}</a>
    </nav>`;
  }

  wall() {
    return html`<div class="wall" data-chosen=${Boolean(this.chosen)}>
      <section class="tiles" aria-labelledby="h-wall">
        <h2 class="sr" id="h-wall">${t("Wall of pictures")}</h2>
        ${filters(this)} ${this.looks()} ${this.cameras.length ? this.grid() : html`<p class="empty">${t("No camera is configured yet.")}</p>`}
      </section>
      ${this.chosen ? detail(this) : nothing}
    </div>`;
  }

  /** How large, and in what order. */
  looks() {
    const names = { s: t("small"), m: t("medium"), l: t("large") };
    return html`<div class="look">
      <div role="group" aria-label=${t("Size of the pictures")}>
        ${SIZES.map((size) => html`<button type="button" class="chip" aria-pressed=${this.look.size === size} @click=${() => this.see({ size })}>${names[size]}</button>`)}
      </div>
      <div role="group" aria-label=${t("Order")}>
        <button type="button" class="chip" aria-pressed=${!this.look.byZone} @click=${() => this.see({ byZone: false })}>${t("what is wrong first")}</button>
        <button type="button" class="chip" aria-pressed=${this.look.byZone} @click=${() => this.see({ byZone: true })}>${t("by zone")}</button>
      </div>
      ${this.isHeld ? html`<button type="button" class="small" @click=${() => this.sortAnew()}>${t("The order has changed: sort anew")}</button>` : nothing}
    </div>`;
  }

  see(/** @type {Partial<{size: Size, byZone: boolean}>} */ some) {
    this.look = { ...this.look, ...some };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.look));
    } catch {
      // Without a memory it holds until the page is loaded anew.
    }
    this.requestUpdate();
  }

  grid() {
    const { shown } = this;
    if (!shown.length) return html`<p class="empty">${t("No camera is like that. Take a filter away to see the others.")}</p>`;
    const zones = this.look.byZone ? [...new Set(shown.map((one) => one.zone))].sort() : [""];
    return html`<div class="rows grids" data-size=${this.look.size} @pointermove=${() => this.hold(true)} @pointerleave=${() => this.hold(false)}>
      ${zones.map((zone) => {
        const some = zone ? shown.filter((one) => one.zone === zone) : shown;
        return html`${zone ? html`<h3>${place(zone)} <span class="quiet">${some.length}</span></h3>` : nothing}
          <ul class="grid">${repeat(some, (one) => one.id, (one) => this.tileOf(one))}</ul>`;
      })}
    </div>`;
  }

  tileOf(/** @type {Camera} */ camera) {
    const hours = this.hoursOf(camera.id);
    const age = camera.picture_at ? ageOf(this.now - Date.parse(camera.picture_at)) : "";
    const old = stale(camera, this) || camera.state === "no_picture";
    const chosen = this.chosen === camera.id;
    return guard([camera, hours, age, old, chosen], () => this.tile(camera, { hours, age, old, chosen }));
  }

  /**
   * @param {Camera} camera
   * @param {{hours: import("../../cameras/strip.js").Hour[], age: string, old: boolean, chosen: boolean}} more
   */
  tile(camera, { hours, age, old, chosen }) {
    return html`<li><button type="button" class="tile cam" data-id=${camera.id} data-state=${camera.state} data-priority=${priorityOf(camera)} aria-current=${chosen ? "true" : nothing} @click=${() => this.choose(camera.id)}>
      <span class="shot" data-old=${old} data-none=${camera.picture === null}><img data-camera=${camera.id} alt="" width="320" height="180" decoding="async" /><span class="none">${t("no picture")}</span></span>
      <span class="line"><b class="name">${named(camera.name, texts.language)}</b></span>
      <span class="line">${sign(camera.state, priorityOf(camera))} <span class="says">${saying(camera)}</span></span>
      <span class="line about">${age ? (old ? t("picture of {age}", { age }) : age) : t("no picture")}${camera.work_order ? ` · ${t("work order")}` : nothing}</span>
      ${hours.length ? strip(hours, this.since, `${t("last 24 hours")} `) : nothing}
    </button></li>`;
  }
}

/** @returns {Partial<{size: Size, byZone: boolean}>} what this browser remembers, as far as it can be read */
function kept() {
  try {
    const { size, byZone } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...(SIZES.includes(size) ? { size } : {}), ...(typeof byZone === "boolean" ? { byZone } : {}) };
  } catch {
    return {};
  }
}

customElements.define("wg-c-camera-wall", WallPart);
