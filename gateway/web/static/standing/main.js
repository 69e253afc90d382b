/**
 * Standing passes of contractors and suppliers: who has one, for which gates and hours, with which vehicles; a new one,
 * another end, and taking one back.
 *
 * Promises: a field that is wrong says so beside it and keeps what was typed; taking back takes two touches and says what
 * it does. Who may only watch sees the same without the acts. Leaves to others: what a pass opens (the rules).
 */

import { html, nothing } from "lit";
import "../shell.js";
import "../ui/field.js";
import "../ui/host_picker.js";
import { ask } from "../api.js";
import { data, place, t, word } from "../i18n.js";
import { codeOf, codePart } from "../desk/code.js";
import { DraftPart } from "../desk/desk_part.js";
import { hoursField, saidHours } from "../desk/hours.js";
import { documentWord } from "../kiosk/sheets/visitor_words.js";
import { fromField, saidDay, toField } from "../slips/times.js";
import { chips } from "../ui/chips.js";
import { KINDS as DOCUMENTS } from "../ui/documents.js";
import { errorsOf } from "../ui/field.js";
import { bodyOf, faults, newDraft } from "./draft.js";

/** @typedef {import("./draft.js").Draft} Draft */

const KINDS = ["contractor", "supplier"];
const SHOWN = ["all", ...KINDS, "essential"];
const FRESH = { from: "07:00", to: "18:00", days: [0, 1, 2, 3, 4] };
const DAY_MS = 86_400_000;
const page = data("page");
const loadedAt = performance.now();
const now = () => Date.parse(page.now) + (performance.now() - loadedAt);

async function find(/** @type {string} */ q) {
  return (await ask("POST", "people/search", { q: q.slice(0, 100), limit: 12 })).people;
}

/** @extends {DraftPart<Draft>} */
export class StandingPart extends DraftPart {
  static properties = {
    passes: { state: true },
    wanted: { state: true },
    shown: { state: true },
    code: { state: true },
    ending: { state: true },
  };

  constructor() {
    super();
    /** @type {any[] | null} */
    this.passes = null;
    this.wanted = "";
    this.shown = "all";
    /** A pass whose code is shown. @type {{pass: any, code: import("../desk/code.js").Code} | null} */
    this.code = null;
    /** A pass that gets another end, and the day. @type {{id: string, day: string} | null} */
    this.ending = null;
    this.manages = page.rights.includes("manage_passes");
  }

  async load() {
    try {
      this.passes = (await ask("GET", "standing-passes?limit=1000")).standing_passes;
    } catch (problem) {
      this.say(problem);
    }
  }

  takeBack(/** @type {any} */ pass) {
    if (this.sure !== pass.id) {
      this.put({ sure: pass.id });
      return undefined;
    }
    return this.during(pass.id, async () => {
      await ask("POST", `standing-passes/${pass.id}/revoke`);
      return t("Taken back: {name}. Code and vehicles open nothing any more.", { name: pass.holder?.name ?? "" });
    });
  }

  async showCode(/** @type {any} */ pass) {
    try {
      const { value } = await ask("GET", `standing-passes/${pass.id}/code`);
      this.code = { pass, code: await codeOf(value) };
    } catch (problem) {
      this.say(problem);
    }
  }

  moveEnd(/** @type {any} */ pass, /** @type {string} */ day) {
    return this.during(pass.id, async () => {
      const at = fromField(`${day}T00:00`) + DAY_MS;
      if (Number.isNaN(at)) throw new Error(t("Say until which day."));
      if (at <= now()) throw new Error(t("That day is past. To end it at once, take it back."));
      await ask("PATCH", `standing-passes/${pass.id}`, { ends_at: new Date(at).toISOString() });
      this.ending = null;
      return t("Saved: {name}", { name: pass.holder?.name ?? "" });
    });
  }

  // ---------------------------------------------------------------- a new one

  begin() {
    this.draft = newDraft(now(), page.gates);
    this.put({ errors: {} });
    this.code = null;
    this.say("", "done");
    void this.updateComplete.then(() => this.querySelector("h2")?.focus());
  }

