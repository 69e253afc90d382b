/** The same as the plan, as a table: place, kind, state; what is wrong on top. For whoever would rather read. */

import { repeat } from "lit/directives/repeat.js";
import { place, t } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { kindWord, nameOf } from "./board.js";
import { MARKS, markWord, SHAPES } from "./standings.js";

/** So many rows at once; who looks for another one types. */
const SHOWN = 150;

export class PlanTable extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    plans: { attribute: false },
    standings: { attribute: false },
    chosen: { attribute: false },
    text: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./standings.js").Plans | null} */
    this.plans = null;
    /** @type {import("./standings.js").Standings | null} */
    this.standings = null;
    /** @type {Set<string>} */
    this.chosen = new Set();
    this.text = "";
  }

  /** Signs and zones, the worst first, in the order of the plan. */
  get rows() {
    const { plans, standings } = this;
    if (plans === null || standings === null) return [];
    const signs = [...plans.plans.flatMap((plan) => plan.signs), ...plans.elsewhere];
    const zones = plans.plans.flatMap((plan) => plan.zones);
    const calm = /** @type {import("./standings.js").Standing} */ ({ mark: "normal", blinks: false, words: markWord("normal"), alarms: [], form: "" });
    const rows = [
      ...zones.map((zone) => ({ id: zone.id, of: "zone", name: nameOf(zone.name), at: zone.parent ? place(zone.parent) : "", kind: t("Zone"), isOnPlan: true, standing: standings.zones.get(zone.id) ?? calm })),
      ...signs.map((sign) => ({ id: sign.id, of: sign.of, name: nameOf(sign.name), at: place(sign.of === "device" ? (sign.portal ?? sign.zone) : sign.zone), kind: kindWord(sign.kind), isOnPlan: sign.at !== null, standing: standings.signs.get(sign.id) ?? calm })),
    ];
    const text = this.text.trim().toLowerCase();
    const wanted = text ? rows.filter((row) => `${row.name} ${row.id} ${row.at} ${row.kind} ${row.standing.words}`.toLowerCase().includes(text)) : rows;
    return wanted.sort((a, b) => MARKS.indexOf(a.standing.mark) - MARKS.indexOf(b.standing.mark));
  }

  render() {
    const { rows } = this;
    const elsewhere = this.standings?.elsewhere.length ?? 0;
    return html`<div class="find"><label for="f-plan-find">${t("Find on the plan")}</label>
        <input id="f-plan-find" type="search" autocomplete="off" .value=${this.text} @input=${(/** @type {Event} */ event) => (this.text = /** @type {HTMLInputElement} */ (event.target).value)} /></div>
      ${elsewhere ? html`<p class="empty">${t("Alarms without a place on the plan: {count}. They stand in the list of alarms.", { count: elsewhere })}</p>` : nothing}
      <table><caption class="sr">${t("Everything on the plan, what is wrong first")}</caption>
        <thead><tr><th scope="col">${t("Place")}</th><th scope="col">${t("Kind")}</th><th scope="col">${t("State")}</th></tr></thead>
        <tbody>${repeat(
          rows.slice(0, SHOWN),
          (row) => `${row.of}:${row.id}`,
          (row) => html`<tr data-mark=${row.standing.mark} data-id=${row.id} aria-current=${this.chosen.has(row.id) ? "true" : nothing}>
            <th scope="row"><button type="button" class="row" @click=${() => this.choose(row)}>${row.name}</button>
              <span class="quiet">${row.at}${row.isOnPlan ? nothing : html` · ${t("not on the plan")}`}</span></th>
            <td>${row.kind}</td>
            <td><span class="mark" data-mark=${row.standing.mark} ?data-blinks=${row.standing.blinks} aria-hidden="true">${SHAPES[row.standing.mark]}</span> ${row.standing.words}</td></tr>`,
        )}</tbody></table>
      ${rows.length > SHOWN ? html`<p class="empty">${t("{count} more: type a part of the name.", { count: rows.length - SHOWN })}</p>` : nothing}
      ${rows.length ? nothing : html`<p class="empty">${t("Nothing of that name is on the plan.")}</p>`}`;
  }

  choose(/** @type {{id: string, of: string, standing: import("./standings.js").Standing}} */ row) {
    this.dispatchEvent(new CustomEvent("wg-row", { detail: row, bubbles: true }));
  }
}

customElements.define("wg-plan-table", PlanTable);
