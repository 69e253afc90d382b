/**
 * What is wrong now: the most urgent on top, what belongs together as one entry, and below it what nobody wants to hear
 * of for a while. Gets values and says what a person picks or wants (`wg-pick`, `wg-want`); fetches nothing.
 *
 * Promises: nothing moves while a pointer or the keyboard is on the list, and it says how many came meanwhile; only the
 * sign of what nobody has seen blinks.
 */

import { repeat } from "lit/directives/repeat.js";
import { age, t, timeOfDay, word } from "../../i18n.js";
import { dotted, html, nothing, Part, PRIORITY_SIGNS } from "../../live/parts.js";
import { wantsSomebody } from "../state.js";
import { byPriority, entries, held, SHOWN } from "./entries.js";
import { where } from "./where.js";

/** @typedef {import("../state.js").Alarm} Alarm */

/** A pointer that rests for so long is nobody's finger any more. */
const HELD_MS = 8000;

export class AlarmListPart extends Part {
  static properties = {
    alarms: { attribute: false },
    devices: { attribute: false },
    chosen: { attribute: false },
    mayAcknowledge: { attribute: false },
    busy: { attribute: false },
    said: { attribute: false },
    now: { attribute: false },
    elsewhere: { attribute: false },
    users: { attribute: false },
    wall: { attribute: false },
    text: { state: true },
    order: { state: true },
    open: { state: true },
  };

  constructor() {
    super();
    /** @type {Alarm[]} */
    this.alarms = [];
    /** @type {import("../state.js").Device[]} */
    this.devices = [];
    this.chosen = "";
    this.mayAcknowledge = false;
    /** Ids of acts that are under way. @type {Set<string>} */
    this.busy = new Set();
    /** What became of an act, by the alarm's id. @type {Record<string, string>} */
    this.said = {};
    this.now = 0;
    /** What stands in another room's list: looked at here, or taken over. @type {Alarm[]} */
    this.elsewhere = [];
    /** Names of those who act, by their reference. @type {Record<string, string>} */
    this.users = {};
    /** Nothing to press. */
    this.wall = false;
    /** What somebody looks for. */
    this.text = "";
    /** Ids as they stand while somebody is on the list; null: nobody is. @type {string[] | null} */
    this.order = null;
    /** Groups that somebody has opened. @type {Set<string>} */
    this.open = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.letGoSoon = undefined;
  }

  /** The entries in the order in which they stand. */
  get shown() {
    const wanted = this.wanted;
    return (this.order === null ? wanted : held(this.order, wanted)).slice(0, SHOWN);
  }

  get wanted() {
    const { open } = entries(this.alarms);
    const text = this.text.trim().toLowerCase();
    if (!text) return open;
    return open.filter((alarm) => `${word("alarm", alarm.condition)} ${where(alarm.place, this.devices)}`.toLowerCase().includes(text));
  }

  hold() {
    clearTimeout(this.letGoSoon);
    this.letGoSoon = setTimeout(() => this.letGo(), HELD_MS);
    this.order ??= this.wanted.map((alarm) => alarm.id);
  }

  letGo() {
    clearTimeout(this.letGoSoon);
    this.order = null;
  }

  render() {
    const { open, shelved, out } = entries(this.alarms);
    const { shown } = this;
    const counts = byPriority(open);
    const order = this.order;
    const newer = order === null ? 0 : this.wanted.filter((alarm) => !order.includes(alarm.id)).length;
    return html`
      <div class="head">
        <h2 id="h-alarms">${t("Alarms")}</h2>
        ${["high", "medium", "low"].map(
          (one) => html`<span class="tally" data-none=${!counts[one]}
            ><span class="sign" data-priority=${one} aria-hidden="true">${PRIORITY_SIGNS[one]}</span
            ><span class="sr">${word("priority", one)}</span> ${counts[one]}</span
          >`,
        )}
        ${this.wall ? nothing : html`<label class="find"><span class="sr">${t("Find an alarm")}</span>
          <input id="f-find" type="search" maxlength="60" placeholder=${t("Find (/)")} .value=${this.text}
            @input=${(/** @type {Event} */ event) => (this.text = /** @type {HTMLInputElement} */ (event.target).value)}
            @keydown=${this.leaveField} /></label>`}
      </div>
      <div class="hold" @pointermove=${this.hold} @pointerdown=${this.hold} @pointerleave=${this.letGo}>
        ${newer ? html`<button type="button" class="small newer" @click=${this.letGo}>${t("{count} new", { count: newer })}</button>` : nothing}
        <div class="scroll" tabindex=${this.wall ? nothing : "0"} role="group" aria-labelledby="h-alarms">
          ${shown.length
            ? html`<ul class="entries">${repeat(shown, (alarm) => alarm.id, (alarm) => this.entry(alarm))}</ul>`
            : html`<p class="empty">${this.text ? t("No alarm fits.") : t("No alarms. What is wrong on the campus appears here, the most urgent on top.")}</p>`}
          ${this.wanted.length > shown.length ? html`<p class="empty">${t("{count} more, less urgent", { count: this.wanted.length - shown.length })}</p>` : nothing}
          ${this.aside("shelved", t("On the shelf"), shelved)} ${this.aside("out", t("Out of service"), out)}
          ${this.others()}
        </div>
      </div>
    `;
  }

