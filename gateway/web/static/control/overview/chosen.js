/**
 * The chosen alarm: what it is, what to do about it, whom to call, what the cameras saw, what happened there. Gets
 * values and says what a person wants (`wg-want`); fetches nothing.
 *
 * Promises: it stays on the alarm that somebody chose, even when that one is closed by somebody else, and says so; every
 * act stands there as a button with its word.
 */

import { repeat } from "lit/directives/repeat.js";
import { age, place, sentence, t, texts, timeOfDay, word } from "../../i18n.js";
import { dotted, html, nothing, Part, PRIORITY_SIGNS, verdict } from "../../live/parts.js";
import { isOf, nameOf } from "../rooms.js";
import { wantsSomebody } from "../state.js";
import { spot, where } from "./where.js";

/**
 * @typedef {import("../state.js").Alarm} Alarm
 * @typedef {{priority: string, what_to_do: {id: string, text: {en: string, zh: string}}[], call: string[],
 *   camera: boolean, command: {action: string, device_kind: string} | null, again_after_s: number | null,
 *   escalate_after_s: number | null, consequence: {en: string, zh: string} | null, disposals: string[],
 *   may_be_shelved: boolean, life_safety: boolean}} Kind what the catalogue says
 * @typedef {{at: string, what: string, by: string | null, step: string | null, done: boolean | null, to: string | null,
 *   outcome: string | null, reason: string | null, until: string | null, count: number | null}} Moment
 * @typedef {{id: string, name: {en: string, zh: string}, number: string}} Line of the call list
 */

const OUTCOMES = ["answered", "no_answer", "busy", "on_the_way"];
/** So many of the place's newest decisions stand in its timeline. */
const PAST = 12;

export class ChosenPart extends Part {
  static properties = {
    alarm: { attribute: false },
    isGone: { attribute: false },
    kind: { attribute: false },
    lines: { attribute: false },
    story: { attribute: false },
    users: { attribute: false },
    state: { attribute: false },
    rights: { attribute: false },
    room: { attribute: false },
    busy: { attribute: false },
    said: { attribute: false },
    command: { attribute: false },
    now: { attribute: false },
    allNumbers: { state: true },
  };

  constructor() {
    super();
    /** @type {Alarm | null} */
    this.alarm = null;
    /** It is closed. */
    this.isGone = false;
    /** @type {Kind | null} */
    this.kind = null;
    /** The whole call list. @type {Line[]} */
    this.lines = [];
    /** What has happened to it, as its records tell. @type {Moment[]} */
    this.story = [];
    /** Names of those who act, by their reference. @type {Record<string, string>} */
    this.users = {};
    /** @type {import("../state.js").State} */
    this.state = /** @type {any} */ (null);
    /** @type {string[]} */
    this.rights = [];
    this.room = "";
    this.busy = false;
    this.said = "";
    /** The newest command that went from here. @type {{action: string, device: string, state: string, result_reason: string | null} | null} */
    this.command = null;
    this.now = 0;
    this.allNumbers = false;
  }

  may(/** @type {string} */ right) {
    return this.rights.includes(right);
  }

  /** @param {object} detail */
  want(detail) {
    this.dispatchEvent(new CustomEvent("wg-want", { detail: { id: this.alarm?.id, ...detail }, bubbles: true }));
  }

  render() {
    const { alarm } = this;
    if (alarm === null)
      return html`<div class="nothing"><h2 id="h-chosen">${t("Nothing is chosen")}</h2>
        <p>${t("The next alarm shows here: what to do about it, whom to call, and what the cameras saw. J chooses the first one.")}</p></div>`;
    return html`
      <div class="title" data-state=${alarm.state}>
        <span class="sign" data-priority=${alarm.priority} aria-hidden="true">${PRIORITY_SIGNS[alarm.priority] ?? "◆"}</span>
        <h2 id="h-chosen"><span class="sr">${word("priority", alarm.priority)}: </span>${word("alarm", alarm.condition)}</h2>
        <span class="there">${where(alarm.place, this.state.devices)}</span>
        <span class="quiet">${dotted(
          `${timeOfDay(alarm.opened_at)} (${age(this.now - Date.parse(alarm.opened_at))})`,
          alarm.count > 1 && t("{count} times", { count: alarm.count }),
          this.isGone ? t("closed") : word("alarm_state", alarm.state),
          this.who(alarm.acknowledged_by),
          alarm.shelved_until && t("until {time}", { time: timeOfDay(alarm.shelved_until) }),
        )}</span>
        ${this.kind?.consequence && !this.isGone ? html`<span class="consequence">${this.kind.consequence[texts.language]}</span>` : nothing}
      </div>
      ${this.acts(alarm)}
      <p class="said" role="status">${this.said}</p>
      <div class="columns">${this.steps(alarm)} ${this.calls(alarm)}
        <div class="part">${this.seen(alarm)} ${this.timeline(alarm)}</div></div>
    `;
  }

  /** Somebody who acts, by name; "" for what is no person. */
  who(/** @type {string | null} */ ref) {
    return ref === null || ref === "gateway" ? "" : (this.users[ref] ?? "");
  }

