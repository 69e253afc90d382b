/** Groups and windows: which group passes where and when, as the campus file has it. Changed under Configuration. */

import { ask } from "../../api.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { clockOf, Section } from "./section.js";

/** @typedef {{from_min: number, to_min: number, days: number[]}} Window */

export class WindowsPart extends Section {
  static properties = { told: { state: true } };

  constructor() {
    super();
    /** @type {any} */
    this.told = null;
  }

  async load() {
    try {
      this.told = await ask("GET", "windows");
    } catch (problem) {
      this.say(problem);
    }
  }

  render() {
    const { told } = this;
    return html`<section aria-labelledby="h-windows">
      <h2 id="h-windows">${t("Groups and windows")}</h2>
      <p class="quiet">${t("They stand in the campus file. Two people change it under Configuration; it holds from the gateway's next start.")}</p>
      ${this.status()} ${told === null ? nothing : html`${this.rules(told)} ${this.groups(told)} ${this.hours(told)} ${this.calendar(told)}`}
    </section>`;
  }

  rules(/** @type {any} */ told) {
    return html`<h3>${t("Who may enter where")}</h3>
      <div class="wide" tabindex="0" role="group" aria-label=${t("Who may enter where")}>
        <table>
          <thead><tr><th scope="col">${t("Rule")}</th><th scope="col">${t("Permission groups")}</th><th scope="col">${t("Portals")}</th><th scope="col">${t("When")}</th></tr></thead>
          <tbody>
            ${told.permissions.map(
              (/** @type {any} */ rule) => html`<tr>
                <th scope="row">${rule.name}${rule.late_return ? html`<br><small>${t("recorded as a late return")}</small>` : nothing}</th>
                <td>${rule.groups.join(", ")}</td>
                <td>${[...rule.portals.map((/** @type {string} */ one) => place(one)), ...(rule.own_dormitory ? [t("their own dormitory")] : [])].join(", ")}</td>
                <td>${rule.windows === null ? t("at any hour") : rule.windows.map(saidWindow).join("; ")}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  groups(/** @type {any} */ told) {
    return html`<h3>${t("Permission groups")}</h3>
      <table>
        <thead><tr><th scope="col">${t("Permission group")}</th><th scope="col" class="number">${t("People")}</th><th scope="col">${t("Rules")}</th></tr></thead>
        <tbody>
          ${told.groups.map(
            (/** @type {any} */ one) => html`<tr><th scope="row">${one.group}</th><td class="number">${one.people}</td><td>${one.permissions.join(", ") || "–"}</td></tr>`,
          )}
        </tbody>
      </table>`;
  }

  hours(/** @type {any} */ told) {
    const lines = [
      [t("Leaving windows"), told.leaving.map(saidWindow).join("; ")],
      [t("Curfew"), told.curfew === null ? "" : saidWindow(told.curfew)],
      [t("Visiting hours"), told.visiting.map(saidWindow).join("; ")],
      ...told.lanes.map((/** @type {any} */ one) => [t("Vehicles stay out: {place}", { place: place(one.portal) }), `${saidWindow(one.window)} (${one.on.map((/** @type {string} */ kind) => word("day_kind", kind)).join(", ")})`]),
    ];
    return html`<h3>${t("Hours")}</h3>
      <dl class="facts">${lines.map(([name, value]) => html`<dt>${name}</dt><dd>${value || t("none")}</dd>`)}</dl>`;
  }

  calendar(/** @type {any} */ told) {
    return html`<h3>${t("Days that are not normal ones")}</h3>
      ${told.calendar.length
        ? html`<ul class="days">${told.calendar.map((/** @type {any} */ one) => html`<li>${one.day} ${word("day_kind", one.kind)}</li>`)}</ul>`
        : html`<p class="quiet">${t("None is written down: every day is a normal one.")}</p>`}`;
  }
}

function saidWindow(/** @type {Window} */ one) {
  const days = one.days.length === 7 ? "" : `${one.days.map((day) => word("weekday", String(day))).join(" ")} `;
  return `${days}${clockOf(one.from_min)}–${clockOf(one.to_min)}`;
}

customElements.define("wg-a-windows", WindowsPart);
