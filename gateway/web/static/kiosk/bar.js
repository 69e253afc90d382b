/** The acts along the lower edge, where the thumbs are: the sheets of sheets.js, and at the right end the lockdown. */

import { t } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";
import { call, here } from "./emergency.js";
import "./hold.js";
import { SHEETS } from "./sheets.js";

export class BarPart extends Part {
  static properties = { kiosk: { attribute: false }, more: { state: true }, wrong: { state: true }, busy: { state: true } };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    this.more = false;
    this.wrong = "";
    this.busy = false;
    this.onTouch = (/** @type {Event} */ event) => {
      if (this.more && event.target instanceof Node && !this.contains(event.target)) this.more = false;
    };
    this.onKey = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") this.more = false;
    };
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.onTouch);
    document.addEventListener("keydown", this.onKey);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.onTouch);
    document.removeEventListener("keydown", this.onKey);
  }

  async lockdown() {
    this.busy = true;
    this.wrong = "";
    try {
      await call(this.kiosk, "lockdown", false);
      void this.kiosk.open("emergency");
    } catch (problem) {
      this.wrong = problem instanceof Error ? problem.message : String(problem);
    }
    this.busy = false;
  }

  render() {
    if (!this.kiosk) return nothing;
    const mine = SHEETS.filter((one) => this.kiosk.rights.includes(one.right));
    const bar = mine.filter((one) => one.place === "bar");
    const more = mine.filter((one) => one.place === "more");
    const live = here(this.kiosk);
    return html`
      <div class="k-acts">
        ${bar.map((one) => this.button(one))}
        ${more.length
          ? html`<div class="k-more-of">
              <button type="button" aria-expanded=${this.more} @click=${() => (this.more = !this.more)}>
                <span aria-hidden="true">⋯</span> ${t("More")}
              </button>
              ${this.more ? html`<div class="k-more">${more.map((one) => this.button(one))}</div>` : nothing}
            </div>`
          : nothing}
      </div>
      ${this.wrong ? html`<p class="k-bar-wrong" role="alert">${this.wrong}</p>` : nothing}
      ${!this.kiosk.rights.includes("start_emergency")
        ? nothing
        : live.length
          ? html`<button
              type="button"
              class="k-in-force"
              data-kind=${live[0].kind}
              @click=${() => void this.kiosk.open("emergency")}
            >
              <span aria-hidden="true">${live[0].kind === "lockdown" ? "■" : "⇉"}</span>
              ${live[0].kind === "lockdown" ? t("LOCKDOWN") : t("EVACUATION")}
              <small>${live[0].drill ? t("DRILL") : t("REAL")}</small>
            </button>`
          : html`<wg-k-hold
                .text=${t("Lockdown")}
                .busy=${this.busy}
                .held=${() => void this.lockdown()}
              ></wg-k-hold>
              <button
                type="button"
                class="k-other-emergency"
                aria-label=${t("Drill and evacuation")}
                @click=${() => void this.kiosk.open("emergency")}
              >
                <span aria-hidden="true">⇉</span>
              </button>`}
    `;
  }

  button(/** @type {import("./sheets.js").SheetLine} */ line) {
    return html`<button
      type="button"
      data-sheet=${line.name}
      @click=${() => {
        this.more = false;
        void this.kiosk.open(line.name);
      }}
    >
      <span aria-hidden="true">${line.sign}</span> ${line.label()}
    </button>`;
  }
}

customElements.define("wg-k-bar", BarPart);