  acts(/** @type {Alarm} */ alarm) {
    if (this.isGone) return html`<p class="gone"><span aria-hidden="true">✓</span> ${t("This alarm is closed. J goes on to the next one.")}</p>`;
    const quiet = alarm.state === "shelved" || alarm.state === "out_of_service";
    const closes = this.may("close_alarms");
    const suspends = this.may("suspend_alarms");
    const shelvable = (this.kind?.may_be_shelved ?? true) && alarm.condition !== "alarm_flood"; // others stand in it
    return html`${closes ? this.whose(alarm) : nothing}
    <div class="acts">
      ${this.may("acknowledge_alarms") && wantsSomebody(alarm) ? this.button("acknowledge", t("Acknowledge"), { isMain: true, key: "A" }) : nothing}
      ${this.may("command_devices") && this.kind?.command ? this.button("command", `${word("device_action", this.kind.command.action)}…`) : nothing}
      ${closes && alarm.state === "shelved" ? this.button("unshelve", t("Bring it back")) : nothing}
      ${suspends && alarm.state === "out_of_service" ? this.button("in-service", t("Bring it back")) : nothing}
      ${closes ? this.button("close", t("Close…")) : nothing}
      ${closes && !quiet && shelvable ? this.button("shelve", t("Shelve…")) : nothing}
      ${suspends && shelvable && alarm.state !== "out_of_service" ? this.button("out-of-service", t("Out of service…")) : nothing}
      ${alarm.incident
        ? html`<a class="button" href=${`#incidents/${alarm.incident}`}>${t("Open the incident")}</a>`
        : closes
          ? this.button("incident", t("Make an incident"))
          : nothing}
      ${this.command
        ? html`<span class="command" role="status">${word("device_action", this.command.action)}: ${word("command_state", this.command.state)}
            ${this.command.result_reason ?? ""}</span>`
        : nothing}
    </div>`;
  }

  /** One that belongs to another room, or that another room has taken: whose it is, and the way to change that. */
  whose(/** @type {Alarm} */ alarm) {
    const { rooms } = this.state;
    if (!this.room || !alarm.room || rooms.length < 2) return nothing;
    const named = (/** @type {string} */ id) => nameOf(rooms.find((one) => one.id === id)) || id;
    const act = (/** @type {string} */ text, /** @type {string} */ room) => html`<button type="button" data-want="take-over" ?disabled=${this.busy} @click=${() => this.want({ act: "take-over", room })}>${text}</button>`;
    const isForeign = alarm.room !== this.room;
    const taker = alarm.taken_over_by;
    if (isForeign && taker === this.room)
      return html`<p class="whose">${t("Taken over from {room}.", { room: named(alarm.room) })} ${act(t("Hand it back"), alarm.room)}</p>`;
    if (isForeign && !isOf(alarm, this.room, rooms))
      return html`<p class="whose"><span aria-hidden="true">◇</span> ${t("This alarm belongs to {room}: it is heard there, not here.", { room: named(taker || alarm.room) })} ${act(t("Take it over"), this.room)}</p>`;
    if (!isForeign && taker && taker !== this.room)
      return html`<p class="whose"><span aria-hidden="true">◇</span> ${t("{room} has taken this alarm over.", { room: named(taker) })} ${act(t("Take it back"), this.room)}</p>`;
    return nothing;
  }

  /** @param {string} act @param {string} text @param {{isMain?: boolean, key?: string}} [more] */
  button(act, text, { isMain = false, key = "" } = {}) {
    return html`<button type="button" class=${isMain ? "main" : ""} data-want=${act} ?disabled=${this.busy} aria-keyshortcuts=${key || nothing}
      @click=${() => this.want({ act, codes: act === "close" ? this.kind?.disposals : undefined })}>${text}</button>`;
  }

  steps(/** @type {Alarm} */ alarm) {
    const steps = this.kind?.what_to_do ?? [];
    const done = new Set(alarm.steps_done ?? []);
    const fixed = this.isGone || !this.may("acknowledge_alarms");
    return html`<section class="part" aria-labelledby="h-todo"><h3 id="h-todo">${t("What to do")}</h3>
      ${steps.length
        ? html`<ol class="steps">${repeat(
            steps,
            (step) => `${alarm.id}/${step.id}`,
            (step, index) => html`<li><label>
              <input type="checkbox" .checked=${done.has(step.id)} ?disabled=${fixed}
                @change=${(/** @type {Event} */ event) => this.want({ act: "step", step: step.id, done: /** @type {HTMLInputElement} */ (event.target).checked })} />
              <span><b>${index + 1}</b> ${step.text[texts.language]}</span></label></li>`,
          )}</ol>`
        : html`<p class="empty">${t("The catalogue has no steps for this kind of alarm.")}</p>`}
    </section>`;
  }