  async give(/** @type {Event} */ event) {
    event.preventDefault();
    const { draft } = this;
    if (this.busy || draft === null) return;
    this.put({ errors: faults(draft, now()) });
    if (Object.keys(this.errors).length) return void this.toTheWrong();
    this.put({ busy: "give" });
    try {
      const made = await ask("POST", "standing-passes", bodyOf(draft));
      this.draft = null;
      this.code = { pass: made.standing_pass, code: await codeOf(made.value) };
      this.say(t("The pass is given: {name}", { name: made.standing_pass.holder?.name ?? "" }), "done");
      void this.load();
    } catch (problem) {
      this.notGiven(/** @type {any} */ (problem));
    }
    this.put({ busy: "" });
  }

  notGiven(/** @type {any} */ problem) {
    const code = String(problem.detail ?? "").split(":")[0];
    const errors = Object.entries(errorsOf(problem)).map(([path, said]) => [path.replace(/\[\d+\].*$/, ""), said]);
    this.put({ errors: Object.fromEntries(errors) });
    if (errors.length) void this.toTheWrong();
    else if (code === "plate_taken") this.put({ errors: { plates: t("This plate is registered for somebody else.") } });
    else if (code === "registered_already") this.put({ errors: { plates: t("This plate has a pass already.") } });
    else if (code === "entry_banned") this.say(t("Entry is refused. Call the security office."));
    else if (code === "other_kind") {
      this.say(t("This person has an open visit of another kind. End that one first, or choose the same kind."));
    } else this.say(problem);
  }

  // ---------------------------------------------------------------- painting

  render() {
    return html`
      ${this.status()}
      ${this.draft ? this.form(this.draft) : html`${this.code ? this.codePart(this.code) : nothing} ${this.list()}`}
    `;
  }

  codePart(/** @type {{pass: any, code: import("../desk/code.js").Code}} */ { pass, code }) {
    return html`<section aria-label=${t("Code")}>
      ${codePart(code, t("{name}: this code opens within the pass's hours. Give it to this person only.", { name: pass.holder?.name ?? "" }), (text) => this.say(text, "done"))}
      <div class="acts"><button type="button" @click=${() => (this.code = null)}>${t("Put it away")}</button></div>
    </section>`;
  }

  found() {
    const wanted = this.wanted.trim().toUpperCase();
    return (this.passes ?? []).filter(
      (one) =>
        (this.shown === "all" || one.holder?.kind === this.shown || (this.shown === "essential" && one.essential)) &&
        (!wanted || [one.holder?.name, one.organisation, one.unit, one.host?.name, ...one.plates].some((text) => (text ?? "").toUpperCase().includes(wanted))),
    );
  }

  list() {
    const found = this.found();
    return html`<section aria-labelledby="h-passes">
      <div class="head">
        <h2 id="h-passes" tabindex="-1">${t("Passes in force and ahead")} (${found.length})</h2>
        ${this.manages ? html`<button type="button" class="main" @click=${() => this.begin()}><span aria-hidden="true">+</span> ${t("New pass")}</button>` : nothing}
      </div>
      <div class="filters">
        <label for="f-wanted">${t("Name, organisation or plate")}</label>
        <input id="f-wanted" type="search" autocomplete="off" .value=${this.wanted} @input=${(/** @type {Event} */ e) => (this.wanted = /** @type {HTMLInputElement} */ (e.target).value)} />
        <div class="kinds" role="group" aria-label=${t("Kind")}>
          ${SHOWN.map((kind) => html`<button type="button" aria-pressed=${this.shown === kind ? "true" : "false"} @click=${() => (this.shown = kind)}>
            ${kind === "all" ? t("all") : kind === "essential" ? t("essential list") : word("kind", kind)}</button>`)}
        </div>
      </div>
      ${this.passes === null
        ? html`<p class="quiet">${t("One moment: the list is being opened.")}</p>`
        : found.length
          ? html`<ul class="cards">${found.map((one) => this.card(one))}</ul>`
          : html`<p class="quiet">${t("No pass like that. Contractors and suppliers who come again and again get one here.")}</p>`}
    </section>`;
  }

