/**
 * Users and roles: who may sign in, and as what.
 *
 * Promises: what is taken away is over when the page says so; nobody changes their own roles; a password is never shown.
 */

import { ask } from "../../api.js";
import { t, texts, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { chips } from "../../ui/chips.js";
import "../../ui/field.js";
import { errorsOf } from "../../ui/field.js";
import { said, Section, typed } from "./section.js";

/** @typedef {{name: string, password: string, roles: string[], language: string, person: string, isNew: boolean}} Draft */

export class UsersPart extends Section {
  static properties = { users: { state: true }, roles: { state: true }, draft: { state: true } };

  constructor() {
    super();
    /** @type {any[] | null} */
    this.users = null;
    /** @type {{role: string, rights: string[]}[]} */
    this.roles = [];
    /** @type {Draft | null} */
    this.draft = null;
  }

  async load() {
    try {
      [{ users: this.users }, { roles: this.roles }] = await Promise.all([ask("GET", "users"), ask("GET", "roles")]);
    } catch (problem) {
      this.say(problem);
    }
  }

  begin(/** @type {any} */ user = null) {
    this.draft =
      user === null
        ? { name: "", password: "", roles: [], language: texts.language, person: "", isNew: true }
        : { name: user.name, password: "", roles: user.roles, language: user.language, person: user.person ?? "", isNew: false };
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
    const { draft } = this;
    if (this.busy || draft === null) return;
    this.put({ busy: "save" });
    const body = {
      roles: draft.roles,
      language: draft.language,
      ...(draft.person.trim() ? { person: draft.person.trim() } : {}),
      ...(draft.password ? { password: draft.password } : {}),
    };
    try {
      if (draft.isNew) await ask("POST", "users", { name: draft.name.trim(), ...body });
      else await ask("PATCH", `users/${encodeURIComponent(draft.name)}`, body);
      this.draft = null;
      this.say(t("Saved: {name}", { name: draft.name }), "done");
      await this.load();
    } catch (problem) {
      this.put({ errors: errorsOf(problem) });
      this.say(this.wrong(/** @type {any} */ (problem)));
      if (Object.keys(this.errors).length) await this.toTheWrong();
    }
    this.put({ busy: "" });
  }

  wrong(/** @type {any} */ problem) {
    if (Object.keys(this.errors).length) return t("Not saved yet: something is not right. It is said beside the field.");
    if (problem.status !== 409) return problem;
    if (/nobody disables/.test(problem.detail)) return t("Nobody locks themselves out or changes their own roles. Another administrator does it.");
    return /another user/.test(problem.detail) ? t("Another user is this person already.") : t("There is a user of that name.");
  }

  disable(/** @type {any} */ user) {
    if (!user.disabled && !this.isSure(user.name)) return undefined;
    return this.during(user.name, async () => {
      try {
        await ask("PATCH", `users/${encodeURIComponent(user.name)}`, { disabled: !user.disabled });
      } catch (problem) {
        throw this.wrong(/** @type {any} */ (problem));
      }
      return user.disabled ? t("{name} may sign in again.", { name: user.name }) : t("{name} is out, everywhere, and may not sign in.", { name: user.name });
    });
  }

  signOut(/** @type {any} */ user) {
    return this.during(`out ${user.name}`, async () => {
      await ask("DELETE", `users/${encodeURIComponent(user.name)}/sessions`);
      return t("{name} is signed out everywhere.", { name: user.name });
    });
  }

  // ---------------------------------------------------------------- painting

  render() {
    return html`<section aria-labelledby="h-users">
      <div class="head">
        <h2 id="h-users">${t("Users and roles")}</h2>
        ${this.draft ? nothing : html`<button type="button" class="main" @click=${() => this.begin()}><span aria-hidden="true">+</span> ${t("New user")}</button>`}
      </div>
      ${this.status()} ${this.draft ? this.form(this.draft) : html`${this.list()} ${this.table()}`}
    </section>`;
  }

  list() {
    return html`<ul class="rows">
      ${(this.users ?? []).map(
        (user) => html`<li>
          <div>
            <b>${user.name}</b>
            ${user.disabled ? html`<span class="off"><span aria-hidden="true">✕</span> ${t("may not sign in")}</span>` : nothing}
            <div class="quiet">${user.roles.map((/** @type {string} */ role) => word("role", role)).join(", ")} · ${t("since {when}", { when: said(user.created_at) })}${user.person ? ` · ${user.person}` : ""}</div>
          </div>
          <div class="acts">
            <button type="button" aria-label=${`${t("Change")}: ${user.name}`} @click=${() => this.begin(user)}>${t("Change")}</button>
            <button type="button" aria-label=${`${t("Sign out everywhere")}: ${user.name}`} ?disabled=${Boolean(this.busy)} @click=${() => void this.signOut(user)}>${t("Sign out everywhere")}</button>
            <button type="button" aria-label=${`${user.disabled ? t("Let sign in again") : t("Lock out")}: ${user.name}`} ?disabled=${Boolean(this.busy)} @click=${() => void this.disable(user)}>
              ${user.disabled ? t("Let sign in again") : this.sure === user.name ? t("Touch again: out, everywhere") : t("Lock out")}
            </button>
          </div>
        </li>`,
      )}
    </ul>`;
  }

  table() {
    return html`<details>
      <summary>${t("What each role may do")}</summary>
      <div class="wide" tabindex="0" role="group" aria-label=${t("What each role may do")}>
        <table>
          <thead><tr><th scope="col">${t("Roles")}</th><th scope="col">${t("Rights")}</th></tr></thead>
          <tbody>
            ${this.roles.map((one) => html`<tr><th scope="row">${word("role", one.role)}</th><td>${one.rights.map((right) => word("right", right)).join(", ")}</td></tr>`)}
          </tbody>
        </table>
      </div>
      <p class="quiet">${t("The table is closed: it stands in roles.yaml and is not changed from a page.")}</p>
    </details>`;
  }

  form(/** @type {Draft} */ draft) {
    const field = (/** @type {"name" | "person"} */ name, /** @type {string} */ label, /** @type {number} */ limit, /** @type {string} */ hint = "") =>
      html`<wg-field path=${name} .label=${label} .value=${draft[name]} .limit=${limit} .hint=${hint} .optional=${name === "person"} .error=${this.errors[name] ?? ""}
        @wg-input=${(/** @type {CustomEvent<{value: string}>} */ e) => this.set({ [name]: e.detail.value })}></wg-field>`;
    return html`<form novalidate @submit=${(/** @type {Event} */ e) => void this.save(e)}>
      <h3 tabindex="-1">${draft.isNew ? t("New user") : t("Change {name}", { name: draft.name })}</h3>
      ${draft.isNew ? field("name", t("Name to sign in with"), 64, t("small letters, digits, dot, - and _")) : nothing}
      <div class="field">
        <label for="f-password">${draft.isNew ? t("Password") : t("New password (empty: as it was)")}</label>
        <input id="f-password" type="password" autocomplete="new-password" aria-invalid=${this.errors.password ? "true" : nothing} aria-describedby="e-password"
          .value=${draft.password} @input=${(/** @type {Event} */ e) => this.set({ password: typed(e) })} />
        <p class="error" id="e-password" role="alert">${this.errors.password ? html`<span aria-hidden="true">◆</span> ${this.errors.password}` : nothing}</p>
      </div>
      ${chips({
        name: "roles",
        label: t("Roles"),
        chosen: draft.roles,
        options: this.roles.map((one) => [one.role, word("role", one.role)]),
        choose: (role) => this.set({ roles: draft.roles.includes(role) ? draft.roles.filter((one) => one !== role) : [...draft.roles, role] }),
        error: this.errors.roles ?? "",
      })}
      ${chips({ name: "language", label: t("Language"), chosen: [draft.language], options: [["zh", "简体中文"], ["en", "English"]], choose: (language) => this.set({ language }) })}
      ${field("person", t("Which person of the school (number)"), 64, t("So that a guard signs on with the own card."))}
      <div class="acts">
        <button type="submit" class="main" ?disabled=${Boolean(this.busy)} aria-busy=${this.busy === "save"}>${t("Save")}</button>
        <button type="button" @click=${() => (this.draft = null)}>${t("Leave it")}</button>
      </div>
    </form>`;
  }
}

customElements.define("wg-a-users", UsersPart);
