/**
 * The level now: zones that go alike in one line, with what sets it, since when and until when; and zone by zone, with how
 * many devices there follow.
 */

import { place, t } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { said } from "../../slips/times.js";
import { COMMA } from "./preview_lines.js";
import { documentOf, levelSign } from "./signs.js";

/** @typedef {{zone: string, level: number, drill: boolean, since: string | null, until: string | null,
 *   order: string | null, devices: {asked: number, acknowledged: number, verified: number, late: number, away: number}}} Zone */
/** @typedef {import("./signs.js").Order} Order */

/** @param {Zone[] | null} zones @param {Order[]} orders */
export function zoneTable(zones, orders) {
  if (zones === null) return html`<p class="empty">${t("The levels appear here, zone by zone.")}</p>`;
  const known = new Map(orders.map((order) => [order.id, order]));
  const groups = alike(zones);
  return html`<table class="zones">
      <caption class="sr">${t("The level now")}</caption>
      ${head(false)}
      <tbody>
        ${groups.map((some) => row(/** @type {Zone} */ (some[0]), some.length === zones.length ? t("Everywhere") : some.map((one) => place(one.zone)).join(COMMA), known, false))}
      </tbody>
    </table>
    <details><summary>${t("Zone by zone, with who follows")}</summary>
      <table>${head(true)}<tbody>${zones.map((one) => row(one, place(one.zone), known, true))}</tbody></table>
    </details>`;
}

/** Zones with the same level by the same order, the strictest first. @returns {Zone[][]} */
function alike(/** @type {Zone[]} */ zones) {
  /** @type {Map<string, Zone[]>} */
  const found = new Map();
  for (const one of zones) {
    const key = `${one.level}/${one.order}`;
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found.values()].sort((a, b) => (a[0]?.level ?? 3) - (b[0]?.level ?? 3));
}

function head(/** @type {boolean} */ follows) {
  return html`<thead><tr>
    <th scope="col">${t("Zone")}</th><th scope="col">${t("Level")}</th><th scope="col">${t("By order")}</th><th scope="col">${t("since")}</th><th scope="col">${t("until")}</th>
    ${follows ? html`<th scope="col" class="number">${t("follow")}</th>` : nothing}
  </tr></thead>`;
}

/** @param {Zone} one @param {string} name @param {Map<string, Order>} known @param {boolean} follows */
function row(one, name, known, follows) {
  const order = one.order === null ? undefined : known.get(one.order);
  return html`<tr data-level=${one.level} data-drill=${one.drill}>
    <th scope="row">${name}</th>
    <td>${levelSign(one.level, one.drill)}</td>
    <td>${one.order === null ? html`<span class="quiet">${t("none needed")}</span>` : html`<a href=${`#level/${one.order}`}>${(order && documentOf(order)) || t("By order")}</a>`}</td>
    <td>${one.since ? said(one.since) : nothing}</td>
    <td>${one.order === null ? nothing : one.until ? said(one.until) : t("without an end")}</td>
    ${follows ? html`<td class="number">${following(one.devices)}</td>` : nothing}
  </tr>`;
}

function following(/** @type {Zone["devices"]} */ devices) {
  const wrong = devices.late + devices.away;
  return html`<span data-late=${devices.late > 0}>${wrong ? html`<span aria-hidden="true">${devices.late ? "◆" : "✕"}</span> ` : nothing}${devices.acknowledged}/${devices.asked}</span>`;
}
