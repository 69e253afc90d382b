/**
 * The list of devices: the wrong ones on top, by kind, place and state, found by typing. What is under a finger or has
 * the keyboard keeps its place until both are gone.
 */

import { t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { inOrder, placeOf, SIGNS } from "./words.js";

/** @typedef {import("./words.js").Device} Device */
/** @typedef {ReturnType<typeof inOrder>[number]} Row */

export class DeviceList extends Part {
  static properties = {
    devices: { attribute: false },
    alarms: { attribute: false },
    chosen: { attribute: false },
    at: { attribute: false },
    enrols: { attribute: false },
    words: { state: true },
    kind: { state: true },
    where: { state: true },
    wrongOnly: { state: true },
  };

  constructor() {
    super();
    /** @type {Device[] | null} */
    this.devices = null;
    /** @type {import("./words.js").Alarm[]} */
    this.alarms = [];
    this.chosen = "";
    this.at = 0;
    /** There is a way to a new one. */
    this.enrols = false;
    this.words = "";
    this.kind = "";
    this.where = "";
    this.wrongOnly = false;
    /** The order in which they stood last. @type {string[]} */
    this.order = [];
  }

  find() {
    /** @type {HTMLElement | null} */ (this.querySelector("input"))?.focus();
  }

  /** @returns {Row[]} */
  rows() {
    const found = inOrder(this.devices ?? [], this.alarms, this.at);
    const list = this.querySelector(".dv-rows");
    const held = list !== null && (list.matches(":hover") || list.contains(document.activeElement));
    if (held) {
      const place = (/** @type {Row} */ row) => {
        const known = this.order.indexOf(row.device.id);
        return known < 0 ? this.order.length : known;
      };
      found.sort((a, b) => place(a) - place(b));
    }
    this.order = found.map((row) => row.device.id);
    const wanted = this.words.trim().toLowerCase();
    return found.filter(
      ({ device, state }) =>
        (!this.kind || device.kind === this.kind) &&
        (!this.where || device.portal === this.where || device.zone === this.where) &&
        (!this.wrongOnly || state !== "normal") &&
        (!wanted || `${device.id} ${placeOf(device)} ${word("device", device.kind)}`.toLowerCase().includes(wanted)),
    );
  }

  render() {
    if (this.devices === null) return html`<p class="empty">${t("loading …")}</p>`;
    const rows = this.rows();
    const kinds = [...new Set(this.devices.map((one) => one.kind))];
    const places = [...new Map(this.devices.map((one) => [one.portal ?? one.zone ?? "", placeOf(one)]))].sort((a, b) => a[1].localeCompare(b[1]));
    const wrong = inOrder(this.devices, this.alarms, this.at).filter((row) => row.state !== "normal").length;
    return html`
      <div class="dv-head">
        <h2 id="h-devices">${t("Devices")}</h2>
        <span class="quiet">${t("{count} in all, {wrong} not in order", { count: this.devices.length, wrong })}</span>
      </div>
      <div class="dv-filters" role="search">
        <label class="dv-find"><span>${t("Find")}</span> <input type="search" .value=${this.words} autocomplete="off" @input=${(/** @type {any} */ event) => (this.words = event.target.value)} /></label>
        <label><span>${t("Kind")}</span>
          <select @change=${(/** @type {any} */ event) => (this.kind = event.target.value)}>
            <option value="">${t("all")}</option>
            ${kinds.map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${word("device", kind)}</option>`)}
          </select></label>
        <label><span>${t("Place")}</span>
          <select @change=${(/** @type {any} */ event) => (this.where = event.target.value)}>
            <option value="">${t("all")}</option>
            ${places.map(([id, name]) => html`<option value=${id} ?selected=${id === this.where}>${name}</option>`)}
          </select></label>
        <button type="button" aria-pressed=${this.wrongOnly} @click=${() => (this.wrongOnly = !this.wrongOnly)}>${t("Only what is not in order")}</button>
      </div>
      <ul class="dv-rows" aria-labelledby="h-devices">
        ${rows.map(
          ({ device, state, words }) => html`<li>
            <a href=${`#devices/${device.id}`} aria-current=${device.id === this.chosen ? "true" : nothing} data-state=${state}>
              <span class="sign" aria-hidden="true">${SIGNS[state]}</span>
              <b>${device.id}</b>
              <span class="dv-state">${words}</span>
              <span class="quiet dv-where">${word("device", device.kind)} · ${placeOf(device)}</span>
            </a>
          </li>`,
        )}
      </ul>
      ${rows.length ? nothing : html`<p class="empty">${this.devices.length ? t("No device fits. Change what you look for, or take a filter away.") : t("No device is enrolled yet. An administrator enrols the first one here.")}</p>`}
      ${this.enrols ? html`<p class="dv-new"><a class="button" href="#devices/+new">${t("Enrol a device")}</a></p>` : nothing}
    `;
  }
}

customElements.define("wg-c-device-list", DeviceList);
