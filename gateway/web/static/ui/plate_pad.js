/**
 * Typing a number plate by touch: the province first, then letters and digits; six or seven characters after it, the
 * seventh for new-energy plates. A keyboard may type into the field as well, for tags and plates of other countries.
 *
 *   <wg-plate-pad .value=${plate} .error=${…} .done=${t("Look it up")} @wg-plate=${(e) => …e.detail.value}
 *     @wg-plate-done=${(e) => …}></wg-plate-pad>
 *
 * Promises: nothing typed is lost, whatever is wrong with it. Leaves to others: what a plate may do.
 */

import { html, LitElement, nothing } from "lit";
import { t } from "../i18n.js";

const PROVINCES = [..."京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"];
/** What stands at the end of plates of police, coaches, driving schools, and for two regions. */
const ENDINGS = [..."警学挂港澳使领"];
const ROWS = ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"].map((row) => [...row]);
export const MOST = 12;

export class PlatePadPart extends LitElement {
  static properties = {
    value: { attribute: false },
    error: { attribute: false },
    done: { attribute: false },
    busy: { attribute: false },
    folded: { attribute: false },
    provinces: { state: true },
  };

  constructor() {
    super();
    this.value = "";
    this.error = "";
    this.done = "";
    this.busy = false;
    /** What is known of the plate is shown instead of the keys. */
    this.folded = false;
    /** The page of provinces is shown, though something was typed. */
    this.provinces = false;
  }

  createRenderRoot() {
    return this;
  }

  put(/** @type {string} */ value) {
    this.value = [...value].slice(0, MOST).join("");
    this.provinces = false;
    this.dispatchEvent(new CustomEvent("wg-plate", { detail: { value: this.value }, bubbles: true }));
  }

  finish() {
    if (!this.value.trim() || this.busy) return;
    this.dispatchEvent(new CustomEvent("wg-plate-done", { detail: { value: this.value }, bubbles: true }));
  }

  render() {
    const rows = this.provinces || !this.value ? [...inRows(PROVINCES, 11), ENDINGS] : ROWS;
    return html`
      <label for="plate-pad">${t("Number plate")}</label>
      <div class="plate-line">
        <input
          id="plate-pad"
          name="plate"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          data-keyboard="none"
          aria-describedby="plate-pad-error"
          aria-invalid=${this.error ? "true" : nothing}
          .value=${this.value}
          @input=${(/** @type {Event} */ event) => this.put(/** @type {HTMLInputElement} */ (event.target).value)}
          @keydown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && this.finish()}
        />
        <button type="button" class="main" aria-busy=${this.busy} ?disabled=${!this.value.trim()} @click=${() => this.finish()}>
          ${this.done || t("Done")}
        </button>
      </div>
      <div class="error" id="plate-pad-error" role="alert">
        ${this.error ? html`<span aria-hidden="true">◆</span> ${this.error}` : nothing}
      </div>
      ${this.folded
        ? html`<button type="button" @click=${() => this.put("")}>${t("Another plate")}</button>`
        : this.keys(rows)}
    `;
  }

  keys(/** @type {string[][]} */ rows) {
    return html`
      <div class="plate-keys" role="group" aria-label=${t("Keys for a plate")}>
        ${rows.map((row) => html`<div class="row">${row.map((letter) => this.key(letter))}</div>`)}
        <div class="row">
          <button type="button" class="named" aria-pressed=${this.provinces} ?disabled=${!this.value} @click=${() => (this.provinces = !this.provinces)}>
            ${t("Province")}
          </button>
          <button type="button" class="named" ?disabled=${!this.value} @click=${() => this.put([...this.value].slice(0, -1).join(""))}>
            <span aria-hidden="true">⌫</span> ${t("Delete")}
          </button>
          <button type="button" class="named" ?disabled=${!this.value} @click=${() => this.put("")}>${t("Clear")}</button>
        </div>
      </div>
    `;
  }

  key(/** @type {string} */ letter) {
    // The province is the first character: choosing another one changes that, and keeps the rest.
    const rest = [...this.value].slice(PROVINCES.includes(this.value[0] ?? "") ? 1 : 0).join("");
    const next = PROVINCES.includes(letter) ? letter + rest : this.value + letter;
    return html`<button type="button" @click=${() => this.put(next)}>${letter}</button>`;
  }
}

/** @param {string[]} keys @param {number} wide */
function inRows(keys, wide) {
  const rows = [];
  for (let at = 0; at < keys.length; at += wide) rows.push(keys.slice(at, at + wide));
  return rows;
}

customElements.define("wg-plate-pad", PlatePadPart);
