/** Devices: those that are not as they should be first and in full, the others folded away. */

import { repeat } from "lit/directives/repeat.js";
import { place, t, timeOfDay, word } from "../i18n.js";
import { dotted, html, nothing, Part } from "./parts.js";

/** @typedef {import("../store.js").Device} Device */

const SIGNS = { lost: "✕", warning: "◆", normal: "●" };

/** @returns {"lost" | "warning" | "normal"} */
function stateOf(/** @type {Device} */ device) {
  if (!device.online) return "lost";
  return device.quarantined ? "warning" : "normal";
}

export class DevicesPart extends Part {
  static properties = { devices: { attribute: false } };

  constructor() {
    super();
    /** @type {Device[]} */
    this.devices = [];
  }

  render() {
    const wrong = this.devices.filter((device) => stateOf(device) !== "normal");
    const fine = this.devices.filter((device) => stateOf(device) === "normal");
    const online = this.devices.filter((device) => device.online).length;
    return html`
      <h2 class="head" id="h-devices">
        ${t("Devices")}: ${t("{online} of {all} online", { online, all: this.devices.length })}
      </h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="h-devices">
        ${this.devices.length
          ? nothing
          : html`<p class="empty">${t("No device is enrolled yet: `wardgate device enrol` adds the first.")}</p>`}
        <ul>${repeat(wrong, (device) => device.id, row)}</ul>
        ${fine.length
          ? html`<details class="rest" ?open=${wrong.length === 0}>
              <summary>${t("{count} as they should be", { count: fine.length })}</summary>
              <ul>${repeat(fine, (device) => device.id, row)}</ul>
            </details>`
          : nothing}
      </div>
    `;
  }
}

function row(/** @type {Device} */ device) {
  const state = stateOf(device);
  const words = { lost: t("lost"), warning: t("quarantined"), normal: t("online") };
  const since = device.lost_since && !device.online && t("since {time}", { time: timeOfDay(device.lost_since) });
  return html`<li class="device" data-state=${state}>
    <span class="sign" aria-hidden="true">${SIGNS[state]}</span>
    <span>${device.id}</span>
    <span class="word">${words[state]}</span>
    <div class="about">${dotted(word("device", device.kind), place(device.portal ?? device.zone), since)}</div>
  </li>`;
}

customElements.define("wg-devices", DevicesPart);
