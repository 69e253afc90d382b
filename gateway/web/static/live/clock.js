/** The gateway's time and how the connection stands, in the band. */

import { t, timeOfDay } from "../i18n.js";
import { html, Part } from "./parts.js";

const SIGNS = { connecting: "○", connected: "●", lost: "✕" };

export class ClockPart extends Part {
  static properties = {
    now: { attribute: false },
    state: { attribute: false },
    heardAt: { attribute: false },
  };

  constructor() {
    super();
    /** The gateway's time, in ms. */
    this.now = 0;
    /** @type {"connecting" | "connected" | "lost"} */
    this.state = "connecting";
    /** When the gateway last spoke, by its own time. */
    this.heardAt = 0;
  }

  render() {
    const lost = t("not connected since {time}", { time: timeOfDay(this.heardAt) });
    const words = { connecting: t("connecting"), connected: t("connected"), lost };
    return html`
      <time class="clock">${timeOfDay(this.now)}</time>
      <span class="connection" data-state=${this.state}
        ><span aria-hidden="true">${SIGNS[this.state]}</span> ${words[this.state]}</span
      >
    `;
  }
}

customElements.define("wg-clock", ClockPart);
