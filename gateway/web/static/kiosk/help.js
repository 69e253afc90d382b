/**
 * The gate's own name in the band, and what a guard who needs help gets there.
 *
 * Held for a moment, the name calls for help in silence: nothing on this screen shows or sounds but a thin line under
 * the name, which looks like any other focus; only the control room sees the call. Beside it stands a wish for relief,
 * as long as one is open, with the time left or the word that somebody comes. docs/shifts.md says it to the guards.
 */

import { t, texts } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";

const HOLD_MS = 1200;
const MARK_MS = 2500;

export class HelpPart extends Part {
  static properties = {
    kiosk: { attribute: false },
    reliefs: { attribute: false },
    now: { attribute: false },
    marked: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    /** @type {any[]} */
    this.reliefs = [];
    this.now = 0;
    this.marked = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.held = undefined;
  }

  /** What the stream tells of wishes for relief. */
  hear(/** @type {any} */ event) {
    if (Array.isArray(event.relief)) this.reliefs = event.relief;
    if (event.type === "relief") {
      const rest = this.reliefs.filter((one) => one.id !== event.id);
      this.reliefs = event.state === "done" ? rest : [...rest, event];
    }
  }

  press() {
    this.release();
    this.held = setTimeout(() => void this.call(), HOLD_MS);
  }

  release() {
    clearTimeout(this.held);
    this.held = undefined;
  }

  /** However it ends, the screen looks the same: whoever stands behind the guard learns nothing. */
  async call() {
    this.held = undefined;
    try {
      await this.kiosk.ask("POST", "panic", { gate: this.kiosk.gate.id });
      this.marked = true;
      setTimeout(() => (this.marked = false), MARK_MS);
    } catch {
      // no line under the name: it did not get out
    }
  }

  render() {
    if (!this.kiosk) return nothing;
    const name = texts.language === "zh" ? this.kiosk.gate.name.zh : this.kiosk.gate.name.en;
    return html`<h1>
        <button
          type="button"
          class="k-gate-name"
          data-marked=${this.marked}
          @pointerdown=${this.press}
          @pointerup=${this.release}
          @pointerleave=${this.release}
          @pointercancel=${this.release}
          @contextmenu=${(/** @type {Event} */ event) => event.preventDefault()}
          @keydown=${(/** @type {KeyboardEvent} */ event) => {
            if ((event.key === "Enter" || event.key === " ") && !event.repeat) this.press();
          }}
          @keyup=${this.release}
          @blur=${this.release}
        >
          ${name}
        </button>
      </h1>
      ${this.relief()}`;
  }

  relief() {
    const one = this.reliefs.find((relief) => relief.gate === this.kiosk.gate.id);
    if (one === undefined) return nothing;
    const left = Date.parse(one.until) - this.now;
    return html`<button type="button" class="k-relief" data-state=${one.state} @click=${() => void this.kiosk.open("call")}>
      <span aria-hidden="true">${one.state === "coming" ? "●" : "▲"}</span>
      ${one.state === "coming"
        ? t("Relief is coming")
        : left > 0
          ? t("Relief asked: {time}", { time: minutes(left) })
          : t("Relief: no answer")}
    </button>`;
  }
}

/** `4:05` */
export function minutes(/** @type {number} */ ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

customElements.define("wg-k-help", HelpPart);
