/**
 * One device: how it stands, what it shows beside what it was asked, what it told, what was lost, and its records.
 *
 * @typedef {{asked: number, shown: number | null, state: string, at: string | null, level: number | null,
 *   order: string | null, emergency: string | null, drill: boolean, bollard: string | null}} Posture
 * @typedef {{asked: number, shown: number | null, follows: boolean, entries: number | null, made_at: string | null,
 *   expires_at: string | null, revoked_asked: number, revoked_shown: number | null, revoked_tokens: number}} LoneList
 * @typedef {{device: import("./words.js").Device, at: string, online: boolean, online_since: string | null,
 *   lost_since: string | null, last_seen: string | null, boot: string | null, uptime_s: number | null,
 *   firmware: string | null, protocol: number, key_change_pending: boolean, posture: Posture,
 *   lone_list: LoneList | null, clock: {state: string | null, drift_ms: number | null, alarm_over_ms: number, is_off: boolean},
 *   untold: number, lost: {at: string, boot: string, from_seq: number, to_seq: number, told: boolean}[],
 *   bad: {reason: string, count: number, newest_at: string | null}[], quarantined_until: string | null,
 *   inputs: {name: string, value: string, at: string | null}[], locations: string[], actions: string[],
 *   not_now: string | null}} State
 * @typedef {{seq: number, at: string, kind: string, type: string | null, body: Record<string, any>}} Told
 */

