/**
 * Groups at a desk or on a phone: those that are expected or inside, and a new one with its leader, host and list.
 *
 * Promises: a field that is wrong says so beside it and keeps what was typed; sent twice it is one group; the code of a
 * group opens once for each on the list. Who is a host and sits at no gate registers for themselves. Leaves to others:
 * counting (the gate), what the rules ask (the gateway).
 */

import { html, nothing } from "lit";
import "../shell.js";
import "../ui/field.js";
import "../ui/host_picker.js";
import { ask } from "../api.js";
import { data, t, word } from "../i18n.js";
import { codeOf, codePart } from "../desk/code.js";
import { DraftPart } from "../desk/desk_part.js";
import { documentWord } from "../kiosk/sheets/visitor_words.js";
import { saidSpan } from "../slips/times.js";
import { chips } from "../ui/chips.js";
import { KINDS as DOCUMENTS } from "../ui/documents.js";
import { errorsOf } from "../ui/field.js";
import { bodyOf, faults, KINDS, newDraft } from "./draft.js";
import { readList, withLines } from "./list.js";
import { listField } from "./list_field.js";

/** @typedef {import("./draft.js").Draft} Draft */

const page = data("page");
const loadedAt = performance.now();
const LOOK_EVERY_MS = 30_000;
const now = () => Date.parse(page.now) + (performance.now() - loadedAt);

/** @extends {DraftPart<Draft>} */
export class GroupsPart extends DraftPart {
  static properties = {
    groups: { state: true },
    made: { state: true },
  };

