/**
 * The register of vehicles, at a desk: passes and tags, school buses with papers and heads, visitors' requests, the
 * essential list, and a table that is taken whole or not at all. Who may only watch sees the same without the acts.
 */

import { html, nothing } from "lit";
import "../shell.js";
import "../desk/table_taker.js";
import { ask } from "../api.js";
import { DeskPart } from "../desk/desk_part.js";
import { saidHours } from "../desk/hours.js";
import { data, t, word } from "../i18n.js";
import { said, saidDay } from "../slips/times.js";
import { FormPart } from "./form.js";

/** @typedef {any} Vehicle */

const page = data("page");
const PAGE = 50;
const AFTER_MS = 250;
const KINDS = ["all", "registered", "bus", "two_wheeler", "visitor", "expiring"];

export class VehiclesPart extends DeskPart {
  static properties = {
    vehicles: { state: true },
    requests: { state: true },
    shown: { state: true },
    wanted: { state: true },
    total: { state: true },
    expiring: { state: true },
    skip: { state: true },
    form: { state: true },
  };

  constructor() {
    super();
    /** @type {Vehicle[] | null} */
    this.vehicles = null;
    /** @type {any[]} */
    this.requests = [];
    this.shown = "all";
    this.wanted = "";
    /** How many answer to what is looked for, and from which on they are shown. */
    this.total = 0;
    this.skip = 0;
    /** Those whose papers expire, whatever is looked for. @type {Vehicle[]} */
    this.expiring = [];
    this.asked = 0;
    /** What is edited: a vehicle, {} for a new one, or nothing. @type {Vehicle | null} */
    this.form = null;
    this.manages = page.rights.includes("manage_passes");
  }

  async load() {
    await this.read();
    try {
      const expiring = await ask("POST", "vehicles/register", { kind: "expiring", limit: 200 });
      this.expiring = expiring.vehicles;
      if (this.manages) this.requests = (await ask("GET", "vehicles/requests")).visits;
    } catch (problem) {
      this.say(problem);
    }
  }

  /** One page; an answer that comes late never replaces a newer one. */
  async read() {
    const number = (this.asked += 1);
    try {
      const { vehicles, total } = await ask("POST", "vehicles/register", { q: this.wanted.slice(0, 100), kind: this.shown, skip: this.skip, limit: PAGE });
      if (number !== this.asked) return;
      this.vehicles = vehicles;
      this.total = total;
    } catch (problem) {
      if (number === this.asked) this.say(problem);
    }
  }

  look(/** @type {{wanted?: string, shown?: string, skip?: number}} */ some) {
    Object.assign(this, { skip: 0 }, some);
    clearTimeout(this.reading);
    this.reading = setTimeout(() => void this.read(), some.wanted === undefined ? 0 : AFTER_MS);
  }

  approve(/** @type {any} */ visit) {
    return this.during(visit.id, async () => {
      await ask("POST", `visits/${visit.id}/approve-vehicle`);
      return t("Approved: {plate}", { plate: visit.plate });
    });
  }

  takeAway(/** @type {Vehicle} */ vehicle) {
    if (this.sure !== vehicle.id) {
      this.put({ sure: vehicle.id });
      return undefined;
    }
    return this.during(vehicle.id, async () => {
      await ask("POST", `vehicles/${vehicle.id}/remove`);
      return t("Removed: {plate}. It opens nothing any more.", { plate: vehicle.plate ?? "" });
    });
  }

  essential(/** @type {Vehicle} */ vehicle) {
    return this.during(vehicle.id, async () => {
      if (vehicle.essential) await ask("POST", `essential/${vehicle.id}/remove`);
      else await ask("POST", "essential", { vehicle: vehicle.id });
      return vehicle.essential ? t("Taken off the essential list.") : t("On the essential list.");
    });
  }

  render() {
    if (this.form) {
      return html`${this.status()}
        <wg-vehicle-form
          .vehicle=${this.form}
          .lanes=${page.lanes}
          @wg-done=${(/** @type {CustomEvent} */ event) => {
            this.form = null;
            this.say(event.detail.text, "done");
            void this.load();
          }}
          @wg-back=${() => (this.form = null)}
        ></wg-vehicle-form>`;
    }
    return html`${this.status()} ${this.toRenew()} ${this.requested()} ${this.register()} ${this.manages ? this.table() : nothing}`;
  }

  toRenew() {
    const soon = this.expiring;
    if (!soon.length) return nothing;
    return html`<section class="warn" aria-labelledby="h-expiring">
      <h2 id="h-expiring"><span aria-hidden="true">◆</span> ${t("Papers that expire within 30 days")} (${soon.length})</h2>
      <ul>
        ${soon.map(
          (one) => html`<li><b>${one.plate}</b> ${one.route} · ${saidDay(Date.parse(one.papers_until) - 1000)} · ${one.expires === "expired" ? t("expired: it does not pass") : t("expire soon")}</li>`,
        )}
      </ul>
    </section>`;
  }