  calls(/** @type {Alarm} */ alarm) {
    const first = this.kind?.call ?? [];
    const known = this.lines.filter((line) => first.includes(line.id)).sort((a, b) => first.indexOf(a.id) - first.indexOf(b.id));
    const rest = this.lines.filter((line) => !first.includes(line.id));
    const shown = this.allNumbers || !known.length ? [...known, ...rest] : known;
    return html`<section class="part" aria-labelledby="h-calls"><h3 id="h-calls">${t("Whom to call")}</h3>
      <ul class="numbers">${repeat(shown, (line) => `${alarm.id}/${line.id}`, (line) => this.line(alarm, line))}</ul>
      ${rest.length && known.length
        ? html`<button type="button" class="small" aria-expanded=${this.allNumbers} @click=${() => (this.allNumbers = !this.allNumbers)}>
            ${this.allNumbers ? t("Fewer numbers") : t("All numbers")}</button>`
        : nothing}
    </section>`;
  }

  line(/** @type {Alarm} */ alarm, /** @type {Line} */ line) {
    const made = (alarm.calls ?? []).filter((one) => one.to === line.id);
    const name = line.name[texts.language];
    return html`<li>
      <div class="who"><b>${name}</b> <span class=${line.number ? "number" : "number none"}>${line.number || t("no number on file")}</span></div>
      ${made.map((one) => html`<div class="quiet">${dotted(timeOfDay(one.at), word("call_outcome", one.outcome), this.who(one.by))}</div>`)}
      ${this.may("acknowledge_alarms") && !this.isGone
        ? html`<div class="outcomes" role="group" aria-label=${name}>
            ${OUTCOMES.map(
              (outcome) => html`<button type="button" class="small" ?disabled=${this.busy}
                @click=${() => this.want({ act: "call", to: line.id, outcome })}>${word("call_outcome", outcome)}</button>`,
            )}</div>`
        : nothing}
    </li>`;
  }

  seen(/** @type {Alarm} */ alarm) {
    const pictures = alarm.pictures ?? [];
    if (!this.may("see_cameras") || (!pictures.length && !this.kind?.camera)) return nothing;
    return html`<section class="part pictures" aria-labelledby="h-seen"><h3 id="h-seen">${t("Before and after")}</h3>
      ${pictures.length
        ? html`<div class="figures">${repeat(
            pictures.slice(0, 4),
            (one) => one.id,
            (one) => html`<figure>
              <img src=${`/api/v1/cameras/${encodeURIComponent(one.camera)}/evidence/${one.id}`} alt=${`${word("picture_why", one.why)}, ${place(one.camera)}`} />
              <figcaption>${dotted(word("picture_why", one.why), timeOfDay(one.at), place(one.camera))}</figcaption></figure>`,
          )}</div>`
        : html`<p class="empty">${t("No camera has taken a picture of it.")}</p>`}
    </section>`;
  }

  timeline(/** @type {Alarm} */ alarm) {
    const here = spot(alarm.place, this.state.devices);
    /** @type {{at: string, text: any}[]} */
    const lines = [
      ...(this.story.length
        ? this.story.map((one) => ({ at: one.at, text: this.moment(one) }))
        : [{ at: alarm.opened_at, text: html`<b>${t("The alarm began")}</b>` }]),
      ...this.state.decisions
        .filter((one) => one.portal === here || one.device === alarm.place)
        .slice(0, PAST)
        .map((one) => ({
          at: one.at,
          text: html`${verdict(one.answer?.outcome ?? one.outcome)} ${one.holder?.name ?? t("nobody known")} ${one.outcome === "grant" ? "" : sentence(one.reason).guard}`,
        })),
      ...this.state.alarms
        .filter((one) => one.id !== alarm.id && spot(one.place, this.state.devices) === here)
        .slice(0, PAST)
        .map((one) => ({ at: one.opened_at, text: dotted(`${PRIORITY_SIGNS[one.priority] ?? ""} ${word("alarm", one.condition)}`, word("alarm_state", one.state)) })),
    ];
    lines.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    return html`<section class="part" aria-labelledby="h-time"><h3 id="h-time">${t("What happened there")}</h3>
      <ol class="times">${lines.slice(0, 2 * PAST).map((one) => html`<li><time>${timeOfDay(one.at)}</time> <span>${one.text}</span></li>`)}</ol>
    </section>`;
  }

  /** One thing that happened to the alarm itself, with who did it. */
  moment(/** @type {Moment} */ one) {
    const steps = this.kind?.what_to_do ?? [];
    return html`<b>${word("alarm_moment", one.what)}</b> ${dotted(
      one.step && steps.find((step) => step.id === one.step)?.text[texts.language],
      one.done === false && t("not done after all"),
      one.to && this.nameOf(one.to),
      one.outcome && word("call_outcome", one.outcome),
      one.reason && word(one.reason in (texts.words.shelf_reason ?? {}) ? "shelf_reason" : "out_reason", one.reason),
      one.until && t("until {time}", { time: timeOfDay(one.until) }),
      this.who(one.by),
    )}`;
  }

  nameOf(/** @type {string} */ to) {
    return this.lines.find((line) => line.id === to)?.name[texts.language] ?? to;
  }
}

customElements.define("wg-c-chosen", ChosenPart);
