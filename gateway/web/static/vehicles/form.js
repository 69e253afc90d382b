/** A vehicle that is registered or changed: every field with what is wrong beside it; nothing typed is lost. */

import { html, LitElement, nothing } from "lit";
import { ask, Problem } from "../api.js";
import { hoursField } from "../desk/hours.js";
import { place, t, word } from "../i18n.js";
import { fromField, toField } from "../slips/times.js";

const KINDS = ["registered", "bus", "two_wheeler"];
const WAIT_MS = 250;

/** @typedef {{id: string, name: string}} Person */

export class FormPart extends LitElement {
  static properties = {
    vehicle: { attribute: false },
    lanes: { attribute: false },
    typed: { state: true },
    errors: { state: true },
    found: { state: true },
    said: { state: true },
    busy: { state: true },
  };

  constructor() {
    super();
    /** @type {any} */
    this.vehicle = {};
    /** @type {string[]} */
    this.lanes = [];
    /** @type {any} */
    this.typed = null;
    /** @type {Record<string, string>} */
    this.errors = {};
    /** People found, by field. @type {Record<string, Person[]>} */
    this.found = {};
    this.said = "";
    this.busy = false;
  }

  createRenderRoot() {
    return this;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("vehicle")) return;
    const one = this.vehicle;
    this.typed = {
      kind: one.kind ?? "registered",
      plate: one.plate ?? "",
      holder: one.holder ?? null,
      driver: one.driver ?? null,
      attendant: one.attendant ?? null,
      route: one.route ?? "",
      papers: one.papers_until ? toField(Date.parse(one.papers_until) - 1000).slice(0, 10) : "",
      portals: one.portals ?? [],
      timetable: (one.timetable ?? []).map((/** @type {any} */ part) => ({ ...part, days: [...part.days] })),
      q: {},
    };
  }

  firstUpdated() {
    this.querySelector("h2")?.focus();
  }

  set(/** @type {object} */ some) {
    this.typed = { ...this.typed, ...some };
  }

  find(/** @type {string} */ field, /** @type {string} */ q) {
    this.set({ q: { ...this.typed.q, [field]: q } });
    clearTimeout(this.finding);
    if (!q.trim()) {
      this.found = { ...this.found, [field]: [] };
      return;
    }
    this.finding = setTimeout(async () => {
      try {
        const { people } = await ask("POST", "people/search", { q, limit: 8 });
        this.found = { ...this.found, [field]: people };
      } catch (problem) {
        this.said = problem instanceof Error ? problem.message : String(problem);
      }
    }, WAIT_MS);
  }

  body() {
    const { typed } = this;
    const isBus = typed.kind === "bus";
    const papers = typed.papers ? new Date(fromField(`${typed.papers}T00:00`) + 86_400_000).toISOString() : null;
    const fields = {
      driver: typed.driver?.id ?? null,
      attendant: typed.attendant?.id ?? null,
      papers_until: papers,
      timetable: typed.timetable.map((/** @type {any} */ one) => ({ from: one.from, to: one.to, days: one.days })),
      portals: typed.portals,
      route: typed.route,
    };
    if (this.vehicle.id) return isBus ? fields : { driver: fields.driver };
    return { kind: typed.kind, plate: typed.plate, holder: typed.holder?.id ?? "", ...(isBus ? fields : {}) };
  }

  async save() {
    if (this.busy) return;
    const { typed } = this;
    this.said = "";
    /** @type {Record<string, string>} */
    const errors = {};
    if (!this.vehicle.id && !typed.plate.trim()) errors.plate = sentenceFor("plate");
    if (!this.vehicle.id && !typed.holder) errors.holder = sentenceFor("holder");
    if (typed.kind === "bus") {
      for (const field of ["driver", "attendant"]) if (!typed[field]) errors[field] = sentenceFor(field);
      if (!typed.papers) errors.papers_until = sentenceFor("papers_until");
      if (!typed.timetable.length || typed.timetable.some((/** @type {any} */ one) => !one.from || !one.to || !one.days.length)) errors.timetable = sentenceFor("timetable");
      if (!typed.portals.length) errors.portals = sentenceFor("portals");
    }
    this.errors = errors;
    if (Object.keys(errors).length) return void this.toTheWrong();
    this.busy = true;
    try {
      const done = this.vehicle.id
        ? await ask("PATCH", `vehicles/${this.vehicle.id}`, this.body())
        : await ask("POST", "vehicles", this.body());
      this.dispatchEvent(new CustomEvent("wg-done", { detail: { text: t("Saved: {plate}", { plate: done.plate ?? "" }) } }));
    } catch (problem) {
      if (problem instanceof Problem && problem.errors.length) {
        this.errors = Object.fromEntries(problem.errors.map((one) => [one.field.split("[")[0] ?? "", sentenceFor(one.field.split("[")[0] ?? "")]));
        void this.toTheWrong();
      } else if (problem instanceof Problem && problem.detail.startsWith("plate_taken")) {
        this.errors = { plate: t("This plate is registered for somebody else.") };
      } else if (problem instanceof Problem && problem.detail.startsWith("registered_already")) {
        this.errors = { plate: t("This plate has a pass already.") };
      } else this.said = problem instanceof Error ? problem.message : String(problem);
    }
    this.busy = false;
  }

  async toTheWrong() {
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector("[aria-invalid=true]"))?.focus();
  }

  render() {
    const { typed } = this;
    const isBus = typed.kind === "bus";
    const isNew = !this.vehicle.id;
    return html`<form
      novalidate
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void this.save();
      }}
    >
      <h2 tabindex="-1">${isNew ? t("New vehicle") : t("Change {plate}", { plate: typed.plate })}</h2>
      <p class="said" role="status" data-kind="wrong" ?hidden=${!this.said}>${this.said}</p>
      ${isNew
        ? html`<div class="kinds" role="group" aria-label=${t("Kind")}>
              ${KINDS.map((kind) => html`<button type="button" aria-pressed=${typed.kind === kind} @click=${() => this.set({ kind })}>${word("vehicle", kind)}</button>`)}
            </div>
            ${this.field("plate", typed.kind === "two_wheeler" ? t("Number of the tag or plate") : t("Number plate"), typed.plate, "plate")}
            ${this.person("holder", isBus ? t("Who answers for it") : t("Whose"))}`
        : nothing}
      ${isBus || !isNew ? this.person("driver", t("Driver")) : nothing}
      ${isBus
        ? html`${this.person("attendant", t("Attendant"))} ${this.field("route", t("Route"), typed.route, "route", 40)}
            <div class="field">
              <label for="f-papers">${t("Papers until")}</label>
              <input id="f-papers" type="date" aria-invalid=${this.errors.papers_until ? "true" : nothing} aria-describedby="e-papers_until" .value=${typed.papers}
                @input=${(/** @type {Event} */ e) => this.set({ papers: /** @type {HTMLInputElement} */ (e.target).value })} />
              ${this.error("papers_until")}
            </div>
            ${this.timetable()}
            <fieldset aria-invalid=${this.errors.portals ? "true" : nothing} tabindex="-1">
              <legend>${t("Lanes")}</legend>
              ${this.lanes.map(
                (lane) => html`<label class="tick"><input type="checkbox" .checked=${typed.portals.includes(lane)}
                  @change=${(/** @type {Event} */ e) => this.set({ portals: /** @type {HTMLInputElement} */ (e.target).checked ? [...typed.portals, lane] : typed.portals.filter((/** @type {string} */ one) => one !== lane) })} /> ${place(lane)}</label>`,
              )}
              ${this.error("portals")}
            </fieldset>`
        : nothing}
      <div class="acts">
        <button type="button" @click=${() => this.dispatchEvent(new CustomEvent("wg-back"))}>${t("Back")}</button>
        <button type="submit" class="main" aria-busy=${this.busy}>${t("Save")}</button>
      </div>
    </form>`;
  }

  error(/** @type {string} */ field) {
    const text = this.errors[field];
    return html`<p class="error" id=${`e-${field}`} role="alert">${text ? html`<span aria-hidden="true">◆</span> ${text}` : nothing}</p>`;
  }

  /** @param {string} field @param {string} label @param {string} value @param {string} name @param {number} [most] */
  field(field, label, value, name, most = 32) {
    return html`<div class="field">
      <label for=${`f-${field}`}>${label}</label>
      <input id=${`f-${field}`} autocomplete="off" spellcheck="false" maxlength=${most} aria-invalid=${this.errors[field] ? "true" : nothing} aria-describedby=${`e-${field}`} .value=${value}
        @input=${(/** @type {Event} */ e) => this.set({ [name]: /** @type {HTMLInputElement} */ (e.target).value })} />
      ${this.error(field)}
    </div>`;
  }

  person(/** @type {string} */ field, /** @type {string} */ label) {
    const chosen = this.typed[field];
    if (chosen) {
      return html`<div class="field"><span class="label">${label}</span>
        <p class="chosen"><b>${chosen.name}</b> <span>${chosen.id}</span> <button type="button" aria-label=${`${t("Another")}: ${label}`} @click=${() => this.set({ [field]: null })}>${t("Another")}</button></p></div>`;
    }
    const found = this.found[field] ?? [];
    return html`<div class="field">
      <label for=${`f-${field}`}>${label}</label>
      <input id=${`f-${field}`} autocomplete="off" spellcheck="false" placeholder=${t("name, number or pinyin initials")} aria-invalid=${this.errors[field] ? "true" : nothing} aria-describedby=${`e-${field}`}
        .value=${this.typed.q[field] ?? ""} @input=${(/** @type {Event} */ e) => this.find(field, /** @type {HTMLInputElement} */ (e.target).value)} />
      ${this.error(field)}
      ${found.length
        ? html`<ul class="found">${found.map((one) => html`<li><button type="button" @click=${() => this.set({ [field]: one })}><b>${one.name}</b> <span>${one.id}</span></button></li>`)}</ul>`
        : nothing}
    </div>`;
  }

  timetable() {
    return hoursField({
      legend: t("Timetable"),
      hours: this.typed.timetable,
      fresh: { from: "06:30", to: "08:00", days: [0, 1, 2, 3, 4] },
      path: "timetable",
      error: this.errors.timetable ?? "",
      change: (timetable) => this.set({ timetable }),
    });
  }
}

function sentenceFor(/** @type {string} */ field) {
  switch (field) {
    case "plate":
      return t("Type the plate as it stands on the vehicle.");
    case "holder":
      return t("Choose somebody from the list.");
    case "driver":
      return t("A school bus needs its driver. Choose somebody from the list.");
    case "attendant":
      return t("A school bus needs an attendant, another person than the driver.");
    case "papers_until":
      return t("Say until when the papers hold.");
    case "timetable":
      return t("Give at least one time with its days.");
    case "portals":
      return t("Choose at least one lane.");
    case "route":
      return t("At most 40 characters on one line.");
    default:
      return t("This cannot be. Please look at it again.");
  }
}
