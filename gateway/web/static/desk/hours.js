/** Times of the week, typed: from, until, on which days; as many as one likes. */

import { html, nothing } from "lit";
import { t, word } from "../i18n.js";

/** @typedef {{from: string, to: string, days: number[]}} Hours */

const DAYS = [0, 1, 2, 3, 4, 5, 6];

/**
 * @param {object} how
 * @param {string} how.legend
 * @param {Hours[]} how.hours
 * @param {Hours} how.fresh what a new one begins with
 * @param {string} how.path what the gateway calls it
 * @param {string} how.error
 * @param {(hours: Hours[]) => void} how.change
 */
export function hoursField({ legend, hours, fresh, path, error, change }) {
  const put = (/** @type {number} */ at, /** @type {Partial<Hours>} */ some) =>
    change(hours.map((one, i) => (i === at ? { ...one, ...some } : one)));
  const value = (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).value;
  return html`<fieldset aria-invalid=${error ? "true" : nothing} tabindex="-1">
    <legend>${legend}</legend>
    ${hours.map(
      (one, at) => html`<div class="times" role="group" aria-label=${t("Time {number}", { number: at + 1 })}>
        <input type="time" aria-label=${t("From")} .value=${one.from} @input=${(/** @type {Event} */ e) => put(at, { from: value(e) })} />
        <input type="time" aria-label=${t("Until")} .value=${one.to} @input=${(/** @type {Event} */ e) => put(at, { to: value(e) })} />
        <div class="days">
          ${DAYS.map(
            (day) => html`<button type="button" aria-pressed=${one.days.includes(day) ? "true" : "false"}
              @click=${() => put(at, { days: one.days.includes(day) ? one.days.filter((other) => other !== day) : [...one.days, day].sort() })}>
              ${word("weekday", String(day))}
            </button>`,
          )}
        </div>
        <button type="button" @click=${() => change(hours.filter((_, i) => i !== at))}>${t("Remove")}</button>
      </div>`,
    )}
    <button type="button" @click=${() => change([...hours, { ...fresh, days: [...fresh.days] }])}><span aria-hidden="true">+</span> ${t("A time")}</button>
    <p class="error" id=${`e-${path}`} role="alert">${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}</p>
  </fieldset>`;
}

/** A line of a timetable, said. */
export function saidHours(/** @type {Hours} */ one) {
  const days = one.days.length === 7 ? "" : `${one.days.map((day) => word("weekday", String(day))).join(" ")} `;
  return `${days}${one.from}–${one.to}`;
}
