/**
 * The bollards of each vehicle lane: where each is (drawn, and in a word), who is there, every interlock, and the acts.
 *
 * Promises: unknown and old is shown as what it counts as, somebody there; raising and lowering that would be refused is
 * disabled and says why; the emergency raise is held for two seconds and then confirmed with its consequence before the
 * eyes. It can always be tried, because what the loops say changes while somebody presses: the gateway looks, and says.
 * Leaves to others: sending (`main.js`).
 *
 * @typedef {{interlock: string, met: boolean, for_s: number | null}} Condition
 * @typedef {{device: string, online: boolean, position: string | null, vehicle: string | null,
 *   pedestrian: string | null, heard_s: number | null, counter: number | null, latched: boolean,
 *   armed_for_s: number | null, armed_by_me: boolean, not_now: string | null, conditions: Condition[],
 *   acts: {act: string, needs: string[], unmet: string[]}[]}} Bollard
 * @typedef {{portal: string, at: string, held: boolean, opens_at: string | null, closes_at: string | null,
 *   bollards: Bollard[]}} Lane
 * @typedef {{device: string, token: string, reason: string, until: number}} Armed the first step of an emergency raise; by the clock of this machine
 */

import { svg } from "lit";
import "../../kiosk/hold.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { life } from "./commands.js";
import { COLON, LISTED, span, watch } from "./words.js";

export class BollardCards extends Part {
  static properties = {
    lanes: { attribute: false },
    only: { attribute: false },
    commands: { attribute: false },
    armed: { attribute: false },
    refused: { attribute: false },
    may: { attribute: false },
    busy: { attribute: false },
    at: { attribute: false },
    reasons: { state: true },
  };

  constructor() {
    super();
    /** @type {Lane[] | null} */
    this.lanes = null;
    /** Of this device alone; "": all of them. */
    this.only = "";
    /** The newest command of each, by device. @type {Record<string, import("./commands.js").Command>} */
    this.commands = {};
    /** @type {Armed | null} */
    this.armed = null;
    /** What was not sent, by device: in words, and which interlocks were missing. @type {Record<string, string>} */
    this.refused = {};
    this.may = false;
    this.busy = "";
    this.at = 0;
    /** What was typed, by device. @type {Record<string, string>} */
    this.reasons = {};
  }

  want(/** @type {object} */ wish) {
    this.dispatchEvent(new CustomEvent("wg-wish", { detail: wish, bubbles: true }));
  }

  render() {
    if (this.lanes === null) return html`<p class="empty">${t("loading …")}</p>`;
    const shown = this.lanes
      .map((lane) => ({ ...lane, bollards: lane.bollards.filter((one) => !this.only || one.device === this.only) }))
      .filter((lane) => lane.bollards.length);
    if (!shown.length) return this.only ? nothing : html`<p class="empty">${t("No lane has a bollard yet. Once one is enrolled, it stands here with everything that holds it.")}</p>`;
    return shown.map((lane) => this.lane(lane));
  }

  lane(/** @type {Lane} */ lane) {
    return html`<section class="dv-lane" aria-label=${place(lane.portal)}>
      ${this.only ? nothing : html`<h3>${place(lane.portal)}</h3>`}
      ${this.window(lane)}
      <div class="dv-cards">${lane.bollards.map((one) => this.card(one))}</div>
    </section>`;
  }

  window(/** @type {Lane} */ lane) {
    if (lane.held) {
      const left = lane.closes_at === null ? "" : t("for {left} more", { left: watch((Date.parse(lane.closes_at) - this.at) / 1000) });
      return html`<p class="dv-window" data-open="true"><span aria-hidden="true">▲</span> ${t("Arrival or dismissal: bollards stay raised")} ${left}</p>`;
    }
    if (lane.opens_at === null) return nothing;
    const down = lane.bollards.filter((one) => one.position !== "raised").length;
    const left = watch((Date.parse(lane.opens_at) - this.at) / 1000);
    return html`<p class="dv-window"><span aria-hidden="true">▲</span> ${t("Arrival or dismissal begins in {left}.", { left })} ${
      down ? t("{count} bollards are still down: raise them by hand.", { count: down }) : t("Every bollard is up.")
    }</p>`;
  }

