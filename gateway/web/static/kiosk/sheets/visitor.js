/**
 * The registration of a visitor: who, whom and why, what the rules still need. Three steps, one draft.
 *
 * Promises: what was typed is kept over a reload, an error and a lost answer; the draft's key makes one visit of
 * whatever is sent twice; a reader of cards types into no field. Leaves to others: what the rules ask (the gateway),
 * what is done
 * with a visit that is registered (visitor_visit.js), being offline (kiosk.offline).
 *
 * `kiosk.open("visitor", {visit: id})` goes straight to the third step: an expected visitor is two touches.
 */

import { html, nothing } from "../sheet.js";
import { t } from "../../i18n.js";
import "../../ui/field.js";
import "../../ui/host_picker.js";
import "../../ui/keyboard.js";
import { errorsOf } from "../../ui/field.js";
import { faultOf, plainNumber } from "../../ui/documents.js";
import { Reader } from "../../ui/reader.js";
import { KnownHosts } from "./known_hosts.js";
import { bodyOf, faults, isEmpty, newDraft, revived } from "./visitor_draft.js";
import { VisitAtTheGate } from "./visitor_visit.js";
import { who } from "./visitor_who.js";
import { whom } from "./visitor_whom.js";

/** @typedef {import("./visitor_draft.js").Draft} Draft */

const SAVE_AFTER_MS = 250;
const FIRST_STEP = /^(visitor|kind$)/;
/** Which errors a change of the draft takes away, by the beginning of their paths. @type {Record<string, string[]>} */
const PATHS = {
  kind: ["kind", "host"],
  document: ["visitor.document"],
  number: ["visitor.document"],
  name: ["visitor.name"],
  phone: ["visitor.phone"],
  organisation: ["visitor.organisation"],
  plate: ["visitor.plate"],
  host: ["host"],
  purpose: ["purpose"],
  until: ["ends_at", "starts_at"],
  time: ["ends_at", "starts_at"],
  zones: ["zones"],
  nothing: ["belongings"],
  belongings: ["belongings"],
};

export class VisitorSheet extends VisitAtTheGate {
  static properties = {
    ...VisitAtTheGate.properties,
    draft: { state: true },
    restored: { state: true },
    sealed: { state: true },
  };

  constructor() {
    super();
    /** @type {Draft} */
    this.draft = newDraft();
    /** False where a visit was opened, or the draft has become one: what lies in store is not this one's. */
    this.isDrafting = false;
    this.restored = false;
    /** True once a registration was sealed on this machine. */
    this.sealed = false;
    /** @type {KnownHosts | null} */
    this.hosts = null;
    /** The document for which somebody was looked up last. */
    this.lookedUp = "";
    /** What the last visit filled in: only that is replaced by another. @type {Record<string, string>} */
    this.filled = {};
    // While the records are covered a reader's keys are the card of whoever unlocks them.
    this.reader = new Reader((read) => this.read(read), () => !this.kiosk.state.locked);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.saving = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.looking = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    this.reader.start();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.reader.end();
    if (this.saving !== undefined) this.save();
    clearTimeout(this.looking);
  }

  get visitId() {
    return this.draft.visit;
  }

  opened(/** @type {{visit?: string}} */ options) {
    if (options.visit) {
      this.draft = { ...this.draft, step: 3, visit: options.visit };
      this.isDrafting = false;
      void this.fetchVisit();
      return;
    }
    this.isDrafting = true;
    void this.restore();
  }

  /** What was typed before a reload, or before somebody had to look elsewhere. */
  async restore() {
    this.hosts = new KnownHosts(this.kiosk);
    await this.hosts.load();
    const saved = await this.kiosk.draft("visitor").load();
    if (saved !== null && isEmpty(this.draft)) {
      this.draft = revived(saved);
      this.restored = !isEmpty(this.draft);
    }
    if (this.draft.step === 3) await this.fetchVisit();
    else if (!this.isTypedInto()) await this.focusFirst();
  }

