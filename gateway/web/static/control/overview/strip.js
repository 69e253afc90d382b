/** The level a day back and a day ahead, and the numbers of the campus, in one strip. Gets values; all leads to its page. */

import { place, t, timeOfDay } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import "../level/timeline.js";
import { outermost } from "../zones.js";

const HOURS = 24;

export class StripPart extends Part {
  static properties = { state: { attribute: false }, times: { attribute: false }, isOld: { attribute: false }, rights: { attribute: false }, wall: { attribute: false }, now: { attribute: false } };

  constructor() {
    super();
    /** @type {import("../state.js").State} */
    this.state = /** @type {any} */ (null);
    /** The levels over time. @type {import("../level/timeline.js").Times | null} */
    this.times = null;
    /** The levels may be others by now; the band has the one in force. */
    this.isOld = false;
    /** @type {string[]} */
    this.rights = [];
    /** Nothing to press; the band has the level. */
    this.wall = false;
    this.now = 0;
  }

  render() {
    const { counts } = this.state;
    // The outermost zones have everybody: the band says that. Here stands where they are, as far as it is known.
    const whole = new Set(outermost(Object.keys(counts.inside)));
    const some = Object.entries(counts.inside).filter(([, count]) => count > 0);
    const inner = some.filter(([zone]) => !whole.has(zone));
    const zones = inner.length ? inner : some;
    const asOf = this.isOld && this.times ? timeOfDay(this.times.now).slice(0, 5) : "";
    return html`
      <div class="levels" data-old=${Boolean(asOf)}>
        ${asOf ? html`<p class="as-of"><span aria-hidden="true">✕</span> ${t("as of {time}", { time: asOf })}</p>` : nothing}
        <wg-l-timeline .times=${this.times} .now=${this.now} .hours=${HOURS} .href=${this.wall ? "" : "#level"}></wg-l-timeline>
      </div>
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
}

customElements.define("wg-c-strip", StripPart);