  card(/** @type {any} */ one) {
    const name = one.holder?.name ?? t("erased");
    return html`<li class="card">
      <p class="plate"><b>${name}</b> <span>${one.holder ? word("kind", one.holder.kind) : ""}${one.essential ? html` · <span class="mark">${t("essential list")}</span>` : nothing}</span></p>
      <dl>
        ${one.organisation ? html`<dt>${t("Organisation")}</dt><dd>${one.organisation}</dd>` : nothing}
        ${one.unit ? html`<dt>${t("For the unit")}</dt><dd>${one.unit}</dd>` : nothing}
        ${one.host ? html`<dt>${t("Host")}</dt><dd>${one.host.name}</dd>` : nothing}
        <dt>${t("Gates")}</dt><dd>${one.portals.map(place).join(", ")}</dd>
        <dt>${t("Hours")}</dt><dd>${one.windows ? one.windows.map(saidHours).join("; ") : t("at any hour")}</dd>
        <dt>${t("Until")}</dt><dd>${saidDay(Date.parse(one.ends_at) - 1000)}</dd>
        ${one.plates.length ? html`<dt>${t("Vehicles")}</dt><dd>${one.plates.join(", ")}</dd>` : nothing}
        ${one.document_ending ? html`<dt>${t("Document")}</dt><dd>… ${one.document_ending}</dd>` : nothing}
      </dl>
      ${this.manages ? this.acts(one, name) : nothing}
    </li>`;
  }

  acts(/** @type {any} */ one, /** @type {string} */ name) {
    if (this.ending !== null && this.ending.id === one.id) {
      const { day } = this.ending;
      return html`<div class="field">
        <label for="f-ending">${t("Until the end of this day")}</label>
        <input id="f-ending" type="date" .value=${day} @input=${(/** @type {Event} */ e) => (this.ending = { id: one.id, day: /** @type {HTMLInputElement} */ (e.target).value })} />
        <div class="acts">
          <button type="button" @click=${() => (this.ending = null)}>${t("Back")}</button>
          <button type="button" class="main" aria-busy=${this.busy === one.id} @click=${() => void this.moveEnd(one, day)}>${t("Save")}</button>
        </div>
      </div>`;
    }
    return html`<div class="acts">
      <button type="button" aria-label=${`${t("Code")}: ${name}`} @click=${() => void this.showCode(one)}>${t("Code")}</button>
      <button type="button" aria-label=${`${t("Another end")}: ${name}`} @click=${() => (this.ending = { id: one.id, day: toField(Date.parse(one.ends_at) - 1000).slice(0, 10) })}>${t("Another end")}</button>
      <button type="button" aria-busy=${this.busy === one.id} aria-label=${this.sure === one.id ? nothing : `${t("Take back")}: ${name}`} @click=${() => void this.takeBack(one)}>
        ${this.sure === one.id ? t("Touch again: code and vehicles open nothing any more") : t("Take back")}
      </button>
    </div>`;
  }

