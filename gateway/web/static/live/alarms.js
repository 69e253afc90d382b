/** What is wrong now, the most urgent on top. Only the sign of an alarm that nobody has seen blinks. */

import { repeat } from "lit/directives/repeat.js";
import { age, place, t, word } from "../i18n.js";
import { dotted, html, nothing, Part, PRIORITY_SIGNS } from "./parts.js";

/** @typedef {import("../store.js").Alarm} Alarm */

export class AlarmsPart extends Part {
  static properties = {
    alarms: { attribute: false },
    devices: { attribute: false },
    mayAcknowledge: { attribute: false },
    mayClose: { attribute: false },
    reliefs: { attribute: false },
    now: { attribute: false },
    said: { attribute: false },
    busy: { attribute: false },
  };

  constructor() {
    super();
    /** @type {Alarm[]} */
    this.alarms = [];
    /** @type {import("../store.js").Device[]} */
    this.devices = [];
    this.mayAcknowledge = false;
    this.mayClose = false;
    /** @type {import("../store.js").Relief[]} */
    this.reliefs = [];
    this.now = 0;
    /** @type {Record<string, string>} */
    this.said = {};
    /** @type {Set<string>} */
    this.busy = new Set();
  }

  render() {
    return html`
      <h2 class="head" id="h-alarms">${t("Alarms")} (${this.alarms.length})</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="h-alarms">
        ${this.alarms.length
          ? html`<ul>${repeat(this.alarms, (alarm) => alarm.id, (alarm) => this.row(alarm))}</ul>`
          : html`<p class="empty">
              ${t("No alarms. What is wrong on the campus appears here, the most urgent on top.")}
            </p>`}
      </div>
    `;
  }

  /** Where it is: a device is named by where it stands. */
  about(/** @type {string} */ id) {
    const device = this.devices.find((one) => one.id === id);
    return device?.portal ? `${place(device.portal)} (${id})` : place(id);
  }

  /** A guard alone at a gate: how long until it is told once more, and one touch that somebody comes. */
  relief(/** @type {Alarm} */ alarm) {
    const wish = this.reliefs.find((one) => one.gate === alarm.place);
    if (!["relief_wanted", "relief_unanswered"].includes(alarm.condition) || wish === undefined) return nothing;
    if (wish.state === "coming") return html`<div class="about">${t("Somebody is coming.")}</div>`;
    const left = Math.max(0, Math.round((Date.parse(wish.until) - this.now) / 1000));
    return html`<div class="about">${t("{count} s left", { count: left })}</div>
      ${this.mayClose
        ? html`<button
            type="button"
            class="small"
            ?disabled=${this.busy.has(alarm.id)}
            @click=${() => this.act({ act: "coming", id: alarm.id, relief: wish.id })}
          >
            ${t("Somebody is coming")}<span class="sr">: ${this.about(alarm.place)}</span>
          </button>`
        : nothing}`;
  }

  row(/** @type {Alarm} */ alarm) {
    const isSeen = Date.parse(alarm.acknowledged_at ?? "") >= Date.parse(alarm.told_at ?? alarm.opened_at);
    const open = alarm.state === "unacknowledged" || (alarm.state === "returned" && !isSeen);
    const busy = this.busy.has(alarm.id);
    const what = word("alarm", alarm.condition);
    return html`<li class="alarm" data-state=${alarm.state}>
      <span class="sign" data-priority=${alarm.priority} aria-hidden="true">${PRIORITY_SIGNS[alarm.priority] ?? "◆"}</span>
      <div>
        <div class="what"><span class="sr">${word("priority", alarm.priority)}: </span>${what}</div>
        <div>${this.about(alarm.place)}</div>
        <div class="about">
          ${dotted(
            age(this.now - Date.parse(alarm.last_at)),
            alarm.count > 1 && t("{count} times", { count: alarm.count }),
            word("alarm_state", alarm.state),
          )}
        </div>
        ${this.relief(alarm)}
        ${this.said[alarm.id] ? html`<div class="said" role="status">${this.said[alarm.id]}</div>` : nothing}
      </div>
      ${this.mayAcknowledge && open
        ? html`<button
            type="button"
            class="small"
            aria-busy=${busy}
            ?disabled=${busy}
            aria-label=${`${t("Acknowledge")}: ${dotted(what, this.about(alarm.place))}`}
            @click=${() => this.act({ act: "acknowledge", id: alarm.id })}
          >
            ${t("Acknowledge")}
          </button>`
        : nothing}
    </li>`;
  }
}

customElements.define("wg-alarms", AlarmsPart);
