/**
 * The registration of a group at the gate: the leader as any visitor, whom and why, then the list of the others.
 *
 * Promises: what was typed is kept over a reload, an error and a lost answer; sent twice it is one group. When it is
 * registered the visit opens, where what is still needed stands and the guard counts. Leaves to others: the leader's
 * fields (visitor_who.js), host, time and belongings (visitor_whom.js), counting (visits.js).
 */

import { html, nothing, Sheet } from "../sheet.js";
import { t } from "../../i18n.js";
import { readList, withLines } from "../../groups/list.js";
import { listField } from "../../groups/list_field.js";
import "../../ui/field.js";
import "../../ui/host_picker.js";
import "../../ui/keyboard.js";
import { errorsOf } from "../../ui/field.js";
import { Reader, typeInto } from "../../ui/reader.js";
import { KnownHosts } from "./known_hosts.js";
import { bodyOf, faults, isEmpty, newDraft } from "./visitor_draft.js";
import { who } from "./visitor_who.js";
import { whom } from "./visitor_whom.js";

/** @typedef {import("./visitor_draft.js").Draft & {rows: string}} GroupDraft */

const SAVE_AFTER_MS = 250;

/** @returns {GroupDraft} */
const newGroup = () => ({ ...newDraft(), rows: "" });

export class GroupSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    draft: { state: true },
    errors: { state: true },
    restored: { state: true },
    busy: { state: true },
  };

  constructor() {
    super();
    this.draft = newGroup();
    /** @type {Record<string, string>} */
    this.errors = {};
    this.restored = false;
    this.busy = false;
    /** @type {KnownHosts | null} */
    this.hosts = null;
    // While the records are covered a reader's keys are the card of whoever unlocks them.
    this.reader = new Reader((read) => this.read(read), () => !this.kiosk.state.locked);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.saving = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    this.reader.start();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.reader.end();
    if (this.saving !== undefined) this.save();
  }

  opened() {
    void this.restore();
  }

  async restore() {
    this.hosts = new KnownHosts(this.kiosk);
    await this.hosts.load();
    const saved = await this.kiosk.draft("group").load();
    if (saved && typeof saved.key === "string" && this.isEmpty) {
      this.draft = { ...newGroup(), ...saved };
      this.restored = !this.isEmpty;
    }
  }

  get isEmpty() {
    return isEmpty(this.draft) && !this.draft.rows;
  }

  change(/** @type {Partial<GroupDraft>} */ change) {
    this.draft = { ...this.draft, ...change };
    this.errors = {};
    if (this.said.text) this.say("");
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  save() {
    clearTimeout(this.saving);
    this.saving = undefined;
    const draft = this.kiosk.draft("group");
    void (this.isEmpty ? draft.clear() : draft.save(this.draft));
  }

  startAnew() {
    this.draft = newGroup();
    this.errors = {};
    this.restored = false;
    this.say("");
    this.save();
  }

  read(/** @type {import("../../ui/reader.js").Read | null} */ read) {
    if (read === null) {
      this.say(t("The reader sent something that is no document. Nothing was taken; please lay it on again."), "wrong");
    } else if (this.draft.step === 1) {
      this.change({ document: read.kind ?? this.draft.document, number: read.number, ...(read.name ? { name: read.name } : {}) });
      this.say(t("Read from the document."), "done");
    } else if (this.draft.step === 3 && read.name) {
      // The others' cards may be laid on one after the other: each is a line of the list.
      const rows = this.draft.rows.replace(/\s*$/, "");
      this.change({ rows: `${rows}${rows ? "\n" : ""}${read.name}, ${read.kind ?? "resident_id"}, ${read.number}\n` });
      this.say(t("On the list: {name}", { name: read.name }), "done");
    }
    this.kiosk.sound("done");
  }

  // ---------------------------------------------------------------- going on

  submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.busy) return;
    const step = this.draft.step;
    if (step < 3) {
      this.errors = faults(this.draft, step, this.kiosk.now());
      if (Object.keys(this.errors).length) void this.toTheWrong();
      else this.go(step === 1 ? 2 : 3);
    } else void this.register();
  }

  go(/** @type {1 | 2 | 3} */ step) {
    this.change({ step });
    this.restored = false;
    void this.updateComplete.then(() => {
      const first = /** @type {HTMLElement | null} */ (this.querySelector("textarea, wg-host-picker, wg-field"));
      first?.focus();
    });
  }

  async toTheWrong() {
    await this.updateComplete;
    const wrong = this.querySelector("[aria-invalid=true]");
    if (wrong instanceof HTMLElement) wrong.focus();
    wrong?.scrollIntoView({ block: "center" });
  }

  async register() {
    const now = this.kiosk.now();
    for (const step of /** @type {const} */ ([1, 2])) {
      const found = faults(this.draft, step, now);
      if (!Object.keys(found).length) continue;
      this.draft = { ...this.draft, step };
      this.errors = found;
      return void this.toTheWrong();
    }
    const list = readList(this.draft.rows, new Date(now));
    if (list.faults.length || !list.members.length) {
      this.errors = list.faults.length ? {} : { rows: t("A group is a leader and at least one more. Write the others here.") };
      return void this.toTheWrong();
    }
    const { visitor, ...stay } = bodyOf(this.draft, now);
    this.draft = { ...this.draft, sent: { visitor, ...stay } };
    this.save(); // before it leaves: a machine that goes off now sends the same again
    this.busy = true;
    try {
      const made = await this.kiosk.ask("POST", "delegations", { ...stay, leader: visitor, members: list.members });
      if (this.draft.host !== null) this.hosts?.keep(this.draft.host);
      this.draft = newGroup();
      clearTimeout(this.saving);
      this.saving = undefined;
      await this.kiosk.draft("group").clear();
      this.kiosk.sound("done");
      await this.kiosk.open("visits", { id: made.id });
    } catch (problem) {
      this.notRegistered(/** @type {any} */ (problem), list.lines);
    } finally {
      this.busy = false;
    }
  }

  notRegistered(/** @type {any} */ problem, /** @type {number[]} */ lines) {
    const code = String(problem.detail ?? "").split(":")[0];
    const known = /visit ([0-9a-f]{8,32})/.exec(String(problem.detail ?? ""));
    if (code === "key_used" && known?.[1]) {
      this.startAnew();
      void this.kiosk.open("visits", { id: known[1] });
      return;
    }
    this.errors = Object.fromEntries(
      Object.entries(withLines(errorsOf(problem), lines)).map(([path, said]) => [path.replace(/^leader/, "visitor"), said]),
    );
    const first = Object.keys(this.errors)[0];
    if (first !== undefined) {
      /** @type {1 | 2 | 3} */
      const step = first === "rows" ? 3 : /^(visitor|kind$)/.test(first) ? 1 : 2;
      this.draft = { ...this.draft, step };
      void this.toTheWrong();
    } else if (code === "entry_banned") this.say(t("Entry is refused to somebody of this group. Call the security office."), "wrong");
    else if (problem.kind === "no-answer") {
      this.say(t("No answer yet. Nothing is lost: touch Register again, it stays one group."), "wrong");
    } else this.say(problem.message ?? String(problem), "wrong");
  }

  // ---------------------------------------------------------------- painting

  body() {
    return html`
      <form class="reg" novalidate autocomplete="off" @submit=${this.submit} @wg-next=${this.next}>
        ${this.steps()}
        <div class="reg-scroll">${this.restored ? this.restoredLine() : nothing} ${this.step()}</div>
        <footer class="reg-foot">
          ${this.draft.step === 1
            ? html`<span></span>`
            : html`<button type="button" @click=${() => this.go(this.draft.step === 3 ? 2 : 1)}>${t("Back")}</button>`}
          <button type="submit" class="main" aria-busy=${this.busy} ?disabled=${this.busy}>
            ${this.draft.step === 3 ? t("Register the group") : t("Next")}
          </button>
        </footer>
      </form>
      <wg-keyboard></wg-keyboard>
    `;
  }

  steps() {
    const words = [t("Who leads"), t("Whom and why"), t("The list")];
    return html`<ol class="reg-steps" aria-label=${t("Steps")}>
      ${words.map(
        (text, at) =>
          html`<li aria-current=${this.draft.step === at + 1 ? "step" : nothing}>
            <span aria-hidden="true">${this.draft.step > at + 1 ? "✓" : at + 1}</span> ${text}
          </li>`,
      )}
    </ol>`;
  }

  restoredLine() {
    return html`<p class="reg-restored">
      ${t("What was typed before is still here.")}
      <button type="button" @click=${() => this.startAnew()}>${t("Another group")}</button>
    </p>`;
  }

  step() {
    const change = (/** @type {Partial<GroupDraft>} */ some) => this.change(some);
    if (this.draft.step === 1) return who(this.draft, this.errors, change, false);
    if (this.draft.step === 2) {
      const find = async (/** @type {string} */ q) => (await this.hosts?.find(q)) ?? [];
      return whom(this.draft, this.errors, change, find, this.kiosk.now());
    }
    const list = readList(this.draft.rows, new Date(this.kiosk.now()));
    return listField({
      rows: this.draft.rows,
      count: list.members.length,
      faults: list.faults,
      error: this.errors["rows"] ?? "",
      change: (rows) => this.change({ rows }),
      wrong: (text) => this.say(text, "wrong"),
    });
  }

  /** "Next" on the on-screen keyboard: in the list a new line, from the name onwards. */
  next(/** @type {Event} */ event) {
    const field = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (event.target);
    if (event.defaultPrevented) return;
    if (field instanceof HTMLTextAreaElement) {
      event.preventDefault();
      typeInto(field, "\n");
    } else if (["visitor.name", "ends_at", "purpose"].includes(field.name)) {
      event.preventDefault();
      if (field.name === "visitor.name") field.form?.requestSubmit();
      else field.blur();
    }
  }
}

customElements.define("wg-s-group", GroupSheet);
