/**
 * The lines under the band: what is not as it should be with this page, and reports whose hour presses, on every tab.
 * Gets values; fetches nothing. What is to be done about a report is a link to it.
 */

import { data, t, texts, timeOfDay, word } from "../i18n.js";
import { dotted, html, nothing, Part } from "../live/parts.js";
import { inOrder, inWords, pressing, signOf } from "./incidents/hour.js";
import { where } from "./overview/where.js";
import { NOTHING_YET } from "./state.js";

/** @typedef {import("./incidents/hour.js").Summary} Summary */

/** So many reports stand there by themselves; the rest are told as a number. */
const NAMED = 2;
const LEADER = "duty-leader";
const PRESSES = new Set(["called", "last", "over"]);

export class NoticesPart extends Part {
  static properties = {
    state: { attribute: false },
    lostSince: { attribute: false },
    said: { attribute: false },
    now: { attribute: false },
    mayOpen: { attribute: false },
  };

  constructor() {
    super();
    /** @type {import("./state.js").State} */
    this.state = NOTHING_YET;
    /** When the gateway last spoke, if it does not any more. @type {number | null} */
    this.lostSince = null;
    this.said = "";
    this.now = 0;
    /** The tab of incidents is there. */
    this.mayOpen = false;
  }

  render() {
    const what = this.state.away.map((one) => word("away", one)).join(", ");
    return html`
      ${this.lostSince !== null
        ? html`<p class="notice lost" role="status"><span aria-hidden="true">✕</span>
            <b>${t("No connection to the gateway. What is shown is as of {time}.", { time: timeOfDay(this.lostSince) })}</b>
            ${t("The page tries again by itself. Until then ask by radio or telephone.")}</p>`
        : nothing}
      ${what ? html`<p class="notice">${t("The gateway has lost its {what}. Devices decide by their own lists until it is back.", { what })}</p>` : nothing}
      ${this.state.hasPast ? nothing : html`<p class="notice">${t("Past taps cannot be shown just now: the records cannot be read or written.")}</p>`}
      ${this.reports()}
      ${this.said ? html`<p class="notice" role="status">${this.said}</p>` : nothing}
    `;
  }

  reports() {
    const due = inOrder(/** @type {Summary[]} */ (this.state.incidents)).filter((one) => PRESSES.has(pressing(one, this.now)));
    const more = due.length - NAMED;
    if (!due.length) return nothing;
    return html`<div class="due-reports">${due.slice(0, NAMED).map((one) => this.report(one))}
      ${more > 0 ? html`<p class="notice report">${t("{count} more reports are due", { count: more })}</p>` : nothing}</div>`;
  }

  report(/** @type {Summary} */ one) {
    const how = pressing(one, this.now);
    const leader = (data("page").calls ?? []).find((/** @type {any} */ line) => line.id === LEADER);
    const inside = html`<b><span aria-hidden="true">${signOf(how)}</span> ${t("Report: {state}", { state: inWords(one, this.now) })}</b>
      <span>${one.drill ? `${t("DRILL")} ` : ""}${dotted(word("incident_kind", one.kind), where(one.place, this.state.devices))}</span>
      ${leader?.number ? html`<span>${leader.name[texts.language]} <b>${leader.number}</b></span>` : nothing}`;
    return this.mayOpen
      ? html`<a class="notice report" data-how=${how} href=${`#incidents/${one.id}`}>${inside} <span aria-hidden="true">›</span></a>`
      : html`<p class="notice report" data-how=${how}>${inside}</p>`;
  }
}

customElements.define("wg-c-notices", NoticesPart);
