/** The numbers of the campus and what is ahead of its level, in one strip. Gets values; every number leads to its page. */

import { place, t, texts, timeOfDay, word } from "../../i18n.js";
import { dotted, html, nothing, Part } from "../../live/parts.js";
import { zoneNames } from "../zones.js";

/** @typedef {{at: string, zone: string, level: number, order: string | null, drill: boolean}} Change */

const DAY_MS = 24 * 3600_000;
const NEXT = 3;

export class StripPart extends Part {
  static properties = { state: { attribute: false }, ahead: { attribute: false }, rights: { attribute: false }, wall: { attribute: false }, now: { attribute: false } };

  constructor() {
    super();
    /** @type {import("../state.js").State} */
    this.state = /** @type {any} */ (null);
    /** What is ahead, zone by zone. @type {Change[]} */
    this.ahead = [];
    /** @type {string[]} */
    this.rights = [];
    /** Nothing to press; the band has the level. */
    this.wall = false;
    this.now = 0;
  }

  render() {
    const { counts } = this.state;
    const zones = Object.entries(counts.inside).filter(([, count]) => count > 0);
    return html`
      ${this.level()}
      <ul class="numbers" aria-label=${t("Counts")}>
        ${zones.slice(0, 6).map(([zone, count]) => html`<li>${place(zone)} <b>${count}</b></li>`)}
        ${zones.length > 6 ? html`<li>${t("other zones")} <b>${zones.slice(6).reduce((sum, [, count]) => sum + count, 0)}</b></li>` : nothing}
        ${zones.length ? nothing : html`<li>${t("inside")} <b>0</b></li>`}
        <li>${t("visitors")} <b>${counts.visitors_inside}</b></li>
        <li data-wrong=${counts.waiting > 0}>${counts.waiting ? html`<span aria-hidden="true">◆</span>` : nothing} ${t("waiting")} <b>${counts.waiting}</b></li>
        ${this.wrong("devices", t("devices down"), counts.devices_down)} ${this.wrong("cameras", t("cameras not in order"), counts.cameras_unhealthy)}
      </ul>
    `;
  }

  /** @param {string} tab @param {string} text @param {number} count */
  wrong(tab, text, count) {
    const inside = html`${count ? html`<span aria-hidden="true">✕</span>` : nothing} ${text} <b>${count}</b>`;
    const may = this.rights.includes(tab === "devices" ? "see_devices" : "see_cameras");
    return html`<li data-wrong=${count > 0} data-lost=${count > 0}>${may ? html`<a href=${`#${tab}`}>${inside}</a>` : inside}</li>`;
  }

  /** The day ahead: one bar, and the next changes in words. */
  level() {
    const level = this.state.level;
    if (level === null) return nothing;
    const next = whole(this.ahead).filter((one) => Date.parse(one.at) > this.now).slice(0, NEXT);
    return html`<p class="ahead">
      ${this.wall ? nothing : html`<a href="#level"><b>L${level.level}</b> ${level.zones.length ? zoneNames(level.zones) : word("level", String(level.level))}</a>`}
      ${next.length
        ? next.map((one) => html`<span class="next"><span aria-hidden="true">→</span> ${dotted(
            `${this.when(one.at)} L${one.level}`,
            one.drill && t("DRILL"),
            one.zones.length < Object.keys(this.state.counts.inside).length && zoneNames(one.zones),
          )}</span>`)
        : html`<span class="quiet">${t("no change is ahead")}</span>`}
    </p>`;
  }

  /** A time of today; of another day with its date. */
  when(/** @type {string} */ at) {
    const time = timeOfDay(at).slice(0, 5);
    if (Date.parse(at) - this.now < DAY_MS && dayOf(at) === dayOf(this.now)) return time;
    return `${dayOf(at)} ${time}`;
  }
}

const days = new Intl.DateTimeFormat("sv-SE", { timeZone: texts.timezone, dateStyle: "short" });

function dayOf(/** @type {string | number} */ at) {
  return days.format(new Date(at)).slice(5);
}

/** Changes of several zones at one moment to one level are one. @returns {(Change & {zones: string[]})[]} */
export function whole(/** @type {Change[]} */ changes) {
  /** @type {Map<string, Change & {zones: string[]}>} */
  const found = new Map();
  for (const one of changes) {
    const key = `${one.at}/${one.level}/${one.drill}`;
    const known = found.get(key);
    if (known) known.zones.push(one.zone);
    else found.set(key, { ...one, zones: [one.zone] });
  }
  return [...found.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

customElements.define("wg-c-strip", StripPart);
