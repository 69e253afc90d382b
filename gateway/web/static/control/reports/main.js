/**
 * Reports: where what goes on paper is found, by what each is for. Nothing is worked out here; each line leads to the
 * page that does it, and stands there only for those who may.
 */

import { data, place, t } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { sheet, Tab } from "../tab.js";

sheet("/static/control/reports/reports.css");

/** @typedef {{to: string, title: string, what: string, rights: string[]}} Line any one of the rights is enough */

class ReportsTab extends Tab {
  /** @returns {Line[]} */
  get lines() {
    const gates = /** @type {string[]} */ (data("page").gates);
    return [
      { to: "/muster", title: t("Who is inside now"), what: t("By zone, to be printed before a roll call."), rights: ["start_emergency", "sign_emergencies"] },
      { to: "/cameras/report", title: t("Availability of the cameras"), what: t("Of a day or a month; as a workbook too."), rights: ["see_cameras"] },
      ...gates.map((gate) => ({
        to: `/paper?gate=${encodeURIComponent(gate)}`,
        title: t("Papers for a day without power: {gate}", { gate: place(gate) }),
        what: t("Who may come in, lists to write on, whom to call."),
        rights: ["answer_waiting"],
      })),
      { to: "#incidents", title: t("Reports of incidents"), what: t("The one-hour report, its review, and what followed."), rights: ["close_alarms", "sign_orders", "sign_emergencies"] },
      { to: "#people/reads", title: t("Who looked up what"), what: t("Every look at a person's movements, with its reason."), rights: ["read_reads", "read_ledger"] },
      { to: "#people/ledger", title: t("The ledger"), what: t("Every record, and whether it is whole."), rights: ["read_ledger"] },
    ];
  }

  render() {
    const shown = this.lines.filter((line) => line.rights.some((right) => this.may(right)));
    return html`<section class="reports" aria-labelledby="h-reports">
      <h2 id="h-reports">${t("Reports")}</h2>
      ${shown.length
        ? html`<ul>${shown.map((line) => html`<li class="panel"><a href=${line.to}>${line.title}</a><p>${line.what}</p></li>`)}</ul>`
        : html`<p class="empty">${t("Your roles have no report here.")}</p>`}
      ${this.may("export")
        ? html`<p class="quiet">${t("Tables of visits, passages, decisions and alarms are exported through the API; with many rows two people are needed.")}</p>`
        : nothing}
    </section>`;
  }
}

customElements.define("wg-c-reports", ReportsTab);
