/**
 * People and cards: find somebody, enter somebody, another card, a lost one, who has left; a whole table at once.
 *
 * Promises: looking somebody up is recorded, and the page says so; what is wrong stands beside its field and what was
 * typed stays; blocking a card and leaving take two touches. A card's number is never shown whole. Leaves to others:
 * where somebody went (the tab of people), what a group opens (`windows`).
 */

import { ask } from "../../api.js";
import "../../desk/table_taker.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { chips } from "../../ui/chips.js";
import "../../ui/field.js";
import { errorsOf } from "../../ui/field.js";
import { said, Section, typed } from "./section.js";

const KINDS = ["student", "staff", "service", "resident"];
const AFTER_MS = 250;
const FOUND = 20;

/**
 * @typedef {{id: string, name: string, kind: string, groups: string[], dormitory: string, card: string, plate: string,
 *   valid_from: string, valid_to: string}} Draft
 * @typedef {{person: any, credentials: any[], contact: any}} Shown
 */

/** @returns {Draft} */
const empty = () => ({ id: "", name: "", kind: "student", groups: [], dormitory: "", card: "", plate: "", valid_from: "", valid_to: "" });

export class PeoplePart extends Section {
  static properties = {
    q: { state: true },
    found: { state: true },
    shown: { state: true },
    draft: { state: true },
    choices: { state: true },
    pin: { state: true },
    contact: { state: true },
  };

  constructor() {
    super();
    this.q = "";
    /** @type {any[] | null} */
    this.found = null;
    /** @type {Shown | null} */
    this.shown = null;
    /** @type {Draft | null} */
    this.draft = null;
    /** Groups and dormitories there are. @type {{groups: string[], dormitories: string[]}} */
    this.choices = { groups: [], dormitories: [] };
    this.pin = "";
    /** What is typed of how to reach somebody. @type {{phone: string, mail: string} | null} */
    this.contact = null;
  }

  async load() {
    try {
      const told = await ask("GET", "windows");
      this.choices = { groups: told.groups.map((/** @type {any} */ one) => one.group), dormitories: told.dormitories };
    } catch (problem) {
      this.say(problem);
    }
  }

  find(/** @type {string} */ q) {
    this.q = q;
    clearTimeout(this.finding);
    this.finding = setTimeout(async () => {
      if (!q.trim()) {
        this.found = null;
        return;
      }
      try {
        const { people } = await ask("POST", "people/search", { q: q.slice(0, 100), limit: FOUND });
        if (this.q === q) this.found = people;
      } catch (problem) {
        this.say(problem);
      }
    }, AFTER_MS);
  }

  async show(/** @type {string} */ id) {
    try {
      const told = await ask("GET", `people/${encodeURIComponent(id)}`);
      const contact = await ask("GET", `people/${encodeURIComponent(id)}/contact`);
      this.shown = { ...told, contact };
      this.contact = null;
      this.pin = "";
      await this.updateComplete;
      /** @type {HTMLElement | null} */ (this.querySelector("h3"))?.focus();
    } catch (problem) {
      this.say(problem);
    }
  }

