/** A group in the visit's sheet: who is on the list, how many are inside, and counting them in and out. */

import { html, nothing } from "../sheet.js";
import { place, t } from "../../i18n.js";

/** @typedef {import("./visits.js").VisitsSheet} VisitsSheet */

const STEPS = [1, 5, 10];

function render(/** @type {VisitsSheet} */ sheet) {
  const { group, state } = sheet.visit;
  const inside = group.counted_in - group.counted_out;
  const portals = sheet.kiosk.portals.filter((one) => one.kind === "gate");
  const way = (/** @type {string} */ direction) => portals.filter((one) => one.directions.includes(direction));
  return html`<h4>${t("Group of {count}", { count: group.members.length })}</h4>
    <p class="v-inside">${t("{count} of {all} inside", { count: inside, all: group.members.length })}
      · ${t("{count} counted in", { count: group.counted_in })} · ${t("{count} counted out", { count: group.counted_out })}</p>
    <details class="v-members"><summary>${t("The list")}</summary>
      <ol>${group.members.map((/** @type {any} */ one) => html`<li>${one.name}${one.document_ending ? html` <span class="v-hint">… ${one.document_ending}</span>` : nothing}</li>`)}</ol>
    </details>
    ${["expected", "checked_in"].includes(state)
      ? html`<div class="v-count">
          <div class="v-steps" role="group" aria-label=${t("How many")}>
            ${STEPS.map((step) => html`<button type="button" @click=${() => (sheet.count = Math.min(group.members.length, sheet.count + step))}>+${step}</button>`)}
            <output>${sheet.count}</output>
            <button type="button" @click=${() => (sheet.count = Math.max(1, sheet.count - 1))}>−1</button>
            <button type="button" @click=${() => (sheet.count = Math.max(1, group.members.length - inside))}>${t("All")}</button>
          </div>
          ${way("in").map((one) => html`<button type="button" class="main" ?disabled=${sheet.busy} @click=${() => count(sheet, one.id, "in")}>${t("{count} in by {place}", { count: sheet.count, place: place(one.id) })}</button>`)}
          ${way("out").map((one) => html`<button type="button" ?disabled=${sheet.busy || inside === 0} @click=${() => count(sheet, one.id, "out")}>${t("{count} out by {place}", { count: sheet.count, place: place(one.id) })}</button>`)}
        </div>`
      : nothing}`;
}

async function count(/** @type {VisitsSheet} */ sheet, /** @type {string} */ portal, /** @type {string} */ direction) {
  const number = sheet.count;
  const done = direction === "in" ? t("{count} counted in.", { count: number }) : t("{count} counted out.", { count: number });
  await sheet.group({ portal, direction, number }, done);
}

export const GROUP_PARTS = { render };