import { place, t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { ago, COLON, date, driftWords, LISTED, placeOf, SIGNS, span, standing, watch, when } from "./words.js";

export class DevicePage extends Part {
  static properties = {
    shown: { attribute: false },
    alarms: { attribute: false },
    told: { attribute: false },
    more: { attribute: false },
    may: { attribute: false },
    busy: { attribute: false },
    at: { attribute: false },
    calm: { state: true },
  };

  constructor() {
    super();
    /** @type {State | null} */
    this.shown = null;
    /** @type {import("./words.js").Alarm[]} */
    this.alarms = [];
    /** Its records, the newest first. @type {Told[] | null} */
    this.told = null;
    /** There are older ones. */
    this.more = false;
    /** May command it. */
    this.may = false;
    this.busy = "";
    this.at = 0;
    /** Why the quarantine is to end. */
    this.calm = "";
  }

  want(/** @type {object} */ wish) {
    this.dispatchEvent(new CustomEvent("wg-wish", { detail: wish, bubbles: true }));
  }

  render() {
    if (this.shown === null) return html`<p class="empty">${t("loading …")}</p>`;
    const { device } = this.shown;
    const now = standing(device, this.alarms, this.at);
    const own = this.alarms.filter((one) => one.place === device.id);
    return html`
      <header class="dv-title">
        <h2 id="h-device" tabindex="-1"><span class="sign" data-state=${now.state} aria-hidden="true">${SIGNS[now.state]}</span> ${device.id}</h2>
        <p>${word("device", device.kind)} · ${placeOf(device)} · <b>${now.words}</b></p>
      </header>
      ${own.length
        ? html`<ul class="dv-alarms" aria-label=${t("Open alarms of this device")}>${own.map((one) => html`<li data-priority=${one.priority}><a href="#overview"><span aria-hidden="true">${one.priority === "high" ? "■" : one.priority === "medium" ? "◆" : "▲"}</span> ${word("alarm", one.condition)}</a> <span class="quiet">${[when(one.last_at, this.at), one.detail].filter(Boolean).join(" · ")}</span></li>`)}</ul>`
        : nothing}
      ${this.quarantine()} ${this.facts()} ${this.bad()}
    `;
  }

  facts() {
    const { shown } = this;
    if (shown === null) return nothing;
    const row = (/** @type {string} */ name, /** @type {unknown} */ value, /** @type {boolean} */ wrong = false) =>
      html`<div data-wrong=${wrong}><dt>${name}</dt><dd>${wrong ? html`<span aria-hidden="true">▲</span> ` : nothing}${value}</dd></div>`;
    const drift = driftWords(shown.clock);
    return html`<dl class="dv-facts" aria-label=${t("How it stands")}>
      ${row(t("Heard"), this.heardWords(shown))}
      ${row(t("Versions"), html`${t("firmware {version}", { version: shown.firmware ?? "–" })} · ${t("protocol {version}", { version: shown.protocol })}`)}
      ${row(t("Running"), shown.boot === null ? t("It has not said yet.") : html`${shown.uptime_s === null ? nothing : html`${t("for {span}", { span: span(shown.uptime_s) })} · `}${t("start {boot}", { boot: shown.boot })}`)}
      ${row(t("Posture"), this.postureWords(shown.posture), shown.posture.state === "late")}
      ${shown.lone_list === null ? nothing : row(t("List of cards"), this.listWords(shown.lone_list))}
      ${row(t("Clock"), drift.words, !drift.sure)}
      ${row(t("Not told yet"), shown.untold ? t("{count} events wait in the device", { count: shown.untold }) : t("nothing: it has told everything"))}
      ${row(t("Lost events"), shown.lost.length ? shown.lost.map((one) => html`<span class="dv-line">${this.lostWords(one)}</span>`) : t("none that is known"), shown.lost.length > 0)}
      ${shown.inputs.length ? row(t("Inputs and outputs"), shown.inputs.map((one) => html`<span class="dv-line">${word("device_input", one.name)}${COLON}<b>${word("device_input_value", one.value)}</b>${one.at ? html` <span class="quiet">${ago(one.at, this.at)}</span>` : nothing}</span>`)) : nothing}
      ${shown.locations.length ? row(t("Panic buttons"), shown.locations.join(LISTED)) : nothing}
      ${shown.key_change_pending ? row(t("Key"), t("A new key was given, and the device does not use it yet. The old one is taken until then, for 24 hours at most."), true) : nothing}
    </dl>`;
  }

  heardWords(/** @type {State} */ shown) {
    if (shown.online) {
      const since = shown.online_since === null ? "" : t("without a break since {time}", { time: when(shown.online_since, this.at) });
      return html`${shown.last_seen === null ? nothing : ago(shown.last_seen, this.at)}${since ? html` · ${since}` : nothing}`;
    }
    if (shown.last_seen === null && shown.lost_since === null) return t("not since the gateway started");
    const lost = shown.lost_since === null ? "" : t("lost since {time}, for {span}", { time: when(shown.lost_since, this.at), span: span((this.at - Date.parse(shown.lost_since)) / 1000) });
    const last = shown.last_seen === null ? "" : t("last word {time}", { time: when(shown.last_seen, this.at) });
    return [lost, last].filter(Boolean).join(" · ");
  }

  postureWords(/** @type {Posture} */ posture) {
    const shows = posture.shown === null ? t("shows none of {asked}", { asked: posture.asked }) : t("shows {shown} of {asked}", { shown: posture.shown, asked: posture.asked });
    return html`<b>${word("posture_state", posture.state)}</b> · ${shows}
      ${posture.level === null ? nothing : html`<span class="dv-line">L${posture.level} ${word("level", String(posture.level))}${posture.emergency ? html` · <b>${word("emergency_kind", posture.emergency)}</b>` : nothing}${
        posture.drill ? html` · <b>${t("DRILL")}</b>` : nothing
      }${posture.bollard === "hold" ? html` · ${t("bollards stay raised")}` : nothing}</span>`}`;
  }

  listWords(/** @type {LoneList} */ list) {
    const shows = list.shown === null ? t("shows none of {asked}", { asked: list.asked }) : t("shows {shown} of {asked}", { shown: list.shown, asked: list.asked });
    return html`${list.follows ? html`<b>${t("up to date")}</b> · ` : nothing}${shows}
      <span class="dv-line">${[
        list.entries === null ? "" : t("{count} entries", { count: list.entries }),
        list.made_at === null ? "" : t("made {time}", { time: ago(list.made_at, this.at) }),
        list.expires_at === null ? "" : t("ends {time}", { time: date(list.expires_at) }),
        list.revoked_tokens ? t("{count} revoked besides", { count: list.revoked_tokens }) : "",
      ].filter(Boolean).join(" · ")}</span>`;
  }

  lostWords(/** @type {State["lost"][number]} */ lost) {
    const which = t("numbers {from} to {to}, {time}", { from: lost.from_seq, to: lost.to_seq, time: when(lost.at, this.at) });
    return lost.told ? t("{which}: overwritten, the device says so", { which }) : t("{which}: gone without a word", { which });
  }

  quarantine() {
    const until = this.shown?.quarantined_until ?? null;
    if (until === null || this.shown === null) return nothing;
    const id = this.shown.device.id;
    return html`<section class="dv-warn" aria-label=${t("Quarantine")}>
      <p><span aria-hidden="true">◆</span> <b>${t("In quarantine: it lets nobody in.")}</b> ${t("It sent too much, or many unknown cards were tried at it. It ends by itself once it is calm, in {left} at the earliest.", { left: watch((Date.parse(until) - this.at) / 1000) })}</p>
      ${this.may
        ? html`<label class="dv-reason"><span>${t("Reason")}</span> <input maxlength="200" autocomplete="off" .value=${this.calm} @input=${(/** @type {any} */ event) => (this.calm = event.target.value)} /></label>
          <button type="button" ?disabled=${!this.calm.trim() || this.busy !== ""} @click=${() => this.want({ act: "calm", device: id, reason: this.calm })}>${t("End the quarantine")}</button>`
        : nothing}
    </section>`;
  }

  bad() {
    const bad = this.shown?.bad ?? [];
    return html`<section class="dv-box" aria-labelledby="h-bad">
      <h3 id="h-bad">${t("Bad messages")}</h3>
      ${bad.length
        ? html`<ul class="dv-bad">${bad.map((one) => html`<li><b>${one.count} ×</b> ${word("bad_message", one.reason)} <span class="quiet">${one.reason}${one.newest_at ? ` · ${t("newest {time}", { time: ago(one.newest_at, this.at) })}` : ""}</span></li>`)}</ul>`
        : html`<p class="quiet">${t("None since the gateway started.")}</p>`}
    </section>`;
  }
}

customElements.define("wg-c-device", DevicePage);

export class DeviceRecords extends Part {
  static properties = { told: { attribute: false }, more: { attribute: false }, at: { attribute: false } };

  constructor() {
    super();
    /** The newest first. @type {Told[] | null} */
    this.told = null;
    this.more = false;
    this.at = 0;
  }

  render() {
    if (this.told === null) return nothing;
    return html`<section class="dv-box" aria-labelledby="h-records">
      <h3 id="h-records">${t("What happened at it")}</h3>
      ${this.told.length
        ? html`<ol class="dv-records">${this.told.map((one) => html`<li><time>${when(one.at, this.at)}</time> <b>${recordName(one)}</b> <span class="quiet">${recordMore(one)}</span></li>`)}</ol>`
        : html`<p class="quiet">${t("Nothing is recorded yet. What it tells will stand here, the newest first.")}</p>`}
      ${this.more ? html`<button type="button" @click=${() => this.dispatchEvent(new CustomEvent("wg-wish", { detail: { act: "older" }, bubbles: true }))}>${t("Older ones")}</button>` : nothing}
    </section>`;
  }
}

customElements.define("wg-c-device-records", DeviceRecords);

/** What a record says, in a word or two. */
function recordName(/** @type {Told} */ one) {
  if (one.kind === "event") return word("device_event", one.type ?? "");
  return word("device_record", one.kind);
}

/** What of it is worth a look: short words and numbers, never a person. @param {Told} one */
function recordMore(one) {
  const body = one.kind === "event" ? (one.body.data ?? {}) : one.body;
  const known = {
    direction: (/** @type {any} */ value) => word("direction", value),
    outcome: (/** @type {any} */ value) => word("verdict", value),
    state: (/** @type {any} */ value) => word("device_input_value", value),
    position: (/** @type {any} */ value) => word("bollard_position", value),
    zone: (/** @type {any} */ value) => place(value),
    away_s: (/** @type {any} */ value) => t("away for {span}", { span: span(value) }),
    count: (/** @type {any} */ value) => t("{count} times", { count: value }),
    version: (/** @type {any} */ value) => t("version {version}", { version: value }),
    entries: (/** @type {any} */ value) => t("{count} entries", { count: value }),
    open_s: (/** @type {any} */ value) => t("open for {span}", { span: span(value) }),
    active: (/** @type {any} */ value) => word("device_input_value", value ? "active" : "clear"),
    latched: (/** @type {any} */ value) => (value ? t("latched") : t("not latched any more")),
    location: String,
    why: String,
    g: (/** @type {any} */ value) => `${value} g`,
  };
  return Object.entries(known)
    .filter(([name]) => body[name] !== undefined && body[name] !== null)
    .map(([name, say]) => say(body[name]))
    .concat(one.kind === "bad_message" ? [String(body.reason ?? "")] : [])
    .join(" · ");
}
