/**
 * What the pages of an office and of a teacher have in common: one line that says what became of an act, acts that run
 * one at a time and are looked at anew afterwards, a second touch for what cannot be taken back, faults beside fields.
 *
 * Leaves to the pages: what they show (`render`), where it comes from (`load`), what may be typed.
 */

import { html, nothing } from "lit";
import { Part } from "../live/parts.js";
import { t } from "../i18n.js";

export class DeskPart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    said: { state: true },
    errors: { state: true },
    busy: { state: true },
    sure: { state: true },
  };

  constructor() {
    super();
    /** @type {{text: string, kind: "done" | "wrong"}} */
    this.said = { text: "", kind: "done" };
    /** What is wrong, by the field's path. @type {Record<string, string>} */
    this.errors = {};
    /** The act that is under way; nothing else begins meanwhile. @type {string} */
    this.busy = "";
    /** What a second touch does. @type {string} */
    this.sure = "";
  }

  connectedCallback() {
    super.connectedCallback();
    void this.load();
  }

  /** Fetch what is shown; says what went wrong. @returns {Promise<void>} */
  async load() {}

  /** Change what is shown; a page that inherits these fields sets them by this, so that each has one declaration. */
  put(/** @type {Partial<Pick<DeskPart, "said" | "errors" | "busy" | "sure">>} */ some) {
    Object.assign(this, some);
  }

  say(/** @type {unknown} */ what, /** @type {"done" | "wrong"} */ kind = "wrong") {
    this.said = { text: what instanceof Error ? what.message : String(what), kind };
  }

  /** @param {string} what @param {() => Promise<string>} work says what became of it */
  async during(what, work) {
    if (this.busy) return;
    this.busy = what;
    try {
      this.say(await work(), "done");
      await this.load();
    } catch (problem) {
      this.say(problem);
    }
    this.busy = "";
    this.sure = "";
  }

  status() {
    return html`<p class="said" role="status" data-kind=${this.said.kind} ?hidden=${!this.said.text}>${this.said.text}</p>`;
  }

  /** To the first field of which something is said. */
  async toTheWrong() {
    await this.updateComplete;
    const wrong = /** @type {HTMLElement | null} */ (this.querySelector("[aria-invalid=true]"));
    wrong?.focus();
    wrong?.scrollIntoView({ block: "center" });
  }
}

/**
 * A page on which something new is typed, as `draft`; null while nobody types.
 * @template {object} D
 */
export class DraftPart extends DeskPart {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { draft: { state: true } };

  constructor() {
    super();
    /** @type {D | null} */
    this.draft = null;
  }

  /** What was wrong with a field is not said of what is typed there now. @param {Partial<D>} some @param {string[]} paths */
  set(some, ...paths) {
    if (this.draft === null) return;
    this.draft = { ...this.draft, ...some };
    const { errors } = this;
    this.put({ errors: Object.fromEntries(Object.entries(errors).filter(([path]) => !paths.some((one) => path.startsWith(one)))) });
  }

  async toTheWrong() {
    this.say(t("Not sent yet: something is not right. It is said beside the field."));
    await super.toTheWrong();
  }

  /** @param {keyof D & string} name @param {string} path @param {string} label @param {string} value @param {number} limit @param {boolean} [optional] */
  text(name, path, label, value, limit, optional = false) {
    return html`<wg-field path=${path} .label=${label} .value=${value} .limit=${limit} .optional=${optional} .error=${this.errors[path] ?? ""}
      @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => this.typed(name, event.detail.value, path)}></wg-field>`;
  }

  /** @param {"date" | "datetime-local"} type @param {keyof D & string} name @param {string} path @param {string} label @param {string} value */
  when(type, name, path, label, value) {
    const error = this.errors[path] ?? "";
    return html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type=${type} aria-invalid=${error ? "true" : nothing} aria-describedby=${`e-${name}`} .value=${value}
        @input=${(/** @type {Event} */ event) => this.typed(name, /** @type {HTMLInputElement} */ (event.target).value, path)} />
      <p class="error" id=${`e-${name}`} role="alert">${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}</p>
    </div>`;
  }

  /** @param {keyof D & string} name @param {string} value @param {string} path */
  typed(name, value, path) {
    this.set(/** @type {Partial<D>} */ ({ [name]: value }), path);
  }
}
