/**
 * The vehicle lanes of this gate, where there is something to say: a window that opens in some minutes and a bollard
 * that is still down, a window that is open with the bollard down, and the guard's one act, raising it.
 *
 * Nothing moves by itself: the button asks, and what stands in the way is said in the guard's words. It is held for a
 * second, because a bollard that rises under somebody is no slip of a finger.
 */

import { place, t, timeOfDay } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";

/** @typedef {{device: string, position: string | null, online: boolean, latched: boolean, obstacle: string | null}} Bollard */
/** @typedef {{portal: string, at: string, held: boolean, opens_at: string | null, bollards: Bollard[]}} Lane */

const HOLD_MS = 1000;
const ASK_EVERY_MS = 5000;
const EVENTS = new Set(["window_countdown", "lane_window", "snapshot"]);

export class LanesPart extends Part {
  static properties = { kiosk: { attribute: false }, lanes: { state: true }, said: { state: true }, held: { state: true } };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    /** @type {Lane[]} */
    this.lanes = [];
    /** What became of a raise, by lane. @type {Record<string, string>} */
    this.said = {};
    /** The lane whose button is held down. */
    this.held = "";
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => this.lanes.some((lane) => this.speaks(lane)) && void this.load(), ASK_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
    clearTimeout(this.holding);
  }

  hear(/** @type {any} */ event) {
    if (EVENTS.has(event.type) || (event.type === "alarm" && event.condition === "window_open_bollard_down")) void this.load();
    if (event.type === "device" && event.device?.kind === "bollard") void this.load();
  }

  async load() {
    if (!this.kiosk?.portals.some((portal) => portal.kind === "vehicle_gate")) return;
    try {
      const { lanes } = await this.kiosk.ask("GET", "lanes");
      const own = new Set(this.kiosk.portals.map((portal) => portal.id));
      this.lanes = lanes.filter((/** @type {Lane} */ lane) => own.has(lane.portal));
    } catch {
      // The connection's own sign says it; what was last known stays.
    }
  }

  down(/** @type {Lane} */ lane) {
    return lane.bollards.filter((one) => one.position !== null && one.position !== "raised");
  }

  /** True if the guard has to know something of this lane. */
  speaks(/** @type {Lane} */ lane) {
    return (lane.held || lane.opens_at !== null) && lane.bollards.length > 0;
  }

  press(/** @type {string} */ portal) {
    this.held = portal;
    clearTimeout(this.holding);
    this.holding = setTimeout(() => {
      this.held = "";
      void this.raise(portal);
    }, HOLD_MS);
  }

  release() {
    this.held = "";
    clearTimeout(this.holding);
  }

  async raise(/** @type {string} */ portal) {
    this.said = { ...this.said, [portal]: "" };
    try {
      const { bollards } = await this.kiosk.ask("POST", `lanes/${portal}/raise`);
      const kept = bollards.find((/** @type {any} */ one) => one.obstacle !== null);
      this.said = { ...this.said, [portal]: kept ? obstacle(kept.obstacle) : t("It is told to rise.") };
      this.kiosk.sound(kept ? "refuse" : "done");
    } catch (problem) {
      this.said = { ...this.said, [portal]: problem instanceof Error ? problem.message : String(problem) };
    }
    await this.load();
  }

  render() {
    if (!this.kiosk) return nothing;
    return this.lanes.filter((lane) => this.speaks(lane)).map((lane) => this.lane(lane));
  }

  lane(/** @type {Lane} */ lane) {
    const down = this.down(lane);
    const left = lane.opens_at === null ? 0 : Math.max(0, Math.ceil((Date.parse(lane.opens_at) - this.kiosk.now()) / 60000));
    const alarm = lane.held && down.length > 0;
    const text = lane.held
      ? down.length
        ? t("Window open, bollard down")
        : t("Arrival and dismissal: the bollards stay raised")
      : down.length
        ? t("The window opens in {count} min: the bollard has to be up", { count: left })
        : t("The window opens in {count} min", { count: left });
    const wait = down.find((one) => one.obstacle !== null);
    return html`<section class="k-lane-line" data-state=${alarm ? "alarm" : down.length ? "warning" : "notice"} aria-label=${place(lane.portal)}>
      <p class="k-lane-text">
        <span aria-hidden="true">${alarm ? "■" : down.length ? "◆" : "▲"}</span> <b>${place(lane.portal)}</b> · ${text}
        ${lane.opens_at ? html`<time>${timeOfDay(lane.opens_at).slice(0, 5)}</time>` : nothing}
      </p>
      ${down.length && wait ? html`<p class="k-lane-why">${obstacle(/** @type {string} */ (wait.obstacle))}</p>` : nothing}
      ${this.said[lane.portal] ? html`<p class="said" role="status">${this.said[lane.portal]}</p>` : nothing}
      ${down.length && this.kiosk.rights.includes("answer_waiting")
        ? html`<button
            type="button"
            class="k-raise"
            data-held=${this.held === lane.portal}
            @pointerdown=${() => this.press(lane.portal)}
            @pointerup=${() => this.release()}
            @pointerleave=${() => this.release()}
            @keydown=${(/** @type {KeyboardEvent} */ e) => (e.key === "Enter" || e.key === " ") && !e.repeat && this.press(lane.portal)}
            @keyup=${() => this.release()}
          >
            <span aria-hidden="true">▲</span> ${t("Hold: raise the bollard")}
          </button>`
        : nothing}
    </section>`;
  }
}

/** Why a bollard is not raised, and what helps. */
export function obstacle(/** @type {string} */ code) {
  switch (code) {
    case "pedestrian_present":
      return t("Somebody stands on the bollard's place. Ask them to step away, then hold again.");
    case "vehicle_present":
      return t("A vehicle stands over the bollard. Let it drive on, then hold again.");
    case "not_clear_yet":
      return t("The lane has not been clear for a second yet. Hold again in a moment.");
    case "sensors_silent":
      return t("The lane's sensors do not say that it is clear: look there, and call the control room.");
    case "efo_latched":
      return t("An emergency raise is latched: the control room ends it.");
    case "device_away":
      return t("The bollard is not connected: call the control room.");
    default:
      return t("It was not raised ({code}). Call the control room.", { code });
  }
}

customElements.define("wg-k-lanes", LanesPart);