  card(/** @type {Bollard} */ one) {
    const position = one.position ?? "unknown";
    const speaks = one.conditions.find((some) => some.interlock === "sensors_speak")?.met ?? false;
    return html`<article class="dv-card" aria-label=${one.device} data-latched=${one.latched}>
      <h4><a href=${`#devices/${one.device}`}>${one.device}</a></h4>
      <div class="dv-seen">
        ${drawing(position)}
        <dl>
          <dt>${t("Position")}</dt><dd><b>${word("bollard_position", position)}</b></dd>
          <dt>${t("On foot")}</dt><dd>${this.loop("loop", one.pedestrian, speaks, one)}</dd>
          <dt>${t("Vehicle")}</dt><dd>${this.loop("loop_vehicle", one.vehicle, speaks, one)}</dd>
          <dt>${t("Sensors")}</dt><dd>${one.heard_s === null ? t("have said nothing yet") : t("{age} ago, number {counter}", { age: span(one.heard_s), counter: one.counter ?? "" })}</dd>
        </dl>
      </div>
      ${one.latched ? html`<p class="dv-latched"><span aria-hidden="true">■</span> ${t("Emergency raise latched: nothing moves it but a reset.")}</p>` : nothing}
      <ul class="dv-locks" data-up=${position === "raised"} aria-label=${t("Interlocks")}>
        ${one.conditions
          .filter((some) => some.interlock !== "latched")
          .map((some) => html`<li data-met=${some.met}><span aria-hidden="true">${some.met ? "●" : "◆"}</span> ${word("interlock", some.interlock)}${COLON}<b>${some.met ? t("met") : t("not met")}</b>${
            some.interlock.endsWith("_clear") && some.for_s !== null && speaks ? html` <span class="quiet">${t("clear for {span}", { span: span(some.for_s) })}</span>` : nothing
          }</li>`)}
      </ul>
      ${position === "raised" ? html`<p class="quiet">${t("It is up. While it is, its sensors speak every five seconds only, and nothing waits for them.")}</p>` : nothing}
      ${this.may ? this.acts(one) : html`<p class="quiet">${t("Moving a bollard takes the right to command devices.")}</p>`}
      <p class="dv-refused" role="status">${this.refused[one.device] ?? ""}</p>
      ${this.commands[one.device] ? html`<p class="dv-life" role="status">${life(this.commands[one.device])}</p>` : nothing}
    </article>`;
  }

  /** @param {"loop" | "loop_vehicle"} of @param {string | null} said @param {boolean} speaks @param {Bollard} one */
  loop(of, said, speaks, one) {
    if (said === null) return html`<b>${word(of, "unknown")}</b>`;
    if (!speaks) return html`<b>${word(of, "unknown")}</b> <span class="quiet">${t("last: {word}, {age} ago", { word: word(of, said), age: span(one.heard_s ?? 0) })}</span>`;
    return html`<b>${word(of, said)}</b> <span class="quiet">${t("{age} ago", { age: span(one.heard_s ?? 0) })}</span>`;
  }

  acts(/** @type {Bollard} */ one) {
    const reason = this.reasons[one.device] ?? "";
    const typed = reason.trim() !== "";
    const armed = this.armed !== null && this.armed.device === one.device && this.armed.until > Date.now() ? this.armed : null;
    const id = `dv-why-${one.device}`;
    if (armed) return this.second(one, armed);
    const button = (/** @type {string} */ act) => {
      const why = this.whyNot(one, act);
      return html`<button type="button" ?disabled=${why !== "" || !typed || this.busy !== ""} aria-describedby=${id}
        @click=${() => this.want({ act: "command", device: one.device, action: act, reason })}>${word("device_action", act)}</button>`;
    };
    const whys = [...new Set((one.latched ? ["efo_reset", "efo"] : ["raise", "lower", "efo"]).map((act) => [act, this.whyNot(one, act)]).filter(([, why]) => why).map(([act, why]) => `${word("device_action", act ?? "")}${COLON}${why}`))];
    return html`
      <label class="dv-reason"><span>${t("Reason")}</span>
        <input maxlength="200" autocomplete="off" .value=${reason} @input=${(/** @type {any} */ event) => (this.reasons = { ...this.reasons, [one.device]: event.target.value })} /></label>
      <div class="dv-acts">
        ${one.latched
          ? html`<wg-k-hold .text=${word("device_action", "efo_reset")} .sign=${"↓"} .busy=${this.busy !== ""} .held=${() => this.want({ act: "command", device: one.device, action: "lower", reason: "efo_reset" })}></wg-k-hold>`
          : html`${button("raise")} ${button("lower")}`}
        ${!typed
          ? html`<button type="button" class="k-hold" disabled aria-describedby=${id}><span class="k-ring" aria-hidden="true">■</span><span>${word("device_action", "efo")}</span></button>`
          : html`<wg-k-hold .text=${word("device_action", "efo")} .busy=${this.busy !== ""} .held=${() => this.want({ act: "command", device: one.device, action: "efo", reason })}></wg-k-hold>`}
      </div>
      <p class="quiet dv-why" id=${id}>${typed ? nothing : t("Say why first; it is recorded.")} ${whys.map((why) => html`<span>${why}</span> `)}</p>
    `;
  }

  /** The second step, with what will happen. @param {Bollard} one @param {Armed} armed */
  second(one, armed) {
    const left = Math.ceil((armed.until - Date.now()) / 1000);
    return html`<div class="dv-second" role="group" aria-label=${word("device_action", "efo")}>
      <p><b>${t("{device} rises at once, also under a vehicle.", { device: one.device })}</b>
        ${t("Only somebody on foot stops it. Whoever drives against it is hit. It stays up until somebody resets it.")}</p>
      <p role="timer">${t("Confirm within {count} s.", { count: left })}</p>
      <div class="dv-acts">
        <button type="button" class="main" ?disabled=${this.busy !== ""} @click=${() => this.want({ act: "command", device: one.device, action: "efo", reason: armed.reason, confirm: armed.token })}>■ ${t("Raise it now")}</button>
        <button type="button" @click=${() => this.want({ act: "disarm" })}>${t("No, leave it")}</button>
      </div>
    </div>`;
  }

  /** Why an act would be refused now; "" if it would not. @param {Bollard} one @param {string} act */
  whyNot(one, act) {
    if (one.not_now) return word("not_sent", one.not_now);
    const missing = one.acts.find((some) => some.act === act)?.unmet ?? [];
    return missing.length ? t("waits for: {what}", { what: missing.map((some) => word("interlock", some)).join(LISTED) }) : "";
  }
}

customElements.define("wg-c-bollards", BollardCards);

/** Where it is: up, down, on its way or blocked, by shape. */
function drawing(/** @type {string} */ position) {
  const up = position === "raised";
  const down = position === "lowered";
  const moving = position === "raising" || position === "lowering";
  return html`<svg class="dv-bollard" viewBox="0 0 64 72" width="64" height="72" role="img" aria-label=${word("bollard_position", position)}>
    <line x1="2" y1="46" x2="62" y2="46" class="ground" />
    ${up ? svg`<rect x="22" y="10" width="20" height="36" rx="5" class="solid" /><line x1="22" y1="20" x2="42" y2="20" class="ring" />` : null}
    ${down ? svg`<rect x="22" y="46" width="20" height="20" rx="3" class="hollow" />` : null}
    ${moving ? svg`<rect x="22" y="28" width="20" height="34" rx="5" class="hollow" />
      <path d=${position === "raising" ? "M52 34 V12 M46 18 L52 12 L58 18" : "M52 12 V34 M46 28 L52 34 L58 28"} class="arrow" />` : null}
    ${position === "fault" ? svg`<rect x="22" y="28" width="20" height="34" rx="5" class="hollow" /><path d="M18 14 L46 42 M46 14 L18 42" class="cross" />` : null}
    ${position === "unknown" ? svg`<rect x="22" y="20" width="20" height="42" rx="5" class="hollow" /><text x="32" y="40" class="what">?</text>` : null}
  </svg>`;
}

