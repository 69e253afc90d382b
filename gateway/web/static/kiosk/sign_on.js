/**
 * Card and PIN: the form at which a guard signs on, and with which locked records are shown again.
 *
 * The card's reader types like a keyboard: its number is taken from anywhere on the page, also while the PIN is being
 * typed, because it comes faster than fingers. The PIN goes in on the pad or the keyboard. Neither is shown or kept.
 */

import { ask, Problem } from "../api.js";
import { t } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";

const PAD = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "back"];
/** Readers send a key every few ms; fingers need more. */
const READER_MS = 35;
/** So many fast keys are no PIN. */
const SHORTEST_CARD = 6;

export class SignOnPart extends Part {
  static properties = {
    gate: { attribute: false },
    mode: { attribute: false },
    wrong: { state: true },
    busy: { state: true },
    field: { state: true },
  };

  constructor() {
    super();
    this.gate = "";
    /** @type {"on" | "unlock"} */
    this.mode = "on";
    this.wrong = "";
    this.busy = false;
    /** Which field the pad types into. @type {"card" | "pin"} */
    this.field = "card";
    /** @type {{key: string, at: number}[]} */
    this.burst = [];
    this.pinBefore = "";
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.key(event);
    /** @type {(answer: any) => void} */
    this.done = () => {};
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("keydown", this.onKey, true);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.onKey, true);
  }

  input(/** @type {"card" | "pin"} */ name) {
    return /** @type {HTMLInputElement} */ (this.querySelector(`[name=${name}]`));
  }

  /** A reader's burst becomes the card's number wherever the focus was; single keys go to the form. */
  key(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.altKey || event.metaKey || this.closest("[hidden]")) return;
    const now = performance.now();
    const last = this.burst.at(-1);
    if (last !== undefined && now - last.at > READER_MS) this.burst = [];
    if (event.key.length === 1) {
      if (!this.burst.length) this.pinBefore = this.input("pin")?.value ?? "";
      this.burst.push({ key: event.key, at: now });
      const into = document.activeElement;
      if (!(into instanceof HTMLInputElement) && !(into instanceof HTMLButtonElement && event.key === " ")) {
        this.input(this.field)?.focus();
      }
      return;
    }
    if (event.key !== "Enter") return;
    const typed = this.burst.map((one) => one.key).join("");
    this.burst = [];
    if (document.activeElement === this.input("card")) {
      event.preventDefault();
      this.takeCard(this.input("card").value);
    } else if (typed.length >= SHORTEST_CARD) {
      event.preventDefault();
      event.stopPropagation();
      if (document.activeElement === this.input("pin")) this.input("pin").value = this.pinBefore;
      this.takeCard(typed);
    }
  }

  takeCard(/** @type {string} */ value) {
    if (!value.trim()) return;
    this.input("card").value = value.trim();
    this.field = "pin";
    this.wrong = "";
    this.input("pin").focus();
    if (this.input("pin").value.length >= 4) void this.send();
  }

  /** The focus stays in the field, so that Enter on any keyboard sends. */
  pad(/** @type {string} */ key) {
    const input = this.input(this.field);
    input.focus();
    if (key === "clear") input.value = "";
    else if (key === "back") input.value = input.value.slice(0, -1);
    else if (input.value.length < input.maxLength) input.value += key;
  }

  async send() {
    const card = this.input("card").value.trim();
    const pin = this.input("pin").value.trim();
    if (this.busy) return;
    if (!card || !pin) {
      this.wrong = card ? t("Now the PIN.") : t("Hold your card to the reader, or type its number.");
      this.field = card ? "pin" : "card";
      this.input(this.field).focus();
      return;
    }
    this.busy = true;
    this.wrong = "";
    try {
      const path = this.mode === "on" ? "session/card" : "session/unlock";
      const answer = await ask("POST", path, this.mode === "on" ? { gate: this.gate, card, pin } : { card, pin });
      this.input("card").value = "";
      this.done(answer);
    } catch (problem) {
      this.wrong = said(problem);
      if (problem instanceof Problem && problem.status === 401 && problem.kind === "not-signed-in") location.reload();
      this.field = "pin";
      this.input("pin").focus();
    } finally {
      if (this.isConnected) this.input("pin").value = "";
      this.busy = false;
    }
  }

  render() {
    const field = (/** @type {"card" | "pin"} */ name, /** @type {string} */ label, /** @type {number} */ most) => html`
      <label class=${this.field === name ? "chosen" : ""}
        >${label}
        <input
          name=${name}
          type="password"
          inputmode="none"
          autocomplete="off"
          maxlength=${most}
          @focus=${() => (this.field = name)}
        />
      </label>
    `;
    return html`<form
      class="k-sign-on"
      novalidate
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void this.send();
      }}
    >
      <div class="k-sign-on-fields">
        <h1>${this.mode === "on" ? t("Sign on with your card") : t("Records are locked")}</h1>
        <p>
          ${this.mode === "on"
            ? t("Hold your card to the reader, then enter your PIN.")
            : t("Card and PIN show them again. Another guard's card takes the kiosk over.")}
        </p>
        <p class="wrong" role="alert" ?hidden=${!this.wrong}>${this.wrong}</p>
        ${field("card", t("Card number"), 200)} ${field("pin", t("PIN"), 8)}
        <button class="main" type="submit" aria-busy=${this.busy}>
          ${this.mode === "on" ? t("Sign on") : t("Unlock")}
        </button>
        ${this.mode === "on"
          ? html`<a class="k-link" href="/?next=kiosk&gate=${this.gate}">${t("Sign in with a password instead")}</a>`
          : nothing}
      </div>
      <div
        class="k-pad"
        role="group"
        aria-label=${t("Number pad")}
        @mousedown=${(/** @type {Event} */ event) => event.preventDefault()}
      >
        ${PAD.map(
          (key) => html`<button type="button" aria-label=${padWord(key)} @click=${() => this.pad(key)}>
            ${key === "clear" ? "C" : key === "back" ? "⌫" : key}
          </button>`,
        )}
      </div>
    </form>`;
  }
}

function padWord(/** @type {string} */ key) {
  return key === "clear" ? t("Clear") : key === "back" ? t("Delete the last digit") : key;
}

function said(/** @type {unknown} */ problem) {
  if (problem instanceof Problem && problem.kind === "wrong-pin") {
    return t(
      "Card and PIN do not fit, or this card may not sign on here. After five wrong PINs a card is locked; the control room unlocks it.",
    );
  }
  return problem instanceof Error ? problem.message : String(problem);
}

customElements.define("wg-k-sign-on", SignOnPart);
