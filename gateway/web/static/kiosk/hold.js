/**
 * A dangerous act: pressed and held for two seconds while a ring fills, by finger, mouse or key. Let go before, and
 * nothing happens but a word on how it works.
 */

import { t } from "../i18n.js";
import { html, Part } from "../live/parts.js";

export const HELD_MS = 2000;

export class HoldPart extends Part {
  static properties = { text: { attribute: false }, sign: { attribute: false }, busy: { attribute: false }, hint: { state: true } };

  constructor() {
    super();
    this.text = "";
    this.sign = "■";
    this.busy = false;
    this.hint = false;
    this.began = 0;
    this.frame = 0;
    /** @type {() => void} */
    this.held = () => {};
    /** A short touch. @type {() => void} */
    this.touched = () => {};
  }

  begin() {
    if (this.busy || this.began) return;
    this.began = performance.now();
    this.hint = false;
    const grow = () => {
      const share = Math.min(1, (performance.now() - this.began) / HELD_MS);
      this.button.style.setProperty("--held", `${share * 360}deg`);
      if (share >= 1) {
        this.end();
        this.held();
      } else {
        this.frame = requestAnimationFrame(grow);
      }
    };
    this.frame = requestAnimationFrame(grow);
  }

  end() {
    cancelAnimationFrame(this.frame);
    this.began = 0;
    this.button.style.removeProperty("--held");
  }

  letGo() {
    if (!this.began) return;
    const short = performance.now() - this.began < HELD_MS;
    this.end();
    if (short) {
      this.hint = true;
      this.touched();
    }
  }

  get button() {
    return /** @type {HTMLButtonElement} */ (this.querySelector("button"));
  }

  key(/** @type {KeyboardEvent} */ event, /** @type {boolean} */ down) {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (down && !event.repeat) this.begin();
    if (!down) this.letGo();
  }

  render() {
    return html`<button
      type="button"
      class="k-hold"
      aria-busy=${this.busy}
      aria-description=${t("Press and hold for two seconds")}
      @pointerdown=${(/** @type {PointerEvent} */ event) => {
        if (event.button === 0) this.begin();
      }}
      @pointerup=${() => this.letGo()}
      @pointerleave=${() => this.letGo()}
      @pointercancel=${() => this.letGo()}
      @contextmenu=${(/** @type {Event} */ event) => event.preventDefault()}
      @keydown=${(/** @type {KeyboardEvent} */ event) => this.key(event, true)}
      @keyup=${(/** @type {KeyboardEvent} */ event) => this.key(event, false)}
      @blur=${() => this.began && this.end()}
    >
      <span class="k-ring" aria-hidden="true">${this.sign}</span>
      <span>${this.hint ? t("hold 2 s") : this.text}</span>
    </button>`;
  }
}

customElements.define("wg-k-hold", HoldPart);
