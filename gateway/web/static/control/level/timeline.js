/**
 * The levels of the last week and of what is entered ahead: a row for zones that go alike, a column for each day, and
 * the same as a table. With `hours` it is one bar for the whole campus, so many hours back and as many ahead, at each
 * moment the strictest level of any zone. No text is in the picture: labels are text of the page.
 */

import { place, t, texts, timeOfDay, word } from "../../i18n.js";
import { svg } from "lit";
import { dotted, html, nothing, Part } from "../../live/parts.js";
import { fromField, said, toField } from "../../slips/times.js";
import { sheet } from "../tab.js";
import { outermost } from "../zones.js";
import { COMMA } from "./preview_lines.js";

sheet("/static/control/level/timeline.css");

/** @typedef {{from: string, to: string, level: number, order: string | null, drill: boolean}} Spell */
/** @typedef {{from: number, to: number, level: number, drill: boolean, zones: string[]}} Strictest of any zone; none named: everywhere */
/** @typedef {{site: string, from: string, to: string, now: string, zones: {zone: string, spells: Spell[]}[]}} Times */

export const BACK = 7;
export const AHEAD = 14;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WIDE = 2200;
const HIGH = 36;
const NAMED = 3;
const weekday = new Intl.DateTimeFormat(texts.language === "zh" ? "zh-CN" : "en-GB", { timeZone: texts.timezone, weekday: "narrow" });

export class TimelinePart extends Part {
  static properties = { times: { attribute: false }, now: { attribute: false }, hours: { attribute: false }, href: { attribute: false } };

  constructor() {
    super();
    /** @type {Times | null} */
    this.times = null;
    this.now = 0;
    /** So many hours back and ahead, in one bar; 0: day by day. */
    this.hours = 0;
    /** Where the one bar leads to; "": nowhere. */
    this.href = "";
  }

  /** Painted anew when the times change, or the line of now has moved by a pixel. */
  shouldUpdate(/** @type {Map<string, unknown>} */ changed) {
    return changed.has("times") || !this.hasUpdated || Math.abs(this.now - this.paintedAt) > 300_000;
  }

  paintedAt = 0;

  render() {
    const { times } = this;
    if (this.hours) return times === null ? nothing : this.compact(times);
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

  /** One bar; what it says stands there as a sentence too, for whoever does not see it. */
  compact(/** @type {Times} */ times) {
    this.paintedAt = this.now;
    const [start, end] = [this.now - this.hours * HOUR_MS, this.now + this.hours * HOUR_MS];
    const found = strictest(times, start, end);
    const later = strictest(times, end, Date.parse(times.to))[1];
    const spells = found.map((one) => ({ ...one, from: new Date(one.from).toISOString(), to: new Date(one.to).toISOString(), order: null }));
    const told = t("Level, {hours} hours back and ahead: {told}", { hours: this.hours, told: found.map((one) => `${hourOf(one.from)}–${hourOf(one.to)} ${inWords(one)}`).join("; ") });
    const inside = html`<span class="sr">${told}</span><span class="names" aria-hidden="true">${found.map((one) => this.label(one, start, end))}</span>
      <span aria-hidden="true">${this.bar(spells, start, end)}</span>
      <span class="axis" aria-hidden="true"><span>${t("{count} h ago", { count: this.hours })}</span><span>▲ ${t("Now")}</span>
        <span>${later ? `→ ${said(new Date(later.from).toISOString())} ${inWords(later)}` : t("in {count} h", { count: this.hours })}</span></span>`;
    return this.href ? html`<a class="timeline compact" href=${this.href}>${inside}</a>` : html`<div class="timeline compact">${inside}</div>`;
  }

  /** @param {Strictest} one @param {number} start @param {number} end */
  label(one, start, end) {
    const wide = (one.to - one.from) / (end - start);
    const more = dotted(word("level", String(one.level)), one.drill && t("DRILL"), one.from > start && hourOf(one.from), one.zones.map(place).join(COMMA));
    return html`<span data-level=${one.level} data-from=${(one.from - start) / (end - start)} data-wide=${wide}><b>L${one.level}</b><i>${more}</i></span>`;
  }

  /** Where a label stands is not a word of its markup: the page's policy allows no style there. */
  updated() {
    for (const one of this.querySelectorAll(".names span")) {
      const { style, dataset } = /** @type {HTMLElement} */ (one);
      style.setProperty("left", `${Number(dataset.from) * 100}%`);
      style.setProperty("width", `${Number(dataset.wide) * 100}%`);
    }
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

/**
 * What is strictest on the campus, and where, from moment to moment.
 * @param {Times} times @param {number} start @param {number} end @returns {Strictest[]}
 */
export function strictest(times, start, end) {
  const spells = times.zones.flatMap(({ zone, spells: some }) => some.map((one) => ({ ...one, zone, from: Date.parse(one.from), to: Date.parse(one.to) })));
  const turns = [...new Set([start, ...spells.flatMap((one) => [one.from, one.to]), end])].filter((at) => at >= start && at <= end).sort((a, b) => a - b);
  /** @type {Strictest[]} */
  const found = [];
  for (const [index, from] of turns.slice(0, -1).entries()) {
    const to = turns[index + 1] ?? end;
    const there = spells.filter((one) => one.from <= from && one.to > from);
    const level = Math.min(3, ...there.map((one) => one.level));
    const those = there.filter((one) => one.level === level);
    const zones = level === 3 || those.length === times.zones.length ? [] : outermost(those.map((one) => one.zone));
    const drill = level < 3 && those.every((one) => one.drill);
    const last = found.at(-1);
    if (last && last.level === level && last.drill === drill && last.zones.join() === zones.join()) last.to = to;
    else found.push({ from, to, level, drill, zones });
  }
  return found;
}

function inWords(/** @type {Strictest} */ one) {
  return dotted(`L${one.level} ${word("level", String(one.level))}`, one.drill && t("DRILL"), one.zones.map(place).join(COMMA));
}

function hourOf(/** @type {number} */ at) {
  return timeOfDay(at).slice(0, 5);
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
