/**
 * The lines under the band: what is not as it should be with this page. Gets values; nothing here is to be pressed.
 */

import { t, timeOfDay, word } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";
import { NOTHING_YET } from "./state.js";

export class NoticesPart extends Part {
  static properties = { state: { attribute: false }, lostSince: { attribute: false }, said: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./state.js").State} */
    this.state = NOTHING_YET;
    /** When the gateway last spoke, if it does not any more. @type {number | null} */
    this.lostSince = null;
    this.said = "";
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
      ${this.said ? html`<p class="notice" role="status">${this.said}</p>` : nothing}
    `;
  }
}

customElements.define("wg-c-notices", NoticesPart);
