/**
 * Why somebody looks another person up: asked for before anybody shows, shown as long as the case lasts, ended by a touch.
 *
 * The form is a leaf: it gets values and tells `wg-enquiry`. What the gateway does with it: the reason goes into the
 * ledger with every look, the words beside it as a note that is erased in time.
 */

import { t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";

/** @typedef {{why: string, words: string, isOpen: boolean}} Enquiry */

/** @type {Enquiry} */
export const NO_ENQUIRY = { why: "", words: "", isOpen: false };
/** The reasons, the most urgent one first. */
export const WHYS = ["safety", "incident", "lost_credential", "fault", "own_request", "authority"];
const WORDS_AT_LEAST = 3;
const WORDS_AT_MOST = 200;

/** What goes with every look. */
export function asked(/** @type {Enquiry} */ { why, words }) {
  return { why, words: words.trim() };
}

export class EnquiryPart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { enquiry: { attribute: false }, draft: { state: true }, wrong: { state: true } };

  constructor() {
    super();
    this.enquiry = NO_ENQUIRY;
    this.draft = { why: "", words: "" };
    this.wrong = "";
  }

  tell(/** @type {Enquiry} */ enquiry) {
    this.dispatchEvent(new CustomEvent("wg-enquiry", { detail: enquiry, bubbles: true }));
  }

  end() {
    this.draft = { why: "", words: "" };
    this.tell(NO_ENQUIRY);
  }

  async open(/** @type {Event} */ event) {
    event.preventDefault();
    this.wrong = !this.draft.why ? "why" : this.draft.words.trim().length < WORDS_AT_LEAST ? "words" : "";
    if (!this.wrong) {
      this.tell({ ...this.draft, isOpen: true });
      return;
    }
    await this.updateComplete;
    const field = this.wrong === "why" ? "input[name=why]" : "#f-words";
    /** @type {HTMLElement | null} */ (this.querySelector(field))?.focus();
  }

  render() {
    const { enquiry } = this;
    if (enquiry.isOpen) {
      return html`<div class="case">
        <p><span class="quiet">${t("Looked up because:")}</span> <b>${word("looking_why", enquiry.why)}</b> · ${enquiry.words}</p>
        <button type="button" class="small" @click=${() => this.end()}>${t("End this case")}</button>
      </div>`;
    }
    const error = (/** @type {string} */ field, /** @type {string} */ text) =>
      html`<p class="error" id=${`e-${field}`} role="alert">${this.wrong === field ? html`<span aria-hidden="true">◆</span> ${text}` : nothing}</p>`;
    return html`<form class="enquiry" novalidate @submit=${(/** @type {Event} */ event) => void this.open(event)}>
      <p>${t("People show only with a reason. It is recorded with your name, before anybody shows; auditors read it.")}</p>
      <fieldset aria-describedby="e-why">
        <legend>${t("Reason for looking")}</legend>
        <div class="whys">
          ${WHYS.map(
            (why) => html`<label class="tick"><input type="radio" name="why" value=${why} .checked=${this.draft.why === why} aria-invalid=${this.wrong === "why" ? "true" : nothing}
              @change=${() => this.put({ why })} /> ${word("looking_why", why)}</label>`,
          )}
        </div>
        ${error("why", t("Choose one. If none fits, there is no reason to look."))}
      </fieldset>
      <div class="field">
        <label for="f-words">${t("Which case")}</label>
        <p class="hint" id="h-words">${t("About the case, in a few words. It is erased in time, the reason stays.")}</p>
        <input id="f-words" maxlength=${WORDS_AT_MOST} autocomplete="off" spellcheck="false" aria-describedby="h-words e-words" aria-invalid=${this.wrong === "words" ? "true" : nothing}
          .value=${this.draft.words} @input=${(/** @type {Event} */ event) => this.put({ words: /** @type {HTMLInputElement} */ (event.target).value })} />
        ${error("words", t("Say which case it is."))}
      </div>
      <div class="acts"><button type="submit" class="main">${t("Go on")}</button></div>
    </form>`;
  }

  put(/** @type {Partial<{why: string, words: string}>} */ some) {
    this.draft = { ...this.draft, ...some };
    this.wrong = "";
  }
}

customElements.define("wg-c-enquiry", EnquiryPart);