  leaveField(/** @type {KeyboardEvent} */ event) {
    if (event.key === "Escape") {
      this.text = "";
      /** @type {HTMLElement} */ (event.target).blur();
      event.preventDefault();
    }
    if (event.key === "Enter") {
      const first = this.shown[0];
      if (first) this.pick(first.id);
      /** @type {HTMLElement} */ (event.target).blur();
    }
  }

  pick(/** @type {string} */ id) {
    this.dispatchEvent(new CustomEvent("wg-pick", { detail: id, bubbles: true }));
  }

  /** One alarm, or one for many: which places they are at opens below it. */
  entry(/** @type {Alarm} */ alarm) {
    const isOpen = this.open.has(alarm.id);
    const places = alarm.group?.places ?? [];
    return html`<li class="entry" data-id=${alarm.id}>
      ${this.row(alarm)}
      ${alarm.group && this.wall ? html`<p class="more">${t("{count} belong together, {holding} still hold", { count: alarm.group.size, holding: alarm.group.holding })}</p>` : nothing}
      ${alarm.group && !this.wall
        ? html`<button type="button" class="small more" aria-expanded=${isOpen} @click=${() => this.toggle(alarm.id)}>
              <span aria-hidden="true">${isOpen ? "▾" : "▸"}</span> ${t("{count} belong together, {holding} still hold", { count: alarm.group.size, holding: alarm.group.holding })}</button>
            ${isOpen
              ? html`<ul class="members">
                  ${places.map((one) => html`<li>${where(one, this.devices)}</li>`)}
                </ul>`
              : nothing}`
        : nothing}
    </li>`;
  }

  toggle(/** @type {string} */ id) {
    const open = new Set(this.open);
    if (!open.delete(id)) open.add(id);
    this.open = open;
  }

  /** @param {Alarm} alarm @param {boolean} [isOurs] one of another room is first looked at */
  row(alarm, isOurs = true) {
    const wanting = isOurs && wantsSomebody(alarm);
    const busy = this.busy.has(alarm.id);
    const what = word("alarm", alarm.condition);
    const there = where(alarm.place, this.devices);
    const inside = html`<span class="sign" data-priority=${alarm.priority} aria-hidden="true">${PRIORITY_SIGNS[alarm.priority] ?? "◆"}</span>
        <span class="what"><span class="sr">${word("priority", alarm.priority)}: </span>${what}</span>
        <time>${timeOfDay(alarm.last_at)}</time>
        <span class="there">${there}</span>
        <span class="about">${dotted(
          age(this.now - Date.parse(alarm.last_at)),
          alarm.count > 1 && t("{count} times", { count: alarm.count }),
          alarm.state === "returned" && !wanting ? t("over, seen, to be closed") : word("alarm_state", alarm.state),
          alarm.acknowledged_by && (this.users[alarm.acknowledged_by] ?? ""),
          Boolean(alarm.chattering) && t("comes and goes"),
          alarm.escalated_at && `▲ ${t("escalated")}`,
          alarm.incident && t("incident"),
        )}</span>`;
    return html`<div class="row" data-state=${alarm.state} data-priority=${alarm.priority} data-chosen=${!this.wall && this.chosen === alarm.id}>
      ${this.wall
        ? html`<div class="pick">${inside}</div>`
        : html`<button type="button" class="pick" aria-current=${this.chosen === alarm.id ? "true" : nothing} @click=${() => this.pick(alarm.id)}>${inside}</button>`}
      ${this.mayAcknowledge && wanting
        ? html`<button type="button" class="small ack" aria-busy=${busy} ?disabled=${busy}
            aria-label=${`${t("Acknowledge")}: ${dotted(what, there)}`} @click=${() => this.want({ act: "acknowledge", id: alarm.id })}>
            ${t("Acknowledge")}</button>`
        : nothing}
      ${this.said[alarm.id] ? html`<p class="said" role="status">${this.said[alarm.id]}</p>` : nothing}
    </div>`;
  }

  /** @param {{act: string, id: string}} detail */
  want(detail) {
    this.dispatchEvent(new CustomEvent("wg-want", { detail, bubbles: true }));
  }

  /** They are quiet here; whoever picks one can take it over. */
  others() {
    const count = this.elsewhere.length;
    if (!count) return nothing;
    const text = t("{count} in the other control room", { count });
    if (this.wall) return html`<p class="empty">${text}</p>`;
    return html`<details class="aside others"><summary>${text}</summary>
      <ul>${repeat(this.elsewhere.slice(0, SHOWN), (one) => one.id, (one) => html`<li>${this.row(one, false)}</li>`)}</ul></details>`;
  }

  /** @param {"shelved" | "out"} kind @param {string} title @param {Alarm[]} alarms */
  aside(kind, title, alarms) {
    if (!alarms.length) return nothing;
    return html`<details class="aside"><summary>${title} (${alarms.length})</summary>
      <ul>${repeat(alarms, (one) => one.id, (one) => html`<li>${this.row(one)}
        <p class="about">${dotted(
          one.shelved_until && t("until {time}", { time: timeOfDay(one.shelved_until) }),
          one.shelf_reason && word(kind === "shelved" ? "shelf_reason" : "out_reason", one.shelf_reason),
        )}</p></li>`)}</ul></details>`;
  }
}

customElements.define("wg-c-alarms", AlarmListPart);
