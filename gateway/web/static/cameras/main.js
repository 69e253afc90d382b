/**
 * The cameras' page: which camera is how, what was found, what is done about it, and that every check is on record.
 *
 * Promises: what the stream tells shows within a tenth of a second. Leaves to others: what can be done (`desk`).
 */

import { html, nothing } from "lit";
import "../shell.js";
import { data, t, word } from "../i18n.js";
import { follow } from "../stream.js";
import "../live/clock.js";
import { keep, settings } from "../control/settings.js";
import { CamerasDesk, TABS } from "./desk.js";
import { COMMA } from "./signs.js";
import { isWrong } from "./store.js";

/** @typedef {import("./book.js").Tab} Tab */

const AGES_EVERY_MS = 1000;
const COVERAGE_EVERY_MS = 60_000;

export class CamerasPart extends CamerasDesk {
  constructor() {
    super();
    this.begin(data("page"));
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener("hashchange", () => this.goWhereTheAddressSays());
    document.addEventListener("keydown", (event) => this.key(event) && event.preventDefault());
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

  goWhereTheAddressSays() {
    const [tab, id = ""] = location.hash.slice(1).split("/");
    this.show(TABS.find((one) => one === tab) ?? "cameras", id);
  }

  show(/** @type {Tab} */ tab, id = "") {
    super.show(tab, id);
    document.body.dataset.tab = this.tab;
    document.body.dataset.chosen = String(Boolean(this.chosen));
  }

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
      ${this.sheet()} ${this.keys()}
    `;
  }

  /** Whether keys of a single letter act: the same setting as in the control room. */
  keys() {
    const { letters } = settings();
    return html`<p class="letters"><button type="button" class="small" role="switch" aria-checked=${letters} @click=${() => this.switchLetters(!letters)}>
      ${letters ? t("Keys of a single letter: on") : t("Keys of a single letter: off")}</button></p>`;
  }

  switchLetters(/** @type {boolean} */ letters) {
    keep({ letters });
    this.requestUpdate();
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
      html`<a href=${this.href(name)} aria-current=${this.tab === name ? "page" : nothing}>${text}${count ? html` <b class="count">${count}</b>` : nothing}</a>`;
    return html`<nav class="tabs" aria-label=${t("Pages of the cameras")}>
      ${link("cameras", t("Cameras"), wrong)} ${link("orders", t("Work orders"), open)} ${link("maintenance", t("Maintenance"), now)}
      ${link("round", t("Round"), 0)}
      <a href="/cameras/report">${t("Availability")}</a>
    </nav>`;
  }
}

customElements.define("wg-cameras", CamerasPart);
