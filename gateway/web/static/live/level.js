/** The level in force, at the left of the band. */

import { place, t, timeOfDay, word } from "../i18n.js";
import { html, nothing, Part } from "./parts.js";

export class LevelPart extends Part {
  static properties = { level: { attribute: false } };

  constructor() {
    super();
    /** @type {import("../store.js").Level} */
    this.level = { level: 3, drill: false, since: null, until: null, zones: [] };
  }

  render() {
    const { level, drill, until, zones } = this.level;
    return html`
      <span class="level-code">L${level}</span>
      ${level < 3
        ? html`<span class="level-bars" aria-hidden="true">${Array.from({ length: 4 - level }, () => html`<i></i>`)}</span>`
        : nothing}
      <span>${word("level", String(level))}</span>
      ${drill ? html`<span class="level-drill">${t("DRILL")}</span>` : nothing}
      ${until ? html`<span>${t("until {time}", { time: timeOfDay(until).slice(0, 5) })}</span>` : nothing}
      ${zones.length ? html`<span>${zones.map(place).join(", ")}</span>` : nothing}
    `;
  }
}

customElements.define("wg-level", LevelPart);
