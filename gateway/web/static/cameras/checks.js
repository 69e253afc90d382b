/** The checks of a day: the strip, the hours that have something to say, and each check of an hour on demand. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t, timeOfDay, word } from "../i18n.js";
import { COLON, COMMA } from "./signs.js";
import { cell, hourOf, inWords, kindInWords, kindOf, KINDS, strip } from "./strip.js";
import { dayAfter, dayOf } from "./times.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */
/** @typedef {import("./strip.js").Hour} Hour */

export function checks(/** @type {Page} */ page, /** @type {import("./signs.js").Camera} */ camera) {
  const { day, hours, since, all } = page.checks;
  const today = dayOf(page.now);
  return html`<section aria-labelledby="h-checks" class="checks">
    <div class="head">
      <h3 id="h-checks">${t("Checks of the day")}</h3>
      <div class="days">
        <button type="button" aria-label=${t("The day before")} @click=${() => void page.loadDay(dayAfter(day, -1))}>‹</button>
        <label class="sr" for="f-day">${t("Day")}</label>
        <input id="f-day" type="date" max=${today} .value=${day} @change=${(/** @type {Event} */ event) => choose(page, event)} />
        <button type="button" aria-label=${t("The day after")} ?disabled=${day >= today} @click=${() => void page.loadDay(dayAfter(day, 1))}>›</button>
      </div>
    </div>
    ${hours === null
      ? html`<p class="quiet">${t("One moment: the list is being opened.")}</p>`
      : html`${sums(hours)} ${strip(hours, since, `${day}${COLON}`)} ${scale(hours, since)} ${key(hours)} ${table(page, hours, since, all)}`}
    ${page.checks.open === null ? nothing : single(page, camera)}
  </section>`;
}

function choose(/** @type {Page} */ page, /** @type {Event} */ event) {
  const { value } = /** @type {HTMLInputElement} */ (event.target);
  if (/^\d{4}-\d\d-\d\d$/.test(value)) void page.loadDay(value);
}

/** @returns {number[]} planned, done, nothing found, and missed by the four reasons */
function summed(/** @type {Hour[]} */ hours) {
  return hours.reduce((/** @type {number[]} */ sums, hour) => sums.map((sum, at) => sum + (hour?.[at] ?? 0)), [0, 0, 0, 0, 0, 0, 0]);
}

function sums(/** @type {Hour[]} */ hours) {
  const [planned = 0, done = 0, clear = 0] = summed(hours);
  if (!planned) return html`<p class="quiet">${t("No check was planned on this day.")}</p>`;
  return html`<p>${t("{planned} planned, {done} done, {missed} missed; {finding} with a finding.", { planned, done, missed: planned - done, finding: done - clear })}</p>`;
}

function scale(/** @type {Hour[]} */ hours, /** @type {number} */ since) {
  return html`<div class="scale" aria-hidden="true">
    ${[0, 6, 12, 18].filter((at) => at < hours.length).map((at) => html`<span>${hourOf(since, at)}</span>`)}
  </div>`;
}

/** What the cells of this strip mean: those that are on it. */
function key(/** @type {Hour[]} */ hours) {
  const there = new Set(hours.map(kindOf));
  return html`<ul class="key">
    ${[...KINDS, "none"].filter((kind) => there.has(kind)).map((kind) => html`<li>${cell(kind)} ${kindInWords(kind)}</li>`)}
  </ul>`;
}

/** The same as a table: by exception, or whole. */
function table(/** @type {Page} */ page, /** @type {Hour[]} */ hours, /** @type {number} */ since, /** @type {boolean} */ all) {
  const rows = hours.flatMap((hour, at) => (hour && (all || kindOf(hour) !== "clear") ? [{ hour, at }] : []));
  const planned = hours.some((hour) => hour);
  return html`${rows.length
      ? html`<div class="wide" tabindex="0" role="group" aria-label=${t("Checks by the hour")}>
          <table>
            <caption class="sr">${inWords(hours, since)}</caption>
            <thead>
              <tr>
                <th scope="col">${t("Hour")}</th><th scope="col">${t("planned")}</th><th scope="col">${t("done")}</th>
                <th scope="col">${t("with a finding")}</th><th scope="col">${t("missed")}</th><th scope="col"><span class="sr">${t("Single checks")}</span></th>
              </tr>
            </thead>
            <tbody>
              ${rows.map(({ hour, at }) => row(page, /** @type {number[]} */ (/** @type {unknown} */ (hour)), at, since))}
            </tbody>
          </table>
        </div>`
      : planned
        ? html`<p class="quiet">${t("Every planned check of this day was done and found nothing.")}</p>`
        : nothing}
    ${planned
      ? html`<button type="button" class="small" aria-expanded=${all} @click=${() => page.showAllHours(!all)}>
          ${all ? t("Only hours with something to say") : t("All hours as a table")}
        </button>`
      : nothing}`;
}

function row(/** @type {Page} */ page, /** @type {number[]} */ hour, /** @type {number} */ at, /** @type {number} */ since) {
  const [planned = 0, done = 0, clear = 0, ...missed] = hour;
  const why = ["camera", "gateway", "overload", "maintenance"].flatMap((reason, index) => (missed[index] ? [`${word("camera_miss", reason)} ${missed[index]}`] : []));
  const open = page.checks.open === at;
  return html`<tr>
    <th scope="row">${hourOf(since, at)}</th><td>${planned}</td><td>${done}</td><td>${done - clear || "–"}</td><td>${why.length ? why.join(COMMA) : "–"}</td>
    <td>
      <button type="button" class="small" aria-expanded=${open} @click=${() => void page.openHour(open ? null : at)}>
        ${open ? t("Close") : t("Each check")}<span class="sr">: ${hourOf(since, at)}</span>
      </button>
    </td>
  </tr>`;
}

/** Each check of the hour that is open. */
function single(/** @type {Page} */ page, /** @type {import("./signs.js").Camera} */ camera) {
  const { open, since, checks: some } = page.checks;
  if (some === null) return html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`;
  const from = hourOf(since, open ?? 0);
  return html`<div class="single">
    <h4>${t("Each check from {time}", { time: from })} (${some.length})</h4>
    <ol>
      ${repeat(
        some,
        (one) => `${camera.id} ${one.due_at}`,
        (one) => {
          const kind = one.miss ?? (one.findings.length ? "finding" : "clear");
          const words = one.findings.length && !one.miss ? one.findings.map((/** @type {string} */ name) => word("camera_finding", name)).join(COMMA) : kindInWords(kind);
          return html`<li>${cell(kind)} <time datetime=${one.due_at}>${timeOfDay(one.due_at)}</time> ${words}</li>`;
        },
      )}
    </ol>
  </div>`;
}
