/** The incidents: open ones with the hour of their report, the nearest deadline first; closed ones on demand. */

import { t, word } from "../../i18n.js";
import { dotted, html, nothing, Part } from "../../live/parts.js";
import { repeat } from "lit/directives/repeat.js";
import { dayAndTime, hour, inOrder } from "./hour.js";
import { at } from "./places.js";

/** @typedef {import("./hour.js").Summary} Summary */

export class ListPart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    open: { attribute: false },
    closed: { attribute: false },
    chosen: { attribute: false },
    now: { attribute: false },
    mayOpen: { attribute: false },
  };

  constructor() {
    super();
    /** @type {Summary[]} */
    this.open = [];
    /** Null: nobody asked for them yet. @type {Summary[] | null} */
    this.closed = null;
    this.chosen = "";
    this.now = 0;
    this.mayOpen = false;
  }

  render() {
    return html`<section class="i-list" aria-labelledby="h-incidents">
      <div class="head">
        <h2 id="h-incidents">${t("Open incidents")} <span class="count">${this.open.length}</span></h2>
        ${this.mayOpen ? html`<a class="button" href="#incidents/new">${t("New incident")}</a>` : nothing}
      </div>
      ${this.open.length
        ? html`<ul>${repeat(inOrder(this.open), (one) => one.id, (one) => this.line(one))}</ul>`
        : html`<p class="empty">${t("No incident is open. One is opened from an alarm, or by hand here.")}</p>`}
      ${this.closed === null
        ? html`<p class="acts"><button type="button" @click=${() => this.dispatchEvent(new CustomEvent("wg-i-closed", { bubbles: true }))}>${t("Show closed incidents")}</button></p>`
        : html`<h2>${t("Closed incidents")} <span class="count">${this.closed.length}</span></h2>
            <ul>${repeat(this.closed, (one) => one.id, (one) => this.line(one))}</ul>`}
    </section>`;
  }

  /** @param {Summary} one */
  line(one) {
    return html`<li>
      <a href=${`#incidents/${one.id}`} aria-current=${one.id === this.chosen ? "true" : nothing}>
        <b>${word("incident_kind", one.kind)}</b>${one.drill ? html` <span class="drill">${t("DRILL")}</span>` : nothing}
        <span class="quiet">${dotted(at(one.place), dayAndTime(one.happened_at ?? one.noticed_at))}</span>
        ${one.state === "closed"
          ? html`<span class="quiet">${one.closed_at ? t("closed {time}", { time: dayAndTime(one.closed_at) }) : ""}</span>`
          : html`${hour(one, this.now)}${one.waiting ? html`<span class="quiet">${t("Report: {state}", { state: word("report", one.report) })}</span>` : nothing}`}
      </a>
    </li>`;
  }
}

customElements.define("wg-i-list", ListPart);
