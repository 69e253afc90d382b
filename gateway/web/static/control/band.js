/**
 * In the band: since when the level holds, how many devices follow it and how many are late, how many people are inside,
 * and whether what goes on is a drill or real. Gets values; fetches nothing.
 */

import { t, timeOfDay } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";
import { NOTHING_YET } from "./state.js";
import { outermost, zoneNames } from "./zones.js";

export class BandPart extends Part {
  static properties = { state: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./state.js").State} */
    this.state = NOTHING_YET;
  }

  render() {
    const { level, propagation, counts, emergencies } = this.state;
    // Who is in a building is on its campus too: the outermost zones have everybody, once.
    const inside = outermost(Object.keys(counts.inside)).reduce((sum, zone) => sum + (counts.inside[zone] ?? 0), 0);
    return html`
      ${level?.since ? html`<span class="since">${t("since {time}", { time: timeOfDay(level.since).slice(0, 5) })}</span>` : nothing}
      ${level?.order ? html`<span class="order">${level.order}</span>` : nothing}
      ${emergencies.length ? html`<span class="emergencies" data-many=${emergencies.length > 1}>${emergencies.map((one) => this.emergency(one))}</span>` : nothing}
      ${propagation.asked
        ? html`<span class="follow"><span class="all">${t("{count} of {all} follow", { count: propagation.acknowledged, all: propagation.asked })}</span>
            ${propagation.late ? html`<b class="late"><span aria-hidden="true">▲</span> ${t("{count} late", { count: propagation.late })}</b>` : nothing}</span>`
        : nothing}
      <span class="inside">${t("inside {count}", { count: inside })}</span>
    `;
  }

  /** A drill is never taken for the real thing, nor the other way round: each says which it is, and looks it. */
  emergency(/** @type {any} */ one) {
    return html`<b class="emergency" data-drill=${Boolean(one.drill)}
      ><span aria-hidden="true">${one.drill ? "▨" : "■"}</span> ${one.drill ? t("DRILL") : t("REAL")} ${one.kind === "lockdown" ? t("LOCKDOWN") : t("EVACUATION")}
      ${zoneNames(one.zones ?? [])}</b
    >`;
  }
}

customElements.define("wg-c-band", BandPart);
