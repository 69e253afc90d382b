/**
 * The levels of the last week and of what is entered ahead: a row for zones that go alike, a column for each day, and
 * the same as a table. No text is in the picture: labels are text of the page.
 */

import { place, t, texts, word } from "../../i18n.js";
import { svg } from "lit";
import { html, nothing, Part } from "../../live/parts.js";
import { fromField, said, toField } from "../../slips/times.js";
import { COMMA } from "./preview_lines.js";

/** @typedef {{from: string, to: string, level: number, order: string | null, drill: boolean}} Spell */
/** @typedef {{site: string, from: string, to: string, now: string, zones: {zone: string, spells: Spell[]}[]}} Times */

export const BACK = 7;
export const AHEAD = 14;
const DAY_MS = 86_400_000;
const WIDE = 2200;
const HIGH = 36;
const NAMED = 3;
const weekday = new Intl.DateTimeFormat(texts.language === "zh" ? "zh-CN" : "en-GB", { timeZone: texts.timezone, weekday: "narrow" });

export class TimelinePart extends Part {
  static properties = { times: { attribute: false }, now: { attribute: false } };

  constructor() {
    super();
    /** @type {Times | null} */
    this.times = null;
    this.now = 0;
  }

  /** Painted anew when the times change, or the line of now has moved by a pixel. */
  shouldUpdate(/** @type {Map<string, unknown>} */ changed) {
    return changed.has("times") || !this.hasUpdated || Math.abs(this.now - this.paintedAt) > 300_000;
  }

  paintedAt = 0;

  render() {
    const { times } = this;
    if (times === null) return html`<p class="empty">${t("Orders of the last week and those entered ahead appear here day by day.")}</p>`;
    this.paintedAt = this.now;
    const today = fromField(`${toField(this.now).slice(0, 10)}T00:00`);
    const start = today - BACK * DAY_MS;
    const end = today + (AHEAD + 1) * DAY_MS;
    const days = Array.from({ length: BACK + AHEAD + 1 }, (_, index) => start + index * DAY_MS);
    const rows = alike(times);
    return html`<div class="timeline" role="img" aria-label=${t("Levels of the last {back} days and the next {ahead}; the table below says the same", { back: BACK, ahead: AHEAD })}>
        <div class="days" aria-hidden="true">${days.map((day) => html`<span data-today=${day === today}><i>${weekday.format(day)}</i>${Number(toField(day).slice(8, 10))}</span>`)}</div>
        ${rows.map(({ zones, spells }) => html`<div class="row" aria-hidden="true">
          <span class="name">${names(zones, times.zones.length)}</span>
          ${this.bar(spells, start, end)}
        </div>`)}
      </div>
      <details class="as-table"><summary>${t("The same as a table")}</summary>${table(rows, times.zones.length)}</details>`;
  }

  /** @param {Spell[]} spells @param {number} start @param {number} end */
  bar(spells, start, end) {
    const x = (/** @type {number} */ at) => Math.round(((Math.min(Math.max(at, start), end) - start) / (end - start)) * WIDE);
    return html`<svg viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" focusable="false">
      <defs><pattern id="stripes" width="14" height="14" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="14" class="stripe"></rect></pattern></defs>
      ${spells.map((one) => {
        const [from, to] = [x(Date.parse(one.from)), x(Date.parse(one.to))];
        const high = { 1: HIGH, 2: HIGH * 0.6, 3: 4 }[one.level] ?? 4;
        const place = { x: from, y: HIGH - high, width: Math.max(to - from, one.level < 3 ? 6 : 0), height: high };
        return svg`<rect class="spell" data-level=${one.level} x=${place.x} y=${place.y} width=${place.width} height=${place.height}></rect>
          ${one.drill ? svg`<rect x=${place.x} y=${place.y} width=${place.width} height=${place.height} fill="url(#stripes)"></rect>` : nothing}`;
      })}
      ${svg`<rect class="now" x=${x(this.now) - 2} y="0" width="4" height=${HIGH}></rect>`}
    </svg>`;
  }
}

/** Zones with the same spells are one row. @returns {{zones: string[], spells: Spell[]}[]} */
export function alike(/** @type {Times} */ times) {
  /** @type {Map<string, {zones: string[], spells: Spell[]}>} */
  const found = new Map();
  for (const { zone, spells } of times.zones) {
    const key = JSON.stringify(spells);
    const known = found.get(key);
    if (known) known.zones.push(zone);
    else found.set(key, { zones: [zone], spells });
  }
  return [...found.values()];
}

function names(/** @type {string[]} */ zones, /** @type {number} */ all) {
  if (zones.length === all) return t("Everywhere");
  const more = zones.length - NAMED;
  const said = zones.slice(0, NAMED).map(place).join(COMMA);
  return more > 0 ? `${said} ${t("and {count} more", { count: more })}` : said;
}

/** @param {{zones: string[], spells: Spell[]}[]} rows @param {number} all */
function table(rows, all) {
  return html`<table>
    <thead><tr><th scope="col">${t("Zones")}</th><th scope="col">${t("From")}</th><th scope="col">${t("Until")}</th><th scope="col">${t("Level")}</th></tr></thead>
    <tbody>
      ${rows.flatMap(({ zones, spells }) =>
        spells.map(
          (one) => html`<tr>
            <td>${names(zones, all)}</td><td>${said(one.from)}</td><td>${said(one.to)}</td>
            <td>L${one.level} ${word("level", String(one.level))}${one.drill ? ` ${t("DRILL")}` : ""}</td>
          </tr>`,
        ),
      )}
    </tbody>
  </table>`;
}

customElements.define("wg-l-timeline", TimelinePart);
