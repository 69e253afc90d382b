/**
 * Commands to one device: chosen, explained, given with a reason; and the life of each until the device has spoken or
 * nobody knows. Leaves to others: sending, and asking what became of it (`main.js`).
 *
 * @typedef {{command: string, device: string, action: string, reason: string, state: string, issued_at: string,
 *   result_reason: string | null, settled_at?: string | null, by?: string | null, elapsed_s?: number, here?: number}} Command
 *   `here`: when it was given, by the clock of this machine; on a simulated campus the gateway's runs faster
 */

import "../../kiosk/hold.js";
import { t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { COLON, watch, when } from "./words.js";

/** The harmless ones first. What moves a bollard stands on its own card. */
const ORDER = ["identify", "snapshot", "announce", "lock", "unlock", "grant", "release", "reboot"];
/** These let people through or take a device away for a while: held, not only touched. */
const HEAVY = ["grant", "unlock", "release", "reboot"];
const SIGN = /** @type {Record<string, string>} */ ({ issued: "○", executed: "●", refused: "◆", failed: "■", expired: "▲", no_answer: "✕" });
/** The end that keeps a `lock` after a fire from being refused. */
const FIRE_RESET = "fire_reset";

/** One command's life in a line. */
export function life(/** @type {Command} */ command) {
  const passed = (Date.now() - (command.here ?? Date.now())) / 1000;
  const took = command.settled_at ? (Date.parse(command.settled_at) - Date.parse(command.issued_at)) / 1000 : null;
  const clock = command.state === "issued" ? ` ${watch(passed)}` : took === null ? "" : ` ${t("after {count} s", { count: Math.max(0, took).toFixed(1) })}`;
  return html`<span class="dv-life-line" data-state=${command.state}
    ><span aria-hidden="true">${SIGN[command.state] ?? "○"}</span> <b>${word("device_action", command.action === "lower" && command.reason === "efo_reset" ? "efo_reset" : command.action)}</b>${COLON}${word("command_state", command.state)}${clock}${command.result_reason && command.state !== "executed" ? html` · ${word("command_reason", command.result_reason)}` : nothing}</span>
    ${command.state === "issued" || command.state === "executed" ? nothing : html`<span class="quiet">${word("command_meaning", command.state)}</span>`}`;
}

export class CommandBox extends Part {
  static properties = {
    device: { attribute: false },
    actions: { attribute: false },
    notNow: { attribute: false },
    may: { attribute: false },
    busy: { attribute: false },
    commands: { attribute: false },
    refused: { attribute: false },
    at: { attribute: false },
    chosen: { state: true },
    reason: { state: true },
  };

  constructor() {
    super();
    this.device = "";
    /** @type {string[]} */
    this.actions = [];
    /** @type {string | null} */
    this.notNow = null;
    this.may = false;
    this.busy = "";
    /** @type {Command[] | null} */
    this.commands = null;
    this.refused = "";
    this.at = 0;
    this.chosen = "";
    this.reason = "";
  }

  /** Another device: what was chosen was chosen for the one before. */
  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("device") && changed.get("device") !== undefined) {
      this.chosen = "";
      this.reason = "";
    }
  }

  render() {
    return html`<section class="dv-box" aria-labelledby="h-commands">
      <h3 id="h-commands">${t("Commands")}</h3>
      ${this.may ? this.acts() : html`<p class="quiet">${t("Commands are given by whoever has the right to command devices: the control room's operator.")}</p>`}
      <p class="dv-refused" role="status">${this.refused}</p>
      ${this.history()}
    </section>`;
  }

  acts() {
    const actions = ORDER.filter((one) => this.actions.includes(one));
    const dead = this.notNow === null ? "" : word("not_sent", this.notNow);
    return html`
      ${dead ? html`<p class="dv-dead" id="dv-dead"><span aria-hidden="true">✕</span> ${dead}</p>` : nothing}
      <div class="dv-acts" role="group" aria-label=${t("What it can do")}>
        ${actions.map((one) => html`<button type="button" aria-pressed=${one === this.chosen} aria-describedby=${dead ? "dv-dead" : nothing} ?disabled=${dead !== ""}
          @click=${() => (this.chosen = this.chosen === one ? "" : one)}>${word("device_action", one)}</button>`)}
      </div>
      ${this.chosen && !dead ? this.give() : nothing}
    `;
  }

  give() {
    const action = this.chosen;
    const send = () => {
      this.dispatchEvent(new CustomEvent("wg-wish", { detail: { act: "command", device: this.device, action, reason: this.reason.trim() }, bubbles: true }));
      this.chosen = "";
    };
    const ready = this.reason.trim() !== "" && this.busy === "";
    return html`<div class="dv-give">
      <p>${word("action_effect", action)}</p>
      <label class="dv-reason"><span>${t("Reason")}</span>
        <input maxlength="200" autocomplete="off" .value=${this.reason} @input=${(/** @type {any} */ event) => (this.reason = event.target.value)} /></label>
      ${action === "lock" ? html`<button type="button" class="small" @click=${() => (this.reason = FIRE_RESET)}>${t("Reset after a fire")}</button>` : nothing}
      ${HEAVY.includes(action) && ready
        ? html`<wg-k-hold .text=${word("device_action", action)} .sign=${"▶"} .held=${send}></wg-k-hold>`
        : html`<button type="button" class="main" ?disabled=${!ready} @click=${send}>${t("Send: {action}", { action: word("device_action", action) })}</button>`}
      ${ready ? nothing : html`<span class="quiet">${t("Say why first; it is recorded.")}</span>`}
    </div>`;
  }

  history() {
    if (this.commands === null) return nothing;
    if (!this.commands.length) return html`<p class="quiet">${t("Nobody has commanded it yet.")}</p>`;
    return html`<ol class="dv-history" aria-label=${t("Commands given, the newest first")}>
      ${this.commands.map(
        (one) => html`<li><time>${when(one.issued_at, this.at)}</time> <span>${life(one)}</span>
          <span class="quiet">${[one.by, one.reason].filter(Boolean).join(" · ")}</span></li>`,
      )}
    </ol>`;
  }
}

customElements.define("wg-c-commands", CommandBox);