  requested() {
    if (!this.requests.length) return nothing;
    return html`<section aria-labelledby="h-requests">
      <h2 id="h-requests">${t("Visitors' vehicles to approve")} (${this.requests.length})</h2>
      <ul class="requests">
        ${this.requests.map(
          (one) => html`<li>
            <span><b>${one.plate}</b> ${one.visitor?.name ?? ""} · ${said(one.starts_at)}</span>
            <button type="button" class="main" aria-label=${`${t("Approve")}: ${one.plate}`} aria-busy=${this.busy === one.id} @click=${() => void this.approve(one)}>${t("Approve")}</button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  register() {
    const found = this.vehicles ?? [];
    return html`<section aria-labelledby="h-register">
      <div class="head">
        <h2 id="h-register">${t("Register")} (${this.total})</h2>
        ${this.manages ? html`<button type="button" class="main" @click=${() => (this.form = {})}><span aria-hidden="true">+</span> ${t("New vehicle")}</button>` : nothing}
      </div>
      <div class="filters">
        <label for="f-wanted">${t("Plate, route or name")}</label>
        <input id="f-wanted" type="search" autocomplete="off" .value=${this.wanted} @input=${(/** @type {Event} */ e) => this.look({ wanted: /** @type {HTMLInputElement} */ (e.target).value })} />
        <div class="kinds" role="group" aria-label=${t("Kind")}>
          ${KINDS.map(
            (kind) => html`<button type="button" aria-pressed=${this.shown === kind} @click=${() => this.look({ shown: kind })}>
              ${kind === "all" ? t("all") : kind === "expiring" ? t("papers expire") : word("vehicle", kind)}
            </button>`,
          )}
        </div>
      </div>
      ${this.vehicles === null
        ? html`<p class="quiet">${t("One moment: the list is being opened.")}</p>`
        : found.length
          ? html`<ul class="cards">${found.map((one) => this.card(one))}</ul>`
          : html`<p class="quiet">${t("No vehicle like that. New ones are registered here, or come from a table.")}</p>`}
      ${this.pages(found.length)}
    </section>`;
  }

  pages(/** @type {number} */ shown) {
    if (this.total <= PAGE) return nothing;
    const { skip, total } = this;
    return html`<div class="pages" role="group" aria-label=${t("Pages of the register")}>
      <button type="button" ?disabled=${skip === 0} @click=${() => this.turn(Math.max(0, skip - PAGE))}><span aria-hidden="true">←</span> ${t("Before")}</button>
      <span role="status">${t("{from} to {to} of {total}", { from: skip + 1, to: skip + shown, total })}</span>
      <button type="button" ?disabled=${skip + shown >= total} @click=${() => this.turn(skip + PAGE)}>${t("Next page")} <span aria-hidden="true">→</span></button>
    </div>`;
  }

  turn(/** @type {number} */ skip) {
    this.look({ skip });
    this.querySelector("#h-register")?.scrollIntoView();
  }

  card(/** @type {Vehicle} */ one) {
    const differ = one.counted_in !== null && one.counted_out !== null && one.counted_in !== one.counted_out;
    const plate = one.plate ?? "—";
    return html`<li class="card vehicle" data-expires=${one.expires ?? ""}>
      <p class="plate"><b>${plate}</b> <span>${word("vehicle", one.kind)}${one.essential ? html` · <span class="mark">${t("essential list")}</span>` : nothing}</span></p>
      <dl>
        <dt>${t("Whose")}</dt><dd>${one.holder?.name ?? "—"}</dd>
        ${one.route ? html`<dt>${t("Route")}</dt><dd>${one.route}</dd>` : nothing}
        ${one.driver ? html`<dt>${t("Driver")}</dt><dd>${one.driver.name}</dd>` : nothing}
        ${one.attendant ? html`<dt>${t("Attendant")}</dt><dd>${one.attendant.name}</dd>` : nothing}
        ${one.timetable.length ? html`<dt>${t("Timetable")}</dt><dd>${one.timetable.map(saidHours).join("; ")}</dd>` : nothing}
        ${one.papers_until
          ? html`<dt>${t("Papers until")}</dt><dd>${saidDay(Date.parse(one.papers_until) - 1000)} ${one.expires ? html`<b class="mark"><span aria-hidden="true">◆</span> ${one.expires === "expired" ? t("expired") : t("expire soon")}</b>` : nothing}</dd>`
          : nothing}
        ${one.kind === "bus"
          ? html`<dt>${t("Heads today")}</dt><dd>${t("in {count}", { count: one.counted_in ?? "—" })} · ${t("out {count}", { count: one.counted_out ?? "—" })}
              ${differ ? html`<b class="mark"><span aria-hidden="true">◆</span> ${t("{count} differ: count again", { count: Math.abs(one.counted_in - one.counted_out) })}</b>` : nothing}</dd>`
          : nothing}
      </dl>
      ${this.manages && one.kind !== "visitor"
        ? html`<div class="acts">
            <button type="button" aria-label=${`${t("Change")}: ${plate}`} @click=${() => (this.form = one)}>${t("Change")}</button>
            <button type="button" aria-label=${`${one.essential ? t("Off the essential list") : t("To the essential list")}: ${plate}`} @click=${() => void this.essential(one)}>${one.essential ? t("Off the essential list") : t("To the essential list")}</button>
            <button type="button" aria-label=${this.sure === one.id ? nothing : `${t("Remove")}: ${plate}`} @click=${() => void this.takeAway(one)}>${this.sure === one.id ? t("Touch again: it opens nothing any more") : t("Remove")}</button>
          </div>`
        : nothing}
    </li>`;
  }

  table() {
    return html`<section aria-labelledby="h-table">
      <h2 id="h-table">${t("Take in a table")}</h2>
      <wg-table
        path="imports/vehicles"
        .hint=${t("CSV in UTF-8 with the columns plate, kind, holder, driver, attendant, route, papers_until, timetable, portals, not_after. All lines are taken, or none.")}
        .taken=${(/** @type {number} */ count) => t("{count} vehicles are new or other than before.", { count })}
        @wg-taken=${() => void this.load()}
      ></wg-table>
    </section>`;
  }
}

customElements.define("wg-vehicle-form", FormPart);
customElements.define("wg-vehicles", VehiclesPart);