  constructor() {
    super();
    /** @type {any[] | null} */
    this.groups = null;
    /** A group whose code is shown. @type {{visit: any, code: import("../desk/code.js").Code | null} | null} */
    this.made = null;
    this.atTheGate = page.rights.includes("register_visits");
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => document.visibilityState === "visible" && !this.draft && void this.load(), LOOK_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  async load() {
    try {
      this.groups = (await ask("GET", "delegations?limit=200")).visits;
    } catch (problem) {
      this.say(problem);
    }
  }

  // ---------------------------------------------------------------- a new one

  begin() {
    this.draft = newDraft(now(), this.atTheGate ? null : page.me);
    this.put({ errors: {} });
    this.made = null;
    this.say("", "done");
    void this.updateComplete.then(() => this.querySelector("h2")?.focus());
  }

  async register(/** @type {Event} */ event) {
    event.preventDefault();
    const { draft } = this;
    if (this.busy || draft === null) return;
    this.put({ errors: faults(draft, now()) });
    if (Object.keys(this.errors).length) return void this.toTheWrong();
    this.put({ busy: "register" });
    try {
      const made = await ask("POST", "delegations", bodyOf(draft, now()));
      this.draft = null;
      await this.show(made.visit, made.pass);
      this.say(t("Registered: {count} people.", { count: made.visit.group.members.length }), "done");
      void this.load();
    } catch (problem) {
      this.notRegistered(problem, draft);
    }
    this.put({ busy: "" });
  }

  notRegistered(/** @type {any} */ problem, /** @type {Draft} */ draft) {
    const code = String(problem.detail ?? "").split(":")[0];
    this.put({ errors: withLines(errorsOf(problem), readList(draft.rows, new Date(now())).lines) });
    if (Object.keys(this.errors).length) void this.toTheWrong();
    else if (code === "entry_banned") this.say(t("Entry is refused to somebody of this group. Call the security office."));
    else if (code === "key_used") this.say(t("This group was registered already, before the last change. It is in the list."));
    else this.say(problem);
  }

  // ---------------------------------------------------------------- one that there is

  async show(/** @type {any} */ visit, /** @type {string | null} */ value) {
    /** @type {import("../desk/code.js").Code | null} */
    let code = null;
    try {
      const shown = value ?? new URL((await ask("GET", `visits/${visit.id}/pass`)).link, location.origin).hash.slice(1);
      code = await codeOf(shown);
    } catch (problem) {
      this.say(problem);
    }
    this.made = { visit, code };
    await this.updateComplete;
    this.querySelector("h2")?.focus();
  }

  async callOff(/** @type {any} */ visit) {
    if (this.sure !== visit.id) {
      this.put({ sure: visit.id });
      return;
    }
    this.put({ busy: visit.id });
    this.put({ sure: "" });
    try {
      await ask("POST", `visits/${visit.id}/cancel`);
      this.say(t("Called off."), "done");
    } catch (problem) {
      this.say(problem);
    }
    this.put({ busy: "" });
    await this.load();
  }

  // ---------------------------------------------------------------- painting

  render() {
    return html`
      ${this.status()}
      ${this.draft ? this.form(this.draft) : this.made ? this.one(this.made) : this.list()}
    `;
  }

  list() {
    const { groups } = this;
    return html`<section aria-labelledby="h-groups">
      <div class="head">
        <h2 id="h-groups" tabindex="-1">${t("Expected and inside")} (${(groups ?? []).length})</h2>
        <button type="button" class="main" @click=${() => this.begin()}><span aria-hidden="true">+</span> ${t("New group")}</button>
      </div>
      ${groups === null
        ? html`<p class="quiet">${t("One moment: the list is being opened.")}</p>`
        : groups.length
          ? html`<ul class="cards">${groups.map((one) => this.card(one))}</ul>`
          : html`<p class="quiet">${t("No group is expected. A group is one registration: a leader, a list, a count at the gate.")}</p>`}
    </section>`;
  }

  card(/** @type {any} */ one) {
    const name = one.visitor?.name ?? t("erased");
    const inside = one.group.counted_in - one.group.counted_out;
    return html`<li class="card">
      <p class="plate"><b>${name}</b> <span>${word("kind", one.kind)}</span></p>
      <dl>
        ${one.visitor?.organisation ? html`<dt>${t("From where")}</dt><dd>${one.visitor.organisation}</dd>` : nothing}
        <dt>${t("Host")}</dt><dd>${one.host?.name ?? t("nobody named")}</dd>
        <dt>${t("Time")}</dt><dd>${saidSpan(one.starts_at, one.ends_at)}</dd>
        <dt>${t("Why")}</dt><dd>${one.purpose}</dd>
        <dt>${t("People")}</dt><dd>${t("{count} of {all} inside", { count: inside, all: one.group.members.length })}</dd>
      </dl>
      <div class="acts">
        <button type="button" aria-label=${`${t("List and code")}: ${name}`} @click=${() => void this.show(one, null)}>${t("List and code")}</button>
        ${one.state === "expected"
          ? html`<button type="button" aria-busy=${this.busy === one.id} aria-label=${this.sure === one.id ? nothing : `${t("Call off …")} ${name}`} @click=${() => void this.callOff(one)}>
              ${this.sure === one.id ? t("Touch again: the code opens nothing any more") : t("Call off …")}
            </button>`
          : nothing}
      </div>
    </li>`;
  }

  one(/** @type {{visit: any, code: import("../desk/code.js").Code | null}} */ { visit, code }) {
    const count = visit.group.members.length;
    return html`<section aria-labelledby="h-group">
      <h2 id="h-group" tabindex="-1">${visit.visitor?.name ?? t("erased")} · ${t("{count} people", { count })}</h2>
      <p>${saidSpan(visit.starts_at, visit.ends_at)}</p>
      ${code
        ? codePart(code, t("The code of this group opens {count} times, once for each of them. Send the link to the leader; the guard can count them in without it.", { count }), (text) => this.say(text, "done"))
        : nothing}
      <ol class="members">
        ${visit.group.members.map((/** @type {any} */ one) => html`<li>${one.name}${one.document_ending ? html` <span class="quiet">… ${one.document_ending}</span>` : nothing}</li>`)}
      </ol>
      <div class="acts"><button type="button" @click=${() => (this.made = null)}>${t("To the groups")}</button></div>
    </section>`;
  }

  form(/** @type {Draft} */ draft) {
    const typed = (/** @type {Event} */ event) => /** @type {CustomEvent<{value: string}>} */ (event).detail.value;
    const list = readList(draft.rows, new Date(now()));
    return html`<form novalidate autocomplete="off" @submit=${this.register}>
      <h2 tabindex="-1">${t("New group")}</h2>
      ${chips({
        name: "kind",
        label: t("Who comes"),
        chosen: [draft.kind],
        options: KINDS.map((kind) => [kind, word("kind", kind)]),
        choose: (kind) => this.set({ kind }, "kind", "host"),
        error: this.errors["kind"] ?? "",
      })}
      <fieldset>
        <legend>${t("Who leads the group")}</legend>
        <div class="two">
          ${this.text("name", "leader.name", t("Name"), draft.name, 64)}
          <div class="reg-select">
            <label for="f-document-kind">${t("Document")}</label>
            <select id="f-document-kind" .value=${draft.document} @change=${(/** @type {Event} */ event) => this.set({ document: /** @type {HTMLSelectElement} */ (event.target).value }, "leader.document")}>
              ${DOCUMENTS.map((kind) => html`<option value=${kind} ?selected=${kind === draft.document}>${documentWord(kind)}</option>`)}
            </select>
          </div>
          ${this.text("number", "leader.document.number", t("Number"), draft.number, 64)}
          ${this.text("phone", "leader.phone", t("Telephone"), draft.phone, 40, true)}
          ${this.text("organisation", "leader.organisation", t("Organisation"), draft.organisation, 100, true)}
          ${this.text("plate", "leader.plate", t("Number plate"), draft.plate, 32, true)}
        </div>
      </fieldset>
      ${this.atTheGate
        ? html`<wg-host-picker path="host" .label=${t("To whom")} .hint=${t("Letters, characters or the initials of the pinyin")}
            .find=${async (/** @type {string} */ q) => (await ask("POST", "hosts/search", { q: q.slice(0, 100) })).hosts}
            .value=${draft.host} .error=${this.errors["host"] ?? ""}
            @wg-chosen=${(/** @type {CustomEvent} */ event) => this.set({ host: event.detail }, "host")}></wg-host-picker>`
        : html`<p>${page.me ? t("To you: {name}", { name: page.me.name }) : t("Your account is not linked to a person of the school yet, so nobody can name you as a host. The administrator can link it.")}</p>`}
      <wg-field path="purpose" .label=${t("Why")} .value=${draft.purpose} .limit=${200} .error=${this.errors["purpose"] ?? ""}
        @wg-input=${(/** @type {Event} */ event) => this.set({ purpose: typed(event) }, "purpose")}></wg-field>
      <div class="two">
        ${this.when("datetime-local", "from", "starts_at", t("From"), draft.from)} ${this.when("datetime-local", "to", "ends_at", t("Until"), draft.to)}
      </div>
      ${listField({
        rows: draft.rows,
        count: list.members.length,
        faults: list.faults,
        error: this.errors["rows"] ?? "",
        change: (rows) => this.set({ rows }, "rows"),
        wrong: (text) => this.say(text),
      })}
      <div class="acts">
        <button type="button" @click=${() => (this.draft = null)}>${t("Back")}</button>
        <button type="submit" class="main" aria-busy=${this.busy === "register"}>${t("Register the group")}</button>
      </div>
    </form>`;
  }
}

customElements.define("wg-groups", GroupsPart);
