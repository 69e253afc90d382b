/**
 * What the page asks of whoever sits before it, in the row of tabs: say that you are there, look after another room, let
 * it sound. Gets values, says what a person wants (`wg-notice`). It stands where nothing else is, so that nothing moves
 * when it comes, and it never takes the keyboard.
 */

import { t } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";
import { lookedAfter, nameOf, unmanned } from "./rooms.js";
import { NOTHING_YET } from "./state.js";

export class ChipsPart extends Part {
  static properties = {
    state: { attribute: false },
    room: { attribute: false },
    rights: { attribute: false },
    isBlocked: { attribute: false },
    now: { attribute: false },
  };

  constructor() {
    super();
    /** @type {import("./state.js").State} */
    this.state = NOTHING_YET;
    this.room = "";
    /** @type {string[]} */
    this.rights = [];
    /** The browser does not let the page sound. */
    this.isBlocked = false;
    this.now = 0;
  }

  /** @param {string} act @param {string} [room] */
  want(act, room = "") {
    this.dispatchEvent(new CustomEvent("wg-notice", { detail: { act, room }, bubbles: true }));
  }

  /** Whoever sits in this room, or in any if none is chosen, is asked whether they are there. */
  get asked() {
    if (!this.rights.includes("close_alarms")) return null;
    const open = Object.values(this.state.vigilance).filter((one) => one.state === "asked" || one.state === "missed");
    return open.find((one) => !this.room || one.room === this.room) ?? null;
  }

  render() {
    const { asked } = this;
    const left = asked && Math.max(0, Math.round((Date.parse(asked.until) - this.now) / 1000));
    const time = `${Math.floor((left ?? 0) / 60)}:${String((left ?? 0) % 60).padStart(2, "0")}`;
    const closes = this.rights.includes("close_alarms") && this.room;
    const others = closes ? unmanned(this.state.rooms, this.room) : [];
    const ours = closes ? lookedAfter(this.state.rooms, this.room) : [];
    return html`
      ${this.isBlocked
        ? html`<button type="button" class="chip" data-want="sound" @click=${() => this.want("sound")}>
            ${t("The browser blocks the sound: touch to switch it on")}</button>`
        : nothing}
      ${others.map(
        (one) => html`<button type="button" class="chip" data-want="take-over" @click=${() => this.want("take-over", one.id)}>
          <span aria-hidden="true">◆</span> ${t("Nobody is in {room}: take over its alarms", { room: nameOf(one) })}</button>`,
      )}
      ${ours.map(
        (one) => html`<button type="button" class="small" data-want="hand-back" @click=${() => this.want("hand-back", one.id)}>
          ${t("Hand the alarms of {room} back", { room: nameOf(one) })}</button>`,
      )}
      ${asked
        ? html`<button type="button" class="chip" data-want="present" data-late=${left === 0} aria-keyshortcuts="P" @click=${() => this.want("present", asked.room)}>
            <span aria-hidden="true">◆</span> ${t("Press to say that you are there")} ${left ? html`<b>${time}</b>` : html`<b>${t("escalated")}</b>`} <kbd>P</kbd></button>`
        : nothing}
    `;
  }
}

customElements.define("wg-c-chips", ChipsPart);
