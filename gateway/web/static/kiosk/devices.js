/**
 * This gate's devices in the band: one sign each, and a word where one is not as it should be. Beside them the most urgent
 * alarm of the gate: touched, it opens the call list about it.
 */

import { place, t, word } from "../i18n.js";
import { html, nothing, Part, PRIORITY_SIGNS } from "../live/parts.js";

export class GateDevicesPart extends Part {
  static properties = { kiosk: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
  }

  render() {
    return this.kiosk ? html`${this.alarm()} ${this.devices()}` : nothing;
  }

  alarm() {
    const [one, ...more] = this.kiosk.state.alarms;
    if (one === undefined || !this.kiosk.rights.includes("answer_waiting")) return nothing;
    const about = { kind: "alarm", id: one.id };
    return html`<button type="button" class="k-alarm" data-priority=${one.priority} @click=${() => void this.kiosk.open("call", { about })}>
      <span aria-hidden="true">${PRIORITY_SIGNS[one.priority] ?? "◆"}</span> <span class="k-alarm-what">${word("alarm", one.condition)}</span>
      ${more.length ? html`<b>+${more.length}</b>` : nothing}<span class="sr">: ${t("whom to call")}</span>
    </button>`;
  }

  devices() {
    const devices = this.kiosk.state.devices;
    const wrong = devices.filter((one) => !one.online || one.quarantined);
    if (!devices.length) return html`<span class="k-devices">${t("no devices here")}</span>`;
    if (!wrong.length)
      return html`<span class="k-devices"><span aria-hidden="true">●</span> ${t("{count} devices", { count: devices.length })}</span>`;
    return html`<span class="k-devices wrong" title=${wrong.map((one) => one.id).join(", ")}>
      ${wrong.slice(0, 2).map(
        (one) =>
          html`<span data-state=${one.online ? "warning" : "lost"}
            ><span aria-hidden="true">${one.online ? "◆" : "✕"}</span> ${word("device", one.kind)},
            ${place(one.portal)}: ${one.online ? t("quarantined") : t("lost")}</span
          >`,
      )}
      ${wrong.length > 2 ? html`<span>${t("+{count} more", { count: wrong.length - 2 })}</span>` : nothing}
    </span>`;
  }
}

customElements.define("wg-k-devices", GateDevicesPart);
