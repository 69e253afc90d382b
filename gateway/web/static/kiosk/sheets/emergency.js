/** Lockdown and evacuation: what is in force here and which doors have followed, and calling one, also as a drill. */

import { age, place, t, timeOfDay } from "../../i18n.js";
import { call, here } from "../emergency.js";
import "../hold.js";
import { html, nothing, Sheet } from "../sheet.js";

const ASK_EVERY_MS = 1000;
const NAMED = 12;

export class EmergencySheet extends Sheet {
  static properties = { ...Sheet.properties, drill: { state: true }, changes: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.drill = false;
    /** @type {any[]} */
    this.changes = [];
    this.busy = false;
    this.timer = 0;
  }

  opened() {
    void this.look();
    this.timer = window.setInterval(() => void this.look(), ASK_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  async look() {
    if (!here(this.kiosk).length || this.kiosk.state.online === "lost") return;
    try {
      this.changes = (await this.kiosk.ask("GET", "propagation")).changes;
    } catch {
      // The next look says more; what is shown has its own age.
    }
  }

  async start(/** @type {"lockdown" | "evacuate"} */ kind) {
    this.busy = true;
    this.say("");
    try {
      await call(this.kiosk, kind, this.drill);
      this.kiosk.sound("alarm");
      await this.look();
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
    this.busy = false;
  }

  body() {
    const live = here(this.kiosk);
    const zones = this.kiosk.gate.zones.map(place).join(", ");
    return html`
      ${live.map((one) => this.state(one))}
      <div class="k-emergency-call">
        <p>${t("It holds for: {zones}. A leader signs afterwards; two people end it.", { zones })}</p>
        <label class="k-switch">
          <input
            type="checkbox"
            .checked=${this.drill}
            @change=${(/** @type {Event} */ event) => (this.drill = /** @type {HTMLInputElement} */ (event.target).checked)}
          />
          <span>${t("This is a drill")}</span>
        </label>
        <div class="k-emergency-acts">
          <wg-k-hold
            .text=${this.drill ? t("Lockdown drill") : t("Lockdown")}
            .busy=${this.busy}
            .held=${() => void this.start("lockdown")}
          ></wg-k-hold>
          <wg-k-hold
            .text=${this.drill ? t("Evacuation drill") : t("Evacuate")}
            .sign=${"⇉"}
            .busy=${this.busy}
            .held=${() => void this.start("evacuate")}
          ></wg-k-hold>
        </div>
        <p class="quiet">${t("Press and hold for two seconds. Lockdown lets nobody in but responders and refuses nobody's leaving; evacuation frees every escape door.")}</p>
      </div>
    `;
  }

  state(/** @type {any} */ one) {
    const change = this.changes.find((change) => change.of === one.id) ?? null;
    const late = change === null ? [] : [...change.late, ...change.away];
    const drill = one.drill ? t("DRILL") : t("REAL");
    const what = one.kind === "lockdown" ? t("LOCKDOWN") : t("EVACUATION");
    return html`<section class="k-emergency" data-kind=${one.kind} data-drill=${one.drill}>
      <h3>
        <span aria-hidden="true">${one.kind === "lockdown" ? "■" : "⇉"}</span> ${what} <span class="k-drill">${drill}</span>
      </h3>
      <p>
        ${t("since {time}", { time: timeOfDay(one.at) })} · ${age(this.kiosk.now() - Date.parse(one.at))} ·
        ${one.zones.map(place).join(", ")} · ${one.signed ? t("signed") : t("not signed yet")}
      </p>
      ${change === null
        ? html`<p>${t("Doors are being told …")}</p>`
        : html`<p class="k-follow">
              <b>${t("{shown} of {asked} devices follow", { shown: change.shown, asked: change.asked })}</b>
              <progress max=${Math.max(1, change.asked)} value=${change.shown} aria-label=${t("Devices that follow")}></progress>
            </p>
            ${late.length
              ? html`<p class="k-late-doors">
                  <span aria-hidden="true">◆</span> ${t("Not yet:")} ${late.slice(0, NAMED).map(deviceName(this.kiosk)).join(", ")}${late.length > NAMED
                    ? ` ${t("+{count} more", { count: late.length - NAMED })}`
                    : ""}
                </p>`
              : nothing}`}
    </section>`;
  }
}

/** A device by where it stands, if it is this gate's; else by its own name. */
function deviceName(/** @type {import("../sheet.js").Kiosk} */ kiosk) {
  return (/** @type {string} */ id) => {
    const device = kiosk.state.devices.find((one) => one.id === id);
    return device?.portal ? `${place(device.portal)} (${id})` : id;
  };
}

customElements.define("wg-s-emergency", EmergencySheet);
