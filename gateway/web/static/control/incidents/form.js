/**
 * A small form of an incident: labelled fields, what is wrong beside each, one button. It keeps what is typed until it
 * was taken, a long one (`keep`) over a reload too, in this browser alone.
 *
 * Emits `wg-i-submit` with the values. Leaves to others: sending them.
 *
 * @typedef {{name: string, label: string, type?: "area" | "line" | "select" | "when" | "check" | "responsible",
 *   value?: any, hint?: string, options?: string[][], limit?: number, optional?: boolean, later?: boolean,
 *   rows?: number}} Field `later`: it may be left empty for now
 */

import { t, texts, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { fromField } from "../people/times.js";

const KEPT = "wg-incident:";

/** What was typed and not taken yet. @returns {Record<string, any> | null} */
function kept(/** @type {string} */ name) {
  try {
    return JSON.parse(localStorage.getItem(KEPT + name) ?? "null");
  } catch {
    return null;
  }
}

/** Forget what was typed: it was taken. */
export function forget(/** @type {string} */ name) {
  localStorage.removeItem(KEPT + name);
}

export class FormPart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    name: { attribute: false },
    keep: { attribute: false },
    fields: { attribute: false },
    submit: { attribute: false },
    errors: { attribute: false },
    busy: { attribute: false },
    main: { attribute: false },
    values: { state: true },
    isFromBefore: { state: true },
    empty: { state: true },
  };

  constructor() {
    super();
    /** Which form it is; another one begins anew. */
    this.name = "";
    /** Under which name what is typed outlives a reload; "": it does not. */
    this.keep = "";
    /** @type {Field[]} */
    this.fields = [];
    this.submit = "";
    /** What is wrong, by field. @type {Record<string, string>} */
    this.errors = {};
    this.busy = false;
    this.main = true;
    /** @type {Record<string, any>} */
    this.values = {};
    this.isFromBefore = false;
    /** What still has to be filled in. @type {Record<string, string>} */
    this.empty = {};
    this.begunAs = "";
  }

  willUpdate() {
    if (this.begunAs === this.name) return;
    this.begunAs = this.name;
    this.empty = {};
    const typed = this.keep ? kept(this.keep) : null;
    this.isFromBefore = typed !== null;
    this.values = { ...Object.fromEntries(this.fields.map((one) => [one.name, one.value ?? ""])), ...typed };
  }

  /** @param {string} name @param {any} value */
  type(name, value) {
    this.values = { ...this.values, [name]: value };
    if (this.empty[name]) this.empty = { ...this.empty, [name]: "" };
    if (this.keep) localStorage.setItem(KEPT + this.keep, JSON.stringify(this.values));
  }

  /** Back to what the fields say by themselves. */
  again() {
    forget(this.keep);
    this.begunAs = "";
    this.requestUpdate();
  }

  /** @param {SubmitEvent} event */
  sent(event) {
    event.preventDefault();
    if (this.busy) return;
    this.empty = Object.fromEntries(this.fields.filter((one) => this.lacks(one)).map((one) => [one.name, one.type === "responsible" ? t("Choose at least one.") : t("Please fill this in.")]));
    if (Object.keys(this.empty).length) {
      void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("[aria-invalid=true], fieldset button"))?.focus());
      return;
    }
    const values = Object.fromEntries(this.fields.map((one) => [one.name, this.valueOf(one)]));
    this.dispatchEvent(new CustomEvent("wg-i-submit", { detail: values, bubbles: true }));
  }

  /** @param {Field} field */
  lacks(field) {
    if (field.optional || field.later || field.type === "check") return false;
    const value = this.values[field.name];
    return Array.isArray(value) ? value.length === 0 : !String(value ?? "").trim();
  }

  /** @param {Field} field */
  valueOf(field) {
    const value = this.values[field.name];
    if (field.type !== "when") return value;
    const at = value ? fromField(value) : NaN;
    return Number.isNaN(at) ? undefined : new Date(at).toISOString();
  }

  render() {
    return html`<form class="i-form" novalidate @submit=${(/** @type {SubmitEvent} */ event) => this.sent(event)}>
      ${this.isFromBefore
        ? html`<p class="kept">${t("What was typed here before is still there.")}
            <button type="button" class="small" @click=${() => this.again()}>${t("Begin anew")}</button></p>`
        : nothing}
      ${this.fields.map((field) => this.field(field))}
      <p class="acts"><button class=${this.main ? "main" : ""} aria-busy=${this.busy ? "true" : "false"} ?disabled=${this.busy}>${this.submit}</button></p>
    </form>`;
  }

  /** @param {Field} field */
  field(field) {
    const id = `i-${this.name}-${field.name}`;
    const wrong = this.empty[field.name] || (Object.entries(this.errors).find(([path]) => path === field.name || path.startsWith(`${field.name}[`))?.[1] ?? "");
    const about = [field.hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ") || nothing;
    if (field.type === "check") {
      return html`<label class="check"><input type="checkbox" id=${id} .checked=${Boolean(this.values[field.name])}
        @change=${(/** @type {Event} */ event) => this.type(field.name, /** @type {HTMLInputElement} */ (event.target).checked)} /> ${field.label}</label>`;
    }
    if (field.type === "responsible") return this.responsible(field, id, wrong);
    return html`<div class="field">
      <label for=${id}>${field.label}${field.optional ? html` <span class="quiet">${t("(may be empty)")}</span>` : nothing}</label>
      ${field.hint ? html`<p class="hint" id=${`${id}-hint`}>${field.hint}</p>` : nothing}
      ${this.input(field, id, about, wrong)}
      ${wrong ? html`<p class="error" id=${`${id}-wrong`}><span aria-hidden="true">◆</span> ${wrong}</p>` : nothing}
    </div>`;
  }

  /** @param {Field} field @param {string} id @param {any} about @param {string} wrong */
  input(field, id, about, wrong) {
    const value = this.values[field.name] ?? "";
    const typed = (/** @type {Event} */ event) => this.type(field.name, /** @type {HTMLInputElement} */ (event.target).value);
    const invalid = wrong ? "true" : nothing;
    if (field.type === "area") {
      return html`<textarea id=${id} rows=${field.rows ?? 2} maxlength=${field.limit ?? 1000} aria-describedby=${about} aria-invalid=${invalid}
        .value=${value} @input=${typed}></textarea>`;
    }
    if (field.type === "select") {
      return html`<select id=${id} aria-describedby=${about} aria-invalid=${invalid} .value=${value} @change=${typed}>
        ${(field.options ?? []).map(([code = "", name = ""]) => html`<option value=${code} ?selected=${code === value}>${name}</option>`)}
      </select>`;
    }
    return html`<input id=${id} type=${field.type === "when" ? "datetime-local" : "text"} maxlength=${field.limit ?? 100} autocomplete="off"
      aria-describedby=${about} aria-invalid=${invalid} .value=${value} @input=${typed} />`;
  }

  /** Whose matter it was: roles to touch, groups and people by their ids. @param {Field} field @param {string} id @param {string} wrong */
  responsible(field, id, wrong) {
    /** @type {{kind: string, id: string}[]} */
    const chosen = this.values[field.name] || [];
    const has = (/** @type {string} */ kind, /** @type {string} */ one) => chosen.some((other) => other.kind === kind && other.id === one);
    const turn = (/** @type {string} */ kind, /** @type {string} */ one) =>
      this.type(
        field.name,
        has(kind, one) ? chosen.filter((other) => other.kind !== kind || other.id !== one) : [...chosen, { kind, id: one }],
      );
    const add = (/** @type {string} */ kind) => {
      const from = /** @type {HTMLInputElement} */ (this.querySelector(`#${CSS.escape(id)}-${kind}`));
      const one = from.value.trim();
      if (one && !has(kind, one)) turn(kind, one);
      from.value = "";
    };
    const chip = (/** @type {string} */ kind, /** @type {string} */ one, /** @type {string} */ name) =>
      html`<button type="button" class="chip" aria-pressed=${has(kind, one) ? "true" : "false"} @click=${() => turn(kind, one)}>${name}</button>`;
    const byId = chosen.filter((one) => one.kind === "unit" || one.kind === "person");
    return html`<fieldset class="responsible" aria-describedby=${wrong ? `${id}-wrong` : nothing}>
      <legend>${field.label}</legend>
      <div class="chips">
        ${Object.keys(texts.words["responsible_role"] ?? {}).map((role) => chip("role", role, word("responsible_role", role)))}
        ${chip("outside", "", word("responsible", "outside"))}
      </div>
      ${["unit", "person"].map(
        (kind) =>
          html`<div class="adding"><label for=${`${id}-${kind}`}>${kind === "unit" ? t("Group, by its name in the directory") : t("Person, by the school's number")}</label>
            <input id=${`${id}-${kind}`} type="text" maxlength="64" autocomplete="off" />
            <button type="button" @click=${() => add(kind)}>${t("Add")}</button></div>`,
      )}
      ${byId.length ? html`<div class="chips">${byId.map((one) => chip(one.kind, one.id, `${word("responsible", one.kind)}: ${one.id}`))}</div>` : nothing}
      ${wrong ? html`<p class="error" id=${`${id}-wrong`}><span aria-hidden="true">◆</span> ${wrong}</p>` : nothing}
    </fieldset>`;
  }
}

customElements.define("wg-i-form", FormPart);
