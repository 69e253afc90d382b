/**
 * One field of a form: its label, what to type, a hint, and what is wrong with it, beside it.
 *
 * Promises: what was typed stays, whatever is wrong with it; a text that is too long is not cut off but counted; what
 * is wrong is read out with the field. Leaves to others: what is right (the sheet), the keyboard (keyboard.js).
 *
 *   <wg-field path="visitor.name" .label=${t("Name")} .value=${draft.name} .error=${errors["visitor.name"] ?? ""}
 *     .limit=${64} keyboard="words" @wg-input=${(event) => …event.detail.value}></wg-field>
 *
 * `errorsOf(problem)` makes the sentences for `.error` from what the gateway said, by the field's path.
 */

import { html, LitElement, nothing } from "lit";
import { t } from "../i18n.js";

/** A count is shown from this share of the limit on. */
const NEAR = 0.8;

export class FieldPart extends LitElement {
  static properties = {
    path: {},
    keyboard: {},
    type: {},
    autocomplete: {},
    label: { attribute: false },
    value: { attribute: false },
    hint: { attribute: false },
    error: { attribute: false },
    limit: { attribute: false },
    optional: { attribute: false },
  };

  constructor() {
    super();
    /** The field's path in what is sent, as `visitor.document.number`. */
    this.path = "";
    /** What the on-screen keyboard shows for it. @type {"words" | "latin" | "digits" | "none"} */
    this.keyboard = "words";
    /** @type {"text" | "tel" | "search" | "time"} */
    this.type = "text";
    this.label = "";
    this.value = "";
    this.hint = "";
    this.error = "";
    /** Characters at most; 0: as many as one likes. */
    this.limit = 0;
    this.optional = false;
  }

  createRenderRoot() {
    return this;
  }

  get input() {
    return this.querySelector("input");
  }

  focus() {
    this.input?.focus();
  }

  typed(/** @type {Event} */ event) {
    this.value = /** @type {HTMLInputElement} */ (event.target).value;
    const told = { path: this.path, value: this.value };
    this.dispatchEvent(new CustomEvent("wg-input", { detail: told, bubbles: true }));
  }

  render() {
    const id = `f-${this.path.replace(/[^a-z0-9]+/gi, "-")}`;
    const length = [...this.value].length;
    const over = this.limit > 0 ? length - this.limit : 0;
    const error = over > 0 ? t("{count} characters too many", { count: over }) : this.error;
    const counts = this.limit > 0 && length >= this.limit * NEAR;
    const about = [this.hint && `${id}-hint`, counts && `${id}-count`, error && `${id}-error`];
    return html`
      <label for=${id}>
        ${this.label} ${this.optional ? html`<span class="optional">${t("optional")}</span>` : nothing}
        ${counts
          ? html`<span class="count" id=${`${id}-count`}>${t("{count} of {limit}", { count: length, limit: this.limit })}</span>`
          : nothing}
      </label>
      <input
        id=${id}
        name=${this.path}
        type=${this.type}
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        data-keyboard=${this.keyboard}
        aria-describedby=${about.filter((part) => part).join(" ") || nothing}
        aria-invalid=${error ? "true" : nothing}
        .value=${this.value}
        @input=${this.typed}
      />
      ${this.hint ? html`<div class="hint" id=${`${id}-hint`}>${this.hint}</div>` : nothing}
      <div class="error" id=${`${id}-error`} role="alert">
        ${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}
      </div>
    `;
  }
}

customElements.define("wg-field", FieldPart);

/**
 * What the gateway found wrong, by field, in the reader's language; "" stands for what belongs to no field.
 * @param {any} problem as thrown by `ask`
 * @returns {Record<string, string>}
 */
export function errorsOf(problem) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const { field, message } of problem?.errors ?? []) {
    found[field] ??= sentenceFor(String(field), String(message));
  }
  return found;
}

/** The gateway says what it expected in English; a person reads a sentence in their language. */
function sentenceFor(/** @type {string} */ field, /** @type {string} */ message) {
  for (const [pattern, say] of SENTENCES) if (pattern.test(message) || pattern.test(`${field}: ${message}`)) return say();
  return t("This was not accepted ({message}).", { message });
}

/** @type {[RegExp, () => string][]} */
const SENTENCES = [
  ...["characters", "length", "birth_date", "future", "check_digit"].map(
    (fault) => /** @type {[RegExp, () => string]} */ ([new RegExp(`identity card: ${fault}`), () => wrongDocument(fault)]),
  ),
  [/letters and digits/, () => wrongDocument("length")],
  [/ends_at: .*must be after/, () => t("It ends before it begins: choose a later time.")],
  [/ends_at: .*past/, () => t("That time is past already: choose a later one.")],
  [/ends_at: .*at most/, () => t("That is too long for one visit: choose an earlier time.")],
  [/starts_at: .*at most/, () => t("That is too far ahead.")],
  [/nobody has this id/, () => t("Nobody of the school has this name or number any more. Choose somebody else.")],
  [/has left|suspended/, () => t("This person has left the school. Choose somebody else.")],
  [/no host for this kind/, () => t("This person cannot answer for this kind of visit. Choose somebody of the staff.")],
  [/nobody's host/, () => t("A visitor is nobody's host. Choose somebody of the school.")],
  [/somebody of the school has to answer/, () => t("Somebody of the school has to answer for this kind of visit.")],
  [/plate: /, () => t("This is no number plate. Letters and digits as on the vehicle, please.")],
  [/prohibited/, () => t("This may not be taken in. Say what becomes of it.")],
  [/no such zone/, () => t("There is no such place any more.")],
  [/is held by the person/, () => t("Somebody else has this one. Take it from them first, or give another.")],
  [/was (reported lost|revoked) and stays so/, () => t("This one was blocked or reported lost and stays so. Give another.")],
  [/lies before valid_from/, () => t("It ends before it begins: choose a later time.")],
  [/^id: expected 1 to 64/, () => t("Letters and digits, dot, - and _ only; at most 64.")],
  [/expected 1 to 200 printable/, () => t("Something is missing here.")],
  [/length >= 1|is missing/, () => t("Something is missing here.")],
  [/length <= (\d+)/, () => t("This is too long.")],
  [/matching regex/, () => t("There is a character in it that no name has.")],
];

/** What to say of a document's number. */
export function wrongDocument(/** @type {string} */ fault) {
  switch (fault) {
    case "empty":
      return t("The number of the document is missing.");
    case "characters":
      return t("Only digits and letters, please; a resident id ends in a digit or X.");
    case "length":
      return t("The number has not the right length. Please compare it with the document.");
    case "birth_date":
      return t("The date of birth in this number does not exist. Please compare it with the card.");
    case "future":
      return t("The date of birth in this number lies in the future. Please compare it with the card.");
    case "check_digit":
      return t("The check digit does not fit: one digit is wrong. Please compare it with the card.");
    default:
      return t("This is no number of a resident identity card. Please compare it with the card.");
  }
}