  form(/** @type {Draft} */ draft) {
    const { errors } = this;
    const checked = (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).checked;
    return html`<form novalidate autocomplete="off" @submit=${this.give}>
      <h2 tabindex="-1">${t("New pass")}</h2>
      ${chips({ name: "kind", label: t("Kind"), chosen: [draft.kind], options: KINDS.map((kind) => [kind, word("kind", kind)]), choose: (kind) => this.set({ kind }) })}
      <fieldset>
        <legend>${t("For whom")}</legend>
        ${chips({
          name: "known",
          label: t("For whom"),
          quiet: true,
          chosen: [draft.known ? "yes" : "no"],
          options: [["no", t("Somebody new, by document")], ["yes", t("Somebody who is registered")]],
          choose: (known) => this.set({ known: known === "yes" }, "person", "holder"),
        })}
        ${draft.known
          ? html`<wg-host-picker path="holder" .label=${t("Name")} .find=${find} .value=${draft.holder} .error=${errors["holder"] ?? ""}
              @wg-chosen=${(/** @type {CustomEvent} */ event) => this.set({ holder: event.detail }, "holder")}></wg-host-picker>`
          : html`<div class="two">
              ${this.text("name", "person.name", t("Name"), draft.name, 64)}
              <div class="reg-select">
                <label for="f-document-kind">${t("Document")}</label>
                <select id="f-document-kind" .value=${draft.document} @change=${(/** @type {Event} */ event) => this.set({ document: /** @type {HTMLSelectElement} */ (event.target).value }, "person.document")}>
                  ${DOCUMENTS.map((kind) => html`<option value=${kind} ?selected=${kind === draft.document}>${documentWord(kind)}</option>`)}
                </select>
              </div>
              ${this.text("number", "person.document.number", t("Number"), draft.number, 64)}
            </div>`}
        <div class="two">
          ${this.text("organisation", "organisation", t("Organisation"), draft.organisation, 100, true)}
          ${this.text("unit", "unit", t("For the unit"), draft.unit, 100, true)}
        </div>
        <wg-host-picker path="host" .label=${t("Who answers for it (optional)")} .find=${find} .value=${draft.host} .error=${errors["host"] ?? ""}
          @wg-chosen=${(/** @type {CustomEvent} */ event) => this.set({ host: event.detail }, "host")}></wg-host-picker>
      </fieldset>
      <fieldset aria-invalid=${errors["portals"] ? "true" : nothing} tabindex="-1">
        <legend>${t("Gates")}</legend>
        ${page.gates.map(
          (/** @type {string} */ gate) => html`<label class="tick"><input type="checkbox" .checked=${draft.portals.includes(gate)}
            @change=${(/** @type {Event} */ event) => this.set({ portals: checked(event) ? [...draft.portals, gate] : draft.portals.filter((one) => one !== gate) }, "portals")} /> ${place(gate)}</label>`,
        )}
        <p class="error" role="alert">${errors["portals"] ? html`<span aria-hidden="true">◆</span> ${errors["portals"]}` : nothing}</p>
      </fieldset>
      <div class="two">${this.day("from", "starts_at", t("From"), draft.from)} ${this.day("to", "ends_at", t("Until"), draft.to)}</div>
      <label class="tick"><input type="checkbox" .checked=${draft.anyHour} @change=${(/** @type {Event} */ event) => this.set({ anyHour: checked(event) }, "windows")} /> ${t("at any hour")}</label>
      ${draft.anyHour
        ? nothing
        : hoursField({ legend: t("Hours"), hours: draft.windows, fresh: FRESH, path: "windows", error: errors["windows"] ?? "", change: (windows) => this.set({ windows }, "windows") })}
      ${this.text("plates", "plates", t("Number plates, parted by spaces"), draft.plates, 300, true)}
      <label class="tick"><input type="checkbox" .checked=${draft.essential} @change=${(/** @type {Event} */ event) => this.set({ essential: checked(event) })} /> ${t("On the essential list: may come at level 1")}</label>
      <div class="acts">
        <button type="button" @click=${() => (this.draft = null)}>${t("Back")}</button>
        <button type="submit" class="main" aria-busy=${this.busy === "give"}>${t("Give the pass")}</button>
      </div>
    </form>`;
  }

  /** @param {keyof Draft} name @param {string} path @param {string} label @param {string} value @param {number} limit @param {boolean} [optional] */
  text(name, path, label, value, limit, optional = false) {
    return html`<wg-field path=${path} .label=${label} .value=${value} .limit=${limit} .optional=${optional} .error=${this.errors[path] ?? ""}
      @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => this.set({ [name]: event.detail.value }, path)}></wg-field>`;
  }

  /** @param {"from" | "to"} name @param {string} path @param {string} label @param {string} value */
  day(name, path, label, value) {
    const error = this.errors[path] ?? "";
    return html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="date" aria-invalid=${error ? "true" : nothing} aria-describedby=${`e-${name}`} .value=${value}
        @input=${(/** @type {Event} */ event) => this.set({ [name]: /** @type {HTMLInputElement} */ (event.target).value }, path)} />
      <p class="error" id=${`e-${name}`} role="alert">${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}</p>
    </div>`;
  }
}

customElements.define("wg-standing", StandingPart);
