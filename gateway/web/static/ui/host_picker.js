/**
 * Choosing somebody of the school by letters, characters or the initials of the pinyin: for whom a visitor comes.
 *
 * Promises: works by touch, by arrows and by a reader of screens (a combobox with a list); an answer that comes late
 * never replaces a newer one; whoever was chosen stays until somebody else is. Leaves to others: asking (`find`) and
 * what a choice means (`wg-chosen`).
 *
 * @typedef {{id: string, name: string, unit?: string | null}} Person
 */

import { html, LitElement, nothing } from "lit";
import { t } from "../i18n.js";

const AFTER_MS = 150;
const SHOWN = 20;

export class HostPicker extends LitElement {
  static properties = {
    path: {},
    label: { attribute: false },
    hint: { attribute: false },
    error: { attribute: false },
    value: { attribute: false },
    find: { attribute: false },
    q: { state: true },
    found: { state: true },
    at: { state: true },
    isOpen: { state: true },
    failed: { state: true },
  };

  constructor() {
    super();
    this.path = "host";
    this.label = "";
    this.hint = "";
    this.error = "";
    /** Who was chosen. @type {Person | null} */
    this.value = null;
    /** @type {(q: string) => Promise<Person[]>} */
    this.find = async () => [];
    this.q = "";
    /** What was found for `q`; null while nothing was asked. @type {Person[] | null} */
    this.found = null;
    this.at = 0;
    this.isOpen = false;
    this.failed = "";
    this.asked = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  createRenderRoot() {
    return this;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  focus() {
    this.querySelector("input")?.focus();
  }

  typed(/** @type {Event} */ event) {
    this.q = /** @type {HTMLInputElement} */ (event.target).value;
    this.isOpen = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), AFTER_MS);
  }

  async search() {
    const q = this.q.trim();
    const number = (this.asked += 1);
    if (!q) {
      this.found = null;
      return;
    }
    try {
      const found = await this.find(q);
      if (number !== this.asked) return;
      this.found = found.slice(0, SHOWN);
      this.failed = "";
    } catch (problem) {
      if (number !== this.asked) return;
      this.found = null;
      this.failed = problem instanceof Error ? problem.message : String(problem);
    }
    this.at = 0;
    void this.updateComplete.then(() => this.scrollIntoView({ block: "start" }));
  }

  choose(/** @type {Person | null} */ person) {
    this.value = person;
    this.isOpen = false;
    this.q = "";
    this.found = null;
    this.dispatchEvent(new CustomEvent("wg-chosen", { detail: person, bubbles: true }));
    if (person === null) void this.updateComplete.then(() => this.focus());
  }

  keys(/** @type {KeyboardEvent} */ event) {
    const { found } = this;
    if (!this.isOpen || !found?.length) return;
    if (event.key === "ArrowDown") this.at = Math.min(found.length - 1, this.at + 1);
    else if (event.key === "ArrowUp") this.at = Math.max(0, this.at - 1);
    else if (event.key === "Enter") this.choose(found[this.at] ?? null);
    else if (event.key === "Escape") this.isOpen = false;
    else return;
    event.preventDefault();
    event.stopPropagation();
    void this.updateComplete.then(() => this.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }));
  }

  /** "Next" on the on-screen keyboard takes the first of the list. */
  next(/** @type {Event} */ event) {
    const first = this.found?.[this.at];
    if (!this.isOpen || first === undefined) return;
    event.preventDefault();
    this.choose(first);
  }

  render() {
    return this.value === null ? this.asking() : this.chosen(this.value);
  }

  chosen(/** @type {Person} */ person) {
    return html`
      <div class="label" id="f-${this.path}-label">${this.label}</div>
      <div class="chosen" role="group" aria-labelledby="f-${this.path}-label">
        <span><b>${person.name}</b> ${person.unit ? html`<span class="unit">${person.unit}</span>` : nothing}</span>
        <button type="button" @click=${() => this.choose(null)}>${t("Somebody else")}</button>
      </div>
      <div class="error" role="alert">${this.error ? html`<span aria-hidden="true">◆</span> ${this.error}` : nothing}</div>
    `;
  }

  asking() {
    const id = `f-${this.path}`;
    const error = this.failed || this.error;
    const list = this.isOpen ? this.found : null;
    return html`
      <label for=${id}>${this.label}</label>
      <input
        id=${id}
        name=${this.path}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck="false"
        data-keyboard="latin"
        aria-autocomplete="list"
        aria-expanded=${list?.length ? "true" : "false"}
        aria-controls="${id}-list"
        aria-activedescendant=${list?.length ? `${id}-${this.at}` : nothing}
        aria-describedby=${`${id}-hint ${id}-error`}
        aria-invalid=${error ? "true" : nothing}
        .value=${this.q}
        @input=${this.typed}
        @keydown=${this.keys}
        @wg-next=${this.next}
      />
      <div class="hint" id="${id}-hint">${this.hint}</div>
      <ul class="found" id="${id}-list" role="listbox" aria-label=${this.label} ?hidden=${!list?.length}>
        ${(list ?? []).map(
          (person, at) =>
            html`<li
              id="${id}-${at}"
              role="option"
              aria-selected=${at === this.at ? "true" : "false"}
              @mousedown=${(/** @type {Event} */ event) => event.preventDefault()}
              @click=${() => this.choose(person)}
            >
              <b>${person.name}</b> ${person.unit ? html`<span class="unit">${person.unit}</span>` : nothing}
            </li>`,
        )}
      </ul>
      <div class="none" role="status">
        ${list?.length === 0
          ? t("Nobody of the school is found under this. Whoever has left is not found.")
          : nothing}
      </div>
      <div class="error" id="${id}-error" role="alert">
        ${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}
      </div>
    `;
  }
}

customElements.define("wg-host-picker", HostPicker);