  begin(/** @type {Shown | null} */ shown = null) {
    const person = shown?.person;
    const { id, name, kind, groups, dormitory } = person ?? empty();
    this.draft = { ...empty(), id, name, kind, groups, dormitory: dormitory ?? "" };
    this.put({ errors: {} });
    this.say("", "done");
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("form h3"))?.focus());
  }

  set(/** @type {Partial<Draft>} */ some) {
    if (this.draft === null) return;
    this.draft = { ...this.draft, ...some };
    this.put({ errors: Object.fromEntries(Object.entries(this.errors).filter(([name]) => !(name in some))) });
  }

  async save(/** @type {Event} */ event) {
    event.preventDefault();
    const { draft, shown } = this;
    if (this.busy || draft === null) return;
    this.put({ busy: "save" });
    const { id, ...rest } = draft;
    // Of somebody who is there only what was typed is changed: an empty card field is no word about the card.
    const kept = Object.fromEntries(Object.entries(rest).filter(([name, value]) => shown === null || value !== "" || name === "dormitory"));
    try {
      if (shown === null) await ask("POST", "people", { id: id.trim(), ...kept });
      else await ask("PATCH", `people/${encodeURIComponent(id)}`, kept);
      this.draft = null;
      this.say(t("Saved: {name}. It holds at the next tap.", { name: draft.name }), "done");
      await this.show(id.trim());
    } catch (problem) {
      const errors = errorsOf(problem);
      this.put({ errors });
      const detail = String(/** @type {any} */ (problem).detail ?? "");
      if (detail.startsWith("has_left")) {
        this.say(t("This person has left the school. A table that names them takes them back."));
        this.put({ busy: "" });
        return;
      }
      if (detail.startsWith("known_already")) this.put({ errors: { id: t("Somebody has this number already. Find them and change the entry.") } });
      this.say(Object.keys(this.errors).length ? t("Not saved yet: something is not right. It is said beside the field.") : problem);
      if (Object.keys(this.errors).length) await this.toTheWrong();
    }
    this.put({ busy: "" });
  }

  block(/** @type {any} */ credential, /** @type {"lost" | "revoked"} */ reason) {
    if (!this.isSure(`${reason} ${credential.ref}`)) return undefined;
    return this.onThis(`block ${credential.ref}`, async () => {
      await ask("POST", `credentials/${credential.ref}/revoke`, { reason });
      return t("Blocked. It opens nothing any more, anywhere.");
    });
  }

  left() {
    const person = this.shown?.person;
    if (!person || !this.isSure("left")) return undefined;
    return this.onThis("left", async () => {
      await ask("POST", `people/${encodeURIComponent(person.id)}/left`);
      return t("{name} has left the school. Cards and vehicles open nothing any more.", { name: person.name });
    });
  }

  givePin() {
    const person = this.shown?.person;
    if (!person) return undefined;
    return this.onThis("pin", async () => {
      await ask("PUT", `people/${encodeURIComponent(person.id)}/pin`, { pin: this.pin });
      return t("The PIN is set.");
    });
  }

  reach() {
    const person = this.shown?.person;
    const { contact } = this;
    if (!person || contact === null) return undefined;
    return this.onThis("reach", async () => {
      await ask("PUT", `people/${encodeURIComponent(person.id)}/contact`, contact);
      return t("Saved: {name}", { name: person.name });
    });
  }

  /** An act on whoever is shown; afterwards the entry is read anew. */
  onThis(/** @type {string} */ what, /** @type {() => Promise<string>} */ work) {
    return this.during(what, async () => {
      const done = await work();
      if (this.shown) await this.show(this.shown.person.id);
      return done;
    });
  }

  // ---------------------------------------------------------------- painting

  render() {
    return html`<section aria-labelledby="h-admin-people">
      <div class="head">
        <h2 id="h-admin-people">${t("People and cards")}</h2>
        ${this.draft ? nothing : html`<button type="button" class="main" @click=${() => ((this.shown = null), this.begin())}><span aria-hidden="true">+</span> ${t("New person")}</button>`}
      </div>
      ${this.status()} ${this.draft ? this.form(this.draft) : html`${this.finder()} ${this.shown ? this.one(this.shown) : this.table()}`}
    </section>`;
  }

  finder() {
    return html`<label for="f-find">${t("Name, number or pinyin initials")}</label>
      <input id="f-find" type="search" autocomplete="off" .value=${this.q} @input=${(/** @type {Event} */ e) => this.find(typed(e))} />
      <p class="quiet">${t("Each look at somebody's entry is recorded.")}</p>
      ${this.found === null
        ? nothing
        : this.found.length
          ? html`<ul class="found">${this.found.map(
              (one) => html`<li><button type="button" aria-pressed=${this.shown?.person.id === one.id} @click=${() => void this.show(one.id)}>
                <b>${one.name}</b> <span>${word("kind", one.kind)} · ${one.id}</span>
              </button></li>`,
            )}</ul>`
          : html`<p class="empty">${t("Nobody found. Another spelling, or the number, may help.")}</p>`}`;
  }

  table() {
    return html`<h3>${t("A whole table")}</h3>
      <wg-table path="imports" .hint=${t("CSV from the school's own system: id, name, kind, groups, card, plate, dormitory, valid_from, valid_to; phone and mail may follow. All lines are taken, or none.")}
        .taken=${(/** @type {number} */ count) => t("{count} people taken.", { count })}></wg-table>`;
  }

  one(/** @type {Shown} */ shown) {
    const { person, credentials } = shown;
    return html`<article class="person" aria-labelledby="h-person">
      <h3 id="h-person" tabindex="-1">${person.name}</h3>
      <dl class="facts">
        <dt>${t("School number")}</dt><dd>${person.id}</dd>
        <dt>${t("Kind")}</dt><dd>${word("kind", person.kind)}</dd>
        <dt>${t("Permission groups")}</dt><dd>${person.groups.join(", ") || "–"}</dd>
        ${person.dormitory ? html`<dt>${t("Dormitory")}</dt><dd>${place(person.dormitory)}</dd>` : nothing}
        ${person.suspended ? html`<dt>${t("State")}</dt><dd><span aria-hidden="true">✕</span> ${t("nothing opens")}</dd>` : nothing}
      </dl>
      <h4>${t("Cards, plates and passes")}</h4>
      ${credentials.length ? html`<ul class="rows">${credentials.map((one) => this.credential(one))}</ul>` : html`<p class="quiet">${t("None. Give a card under Change.")}</p>`}
      ${this.reachForm(shown.contact)} ${this.pinForm()}
      <div class="acts">
        <button type="button" class="main" @click=${() => this.begin(shown)}>${t("Change")}</button>
        <button type="button" ?disabled=${Boolean(this.busy)} @click=${() => void this.left()}>
          ${this.sure === "left" ? t("Touch again: nothing opens any more") : t("Has left the school")}
        </button>
      </div>
    </article>`;
  }

  credential(/** @type {any} */ one) {
    const isActive = one.state === "active";
    const span = [one.not_before && t("from {when}", { when: said(one.not_before) }), one.not_after && t("until {when}", { when: said(one.not_after) })].filter(Boolean).join(", ");
    return html`<li>
      <div>
        <b>${word("credential", one.kind)} …${one.ending}</b>
        <span class=${isActive ? "" : "off"}>${isActive ? "" : html`<span aria-hidden="true">✕</span>`} ${word("credential_state", one.state)}</span>
        ${span ? html`<div class="quiet">${span}</div>` : nothing}
      </div>
      ${isActive
        ? html`<div class="acts">${/** @type {const} */ (["lost", "revoked"]).map(
            (reason) => html`<button type="button" ?disabled=${Boolean(this.busy)} @click=${() => void this.block(one, reason)}>
              ${this.sure === `${reason} ${one.ref}` ? t("Touch again: blocked for good") : reason === "lost" ? t("Lost") : t("Block")}
              <span class="sr">: ${word("credential", one.kind)} …${one.ending}</span>
            </button>`,
          )}</div>`
        : nothing}
    </li>`;
  }

  reachForm(/** @type {any} */ contact) {
    const shown = this.contact ?? { phone: contact.phone, mail: contact.mail };
    const put = (/** @type {object} */ some) => (this.contact = { ...shown, ...some });
    return html`<h4>${t("How to reach them")}</h4>
      <div class="inline">
        <label>${t("Telephone")} <input type="tel" autocomplete="off" .value=${shown.phone} @input=${(/** @type {Event} */ e) => put({ phone: typed(e) })} /></label>
        <label>${t("Mail")} <input type="email" autocomplete="off" .value=${shown.mail} @input=${(/** @type {Event} */ e) => put({ mail: typed(e) })} /></label>
        <button type="button" ?disabled=${this.contact === null || Boolean(this.busy)} @click=${() => void this.reach()}>${t("Save")}</button>
      </div>`;
  }

  pinForm() {
    return html`<h4>${t("PIN")}</h4>
      <div class="inline">
        <label>${t("A new PIN, four to eight digits")} <input type="password" inputmode="numeric" autocomplete="new-password" maxlength="8" .value=${this.pin} @input=${(/** @type {Event} */ e) => (this.pin = typed(e))} /></label>
        <button type="button" ?disabled=${!/^\d{4,8}$/.test(this.pin) || Boolean(this.busy)} @click=${() => void this.givePin()}>${t("Set it")}</button>
      </div>`;
  }

  form(/** @type {Draft} */ draft) {
    const isNew = this.shown === null;
    const field = (/** @type {keyof Draft & string} */ name, /** @type {string} */ label, /** @type {number} */ limit, /** @type {boolean} */ optional = false, /** @type {string} */ hint = "") =>
      html`<wg-field path=${name} .label=${label} .value=${/** @type {string} */ (draft[name])} .limit=${limit} .optional=${optional} .hint=${hint} .error=${this.errors[name] ?? ""}
        @wg-input=${(/** @type {CustomEvent<{value: string}>} */ e) => this.set({ [name]: e.detail.value })}></wg-field>`;
    const day = (/** @type {"valid_from" | "valid_to"} */ name, /** @type {string} */ label) => html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="date" aria-invalid=${this.errors[name] ? "true" : nothing} aria-describedby=${`e-${name}`} .value=${draft[name]} @input=${(/** @type {Event} */ e) => this.set({ [name]: typed(e) })} />
      <p class="error" id=${`e-${name}`} role="alert">${this.errors[name] ? html`<span aria-hidden="true">◆</span> ${this.errors[name]}` : nothing}</p>
    </div>`;
    return html`<form novalidate @submit=${(/** @type {Event} */ e) => void this.save(e)}>
      <h3 tabindex="-1">${isNew ? t("New person") : t("Change {name}", { name: draft.name })}</h3>
      ${isNew ? field("id", t("Number in the school's own system"), 64) : nothing} ${field("name", t("Name"), 200)}
      ${chips({ name: "kind", label: t("Kind"), chosen: [draft.kind], options: KINDS.map((one) => [one, word("kind", one)]), choose: (kind) => this.set({ kind }), error: this.errors.kind ?? "" })}
      ${chips({
        name: "groups",
        label: t("Permission groups"),
        chosen: draft.groups,
        options: this.choices.groups.map((one) => [one, one]),
        choose: (group) => this.set({ groups: draft.groups.includes(group) ? draft.groups.filter((one) => one !== group) : [...draft.groups, group] }),
        error: this.errors.groups ?? "",
      })}
      ${chips({ name: "dormitory", label: t("Dormitory"), chosen: [draft.dormitory], options: [["", t("none")], ...this.choices.dormitories.map((one) => [one, place(one)])], choose: (dormitory) => this.set({ dormitory }), error: this.errors.dormitory ?? "" })}
      ${field("card", isNew ? t("Card") : t("Another card (empty: as it is)"), 64, true, isNew ? "" : t("The card before is blocked."))}
      <div class="pair">${day("valid_from", t("Card valid from"))} ${day("valid_to", t("Card valid until"))}</div>
      <div class="acts">
        <button type="submit" class="main" ?disabled=${Boolean(this.busy)} aria-busy=${this.busy === "save"}>${t("Save")}</button>
        <button type="button" @click=${() => (this.draft = null)}>${t("Leave it")}</button>
      </div>
    </form>`;
  }
}

customElements.define("wg-a-people", PeoplePart);
