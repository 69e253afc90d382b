/**
 * One signature: a touch for whoever is signed on here, or card and PIN for somebody else.
 *
 * Promises: a card reader that types ends in the card's field and leads on to the PIN; neither is shown or kept, and the
 * PIN is gone once it was sent. Leaves to others: what is signed (`done` gets card and PIN, or nothing of both).
 */

import { t } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";

export class SignaturePart extends Part {
  static properties = {
    label: { attribute: false },
    own: { attribute: false },
    error: { attribute: false },
    name: {},
    busy: { state: true },
    missing: { state: true },
  };

  constructor() {
    super();
    this.label = "";
    /** The name of whoever is signed on, if this may be theirs to sign. */
    this.own = "";
    this.error = "";
    this.name = "signature";
    this.busy = false;
    this.missing = "";
    /** @type {(proof: {card?: string, pin?: string}) => Promise<void>} */
    this.done = async () => {};
  }

  field(/** @type {"card" | "pin"} */ what) {
    return /** @type {HTMLInputElement} */ (this.querySelector(`[data-what=${what}]`));
  }

  async send(/** @type {boolean} */ own) {
    if (this.busy) return;
    const card = this.field("card").value.trim();
    const pin = this.field("pin").value.trim();
    if (!own && (!card || !pin)) {
      this.missing = card ? t("Now the PIN.") : t("Hold the card to the reader, or type its number.");
      this.field(card ? "pin" : "card").focus();
      return;
    }
    this.missing = "";
    this.busy = true;
    this.field("pin").value = "";
    try {
      await this.done(own ? {} : { card, pin });
    } finally {
      this.busy = false;
    }
  }

  key(/** @type {KeyboardEvent} */ event, /** @type {"card" | "pin"} */ what) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (what === "card" && !this.field("pin").value) this.field("pin").focus();
    else void this.send(false);
  }

  render() {
    const error = this.error || this.missing;
    const input = (/** @type {"card" | "pin"} */ what, /** @type {string} */ label, /** @type {number} */ most) => html`
      <label>${label}
        <input
          class="k-secret"
          data-what=${what}
          data-keyboard="digits"
          spellcheck="false"
          autocomplete="off"
          maxlength=${most}
          aria-invalid=${what === "pin" && error ? "true" : nothing}
          aria-describedby=${error ? `${this.name}-error` : nothing}
          @keydown=${(/** @type {KeyboardEvent} */ event) => this.key(event, what)}
          @wg-next=${(/** @type {Event} */ event) => {
            event.preventDefault();
            if (what === "card") this.field("pin").focus();
            else void this.send(false);
          }}
        />
      </label>`;
    return html`<fieldset class="k-signature">
      <legend>${this.label}</legend>
      ${this.own
        ? html`<button type="button" class="main" aria-busy=${this.busy} @click=${() => void this.send(true)}>
              ${t("Sign as {name}", { name: this.own })}
            </button>
            <p class="quiet">${t("or with card and PIN:")}</p>`
        : nothing}
      <div class="error" id=${`${this.name}-error`} role="alert">
        ${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}
      </div>
      <div class="k-signature-fields">
        ${input("card", t("Card number"), 200)} ${input("pin", t("PIN code"), 8)}
        <button type="button" aria-busy=${this.busy} @click=${() => void this.send(false)}>${t("Sign")}</button>
      </div>
    </fieldset>`;
  }
}

customElements.define("wg-k-signature", SignaturePart);