  /** Somebody was quicker than this machine's own store: the focus is theirs. */
  isTypedInto() {
    const active = document.activeElement;
    return this.contains(active) && active instanceof Element && active.matches("input, select, textarea");
  }

  // ---------------------------------------------------------------- the draft

  change(/** @type {Partial<Draft>} */ change) {
    this.draft = { ...this.draft, ...change };
    this.mended(Object.keys(change).flatMap((name) => PATHS[name] ?? []));
    if (this.said.text) this.say("");
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_AFTER_MS);
    if ("number" in change || "document" in change) this.numberChanged();
  }

  save() {
    clearTimeout(this.saving);
    this.saving = undefined;
    if (!this.isDrafting) return;
    const draft = this.kiosk.draft("visitor");
    void (isEmpty(this.draft) && this.draft.visit === null ? draft.clear() : draft.save(this.draft));
  }

  async startAnew() {
    clearTimeout(this.saving);
    this.saving = undefined;
    this.draft = newDraft();
    this.visit = null;
    this.errors = {};
    this.filled = {};
    this.lookedUp = "";
    this.telephone = null;
    this.answeredBy = "";
    this.refusing = false;
    this.restored = false;
    this.sealed = false;
    this.isDrafting = true;
    this.say("");
    await this.kiosk.draft("visitor").clear();
    await this.focusFirst();
  }

  async focusFirst() {
    await this.updateComplete;
    const first = this.draft.step === 1 ? "wg-field" : "wg-host-picker";
    const element = /** @type {HTMLElement | null} */ (this.querySelector(first));
    element?.focus();
  }

  // ---------------------------------------------------------------- who

  /** A whole number is checked at once, and whoever was here before is filled in. */
  numberChanged() {
    const { document, number } = this.draft;
    const plain = plainNumber(number);
    const whole = document === "resident_id" ? plain.length >= 18 : plain.length >= 6;
    if (!whole) return;
    const fault = faultOf(document, number, new Date(this.kiosk.now()));
    if (fault !== null) {
      if (document === "resident_id") this.errors = { ...this.errors, ...faultsOfNumber(this.draft, this.kiosk.now()) };
      return;
    }
    clearTimeout(this.looking);
    this.looking = setTimeout(() => void this.lookUp(), document === "resident_id" ? 0 : 600);
  }

  async lookUp() {
    const { document, number } = this.draft;
    const asked = `${document}:${plainNumber(number)}`;
    if (asked === this.lookedUp) return;
    this.lookedUp = asked;
    try {
      const found = await this.kiosk.ask("POST", "visits/returning", { document: { kind: document, number: plainNumber(number) } });
      if (!found.found || `${this.draft.document}:${plainNumber(this.draft.number)}` !== asked) return;
      /** @type {Record<string, string>} */
      const filled = {};
      for (const name of /** @type {const} */ (["name", "organisation", "plate"])) {
        const now = this.draft[name];
        if (found[name] && (!now || now === this.filled[name])) filled[name] = found[name];
      }
      const kind = this.draft.kind === "visitor" ? found.last_kind : this.draft.kind;
      this.change({ ...filled, kind });
      this.filled = filled;
      this.say(t("Was here before: filled in from the last visit. Please compare with the document."), "done");
    } catch {
      this.lookedUp = ""; // no answer: it can be typed
    }
  }

  read(/** @type {import("../../ui/reader.js").Read | null} */ read) {
    if (this.draft.step !== 1 || this.sealed) {
      this.say(t("The reader sent something. It is taken only in the first step; nothing was changed."), "notice");
      return;
    }
    if (read === null) {
      this.say(t("The reader sent something that is no document. Nothing was taken; please lay it on again."), "wrong");
      return;
    }
    this.change({
      document: read.kind ?? this.draft.document,
      number: read.number,
      ...(read.name ? { name: read.name } : {}),
    });
    this.kiosk.sound("done");
    if (this.errors["visitor.document.number"]) return;
    this.say(t("Read from the document."), "done");
    // There is nothing left to type: the keyboard goes, the button that goes on comes.
    if (read.name) void this.updateComplete.then(() => this.querySelector("h2")?.focus());
  }

  // ---------------------------------------------------------------- going on

  /** @returns {boolean} */
  hasFaults(/** @type {number} */ step) {
    this.errors = faults(this.draft, step, this.kiosk.now());
    if (Object.keys(this.errors).length === 0) return false;
    void this.updateComplete.then(() => this.showError());
    return true;
  }

  /** The first field with an error gets the focus, and is in sight. */
  async showError() {
    await this.updateComplete;
    const invalid = this.querySelector("[aria-invalid=true]");
    if (invalid instanceof HTMLElement) invalid.focus();
    const error = [...this.querySelectorAll(".error")].find((one) => one.textContent?.trim());
    (invalid ?? error)?.scrollIntoView({ block: "center" });
  }

  submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.busy) return;
    if (this.draft.step === 1) {
      if (this.hasFaults(1)) return;
      this.go(2);
    } else if (this.draft.step === 2) void this.register();
    else if (this.visit?.state === "expected") void this.checkIn();
  }

  go(/** @type {1 | 2} */ step) {
    this.change({ step });
    this.restored = false;
    void this.focusFirst();
  }

  async register() {
    for (const step of /** @type {const} */ ([1, 2])) {
      if (!this.hasFaults(step)) continue;
      if (this.draft.step !== step) this.draft = { ...this.draft, step };
      return;
    }
    const body = bodyOf(this.draft, this.kiosk.now());
    this.draft = { ...this.draft, sent: body };
    this.save(); // before it leaves: a machine that goes off now sends the same again
    this.busy = true;
    this.say("");
    try {
      if (this.kiosk.state.online === "lost") {
        await this.seal(body);
        return;
      }
      const made = await this.kiosk.ask("POST", "visits", body);
      this.registered(made.visit);
    } catch (problem) {
      await this.notRegistered(problem, body);
    } finally {
      this.busy = false;
    }
  }

  registered(/** @type {any} */ visit) {
    if (this.draft.host !== null) this.hosts?.keep(this.draft.host);
    // The number has done its work: nothing of it stays on this machine.
    this.draft = { ...newDraft(), key: this.draft.key, step: 3, visit: visit.id };
    this.visit = visit;
    this.save();
    if (visit.state === "refused") this.kiosk.sound("refuse");
    void this.updateComplete.then(() => this.querySelector("h2")?.focus());
  }

  async notRegistered(/** @type {any} */ problem, /** @type {any} */ body) {
    if (problem.kind === "no-answer") {
      if (this.kiosk.state.online === "lost") await this.seal(body);
      else this.say(t("No answer yet. Nothing is lost: touch Register again, it stays one visit."), "wrong");
      return;
    }
    const code = String(problem.detail ?? "").split(":")[0];
    const known = /visit ([0-9a-f]{8,32})/.exec(String(problem.detail ?? ""));
    if (code === "key_used" && known?.[1]) {
      // An answer was lost and something was changed since: the first one counts, and is shown.
      this.draft = { ...newDraft(), step: 3, visit: known[1] };
      this.save();
      await this.fetchVisit();
      this.say(t("This was registered already, before the last change. Here is what was registered."), "notice");
      return;
    }
    this.errors = errorsOf(problem);
    if (code === "entry_banned") this.say(t("Entry is refused. Call the security office."), "wrong");
    else if (code === "other_kind") {
      this.say(t("This person has an open visit of another kind. End that one first, or choose the same kind."), "wrong");
    } else if (Object.keys(this.errors).length === 0) this.say(problem.message ?? String(problem), "wrong");
    const first = Object.keys(this.errors)[0];
    if (first !== undefined) {
      this.draft = { ...this.draft, step: FIRST_STEP.test(first) ? 1 : 2 };
      void this.showError();
    }
  }

  async seal(/** @type {any} */ body) {
    try {
      await this.kiosk.offline.seal(body);
    } catch {
      this.say(t("The gateway is away and this machine can keep nothing sealed. Write it on paper; it is typed in later."), "wrong");
      return;
    }
    await this.kiosk.draft("visitor").clear();
    clearTimeout(this.saving);
    this.saving = undefined;
    this.draft = newDraft();
    this.isDrafting = false;
    this.sealed = true;
  }

  /** The draft has become a visit that is inside: the next visitor finds an empty sheet. */
  async leave() {
    clearTimeout(this.saving);
    this.saving = undefined;
    if (this.isDrafting) await this.kiosk.draft("visitor").clear();
    this.isDrafting = false;
  }

  // ---------------------------------------------------------------- painting

  body() {
    if (this.sealed) return this.sealedBody();
    return html`
      <form class="reg" novalidate autocomplete="off" @submit=${this.submit} @wg-next=${this.next}>
        ${this.steps()}
        <div class="reg-scroll">${this.step()}</div>
        <footer class="reg-foot">${this.foot()}</footer>
      </form>
      <wg-keyboard></wg-keyboard>
    `;
  }

  steps() {
    const words = [t("Who"), t("Whom and why"), t("What is still needed")];
    return html`<ol class="reg-steps" aria-label=${t("Steps")}>
      ${words.map(
        (text, at) =>
          html`<li aria-current=${this.draft.step === at + 1 ? "step" : nothing} data-past=${this.draft.step > at + 1}>
            <span aria-hidden="true">${this.draft.step > at + 1 ? "✓" : at + 1}</span> ${text}
          </li>`,
      )}
    </ol>`;
  }

  step() {
    const change = (/** @type {Partial<Draft>} */ change) => this.change(change);
    if (this.draft.step === 1) {
      return html`
        ${this.restored
          ? html`<p class="reg-restored">
              ${t("What was typed before is still here.")}
              <button type="button" @click=${this.startAnew}>${t("Another visitor")}</button>
            </p>`
          : nothing}
        ${who(this.draft, this.errors, change, false)}
      `;
    }
    if (this.draft.step === 2) {
      const find = async (/** @type {string} */ q) => (await this.hosts?.find(q)) ?? [];
      return whom(this.draft, this.errors, change, find, this.kiosk.now());
    }
    return this.stillNeeded();
  }

  foot() {
    const { busy } = this;
    if (this.draft.step === 1) return html`<span></span>${this.main(t("Next"))}`;
    if (this.draft.step === 2) {
      return html`<button type="button" @click=${() => this.go(1)}>${t("Back")}</button> ${this.main(t("Register"))}`;
    }
    return this.visitFoot();
  }

  main(/** @type {string} */ text) {
    return html`<button type="submit" class="main" aria-busy=${this.busy} ?disabled=${this.busy}>${text}</button>`;
  }

  /** "Next" on the on-screen keyboard: from the number to the name, from the name onwards. */
  next(/** @type {Event} */ event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (event.defaultPrevented) return;
    if (field.name !== "visitor.name" && field.name !== "ends_at" && field.name !== "purpose") return;
    event.preventDefault();
    if (field.name === "visitor.name") field.form?.requestSubmit();
    else field.blur();
  }

  sealedBody() {
    return html`<div class="reg-sealed" role="status">
      <p><b>${t("Kept on this machine, sealed.")}</b></p>
      <p>${t("The gateway is out of reach. It is brought in as soon as the gateway is back; until then it opens nothing.")}</p>
      <p>${t("Give a numbered badge by hand, and let the host come to the gate.")}</p>
      <button type="button" class="main" @click=${this.startAnew}>${t("Next visitor")}</button>
    </div>`;
  }
}

/** Only the number's own sentence: the guard has not got to the name yet. @returns {Record<string, string>} */
function faultsOfNumber(/** @type {Draft} */ draft, /** @type {number} */ now) {
  const path = "visitor.document.number";
  const fault = faults(draft, 1, now)[path];
  return fault === undefined ? {} : { [path]: fault };
}

customElements.define("wg-s-visitor", VisitorSheet);
