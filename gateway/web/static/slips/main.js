/**
 * A teacher's leave slips, on a phone: what waits for an answer, a new slip, and who is out, late or not back.
 *
 * Promises: a field that is wrong says so beside it and keeps what was typed; nobody is chosen by a name alone, but by
 * touching one of those found. Leaves to others: whose slips one may give (the gateway says so).
 */

import { html, nothing } from "lit";
import "../shell.js";
import { DeskPart } from "../desk/desk_part.js";
import "../desk/table_taker.js";
import { ask, Problem } from "../api.js";
import { data, t, word } from "../i18n.js";
import { fromField, onTheDay, said, saidSpan, toField } from "./times.js";

/** @typedef {{id: string, name: string, classes?: string[]}} Person */
/** @typedef {{id: string, holder: Person | null, starts_at: string, ends_at: string, reason: string | null,
 *   collector: Person | null, stage: string, left_at: string | null, returned_at: string | null,
 *   may_approve: boolean, may_revoke: boolean}} Slip */

/** What is typed, by what the gateway calls it. */
const FIELDS = /** @type {Record<string, string>} */ ({ student: "holder", from: "starts_at", to: "ends_at", cq: "collector" });
const REASONS = ["family", "medical", "other"];
const SIGNS = /** @type {Record<string, string>} */ ({ asked: "?", given: "○", out: "→", returned: "✓", late: "▲", absent: "◆", refused: "✕", revoked: "✕", over: "–" });
const LOOK_EVERY_MS = 20_000;
const WAIT_MS = 250;
const page = data("page");

/** What the gateway says a field should be, as a sentence. */
function sentenceFor(/** @type {string} */ field) {
  switch (field) {
    case "holder":
      return t("Choose a student from the list.");
    case "starts_at":
      return t("Say from when, at most 400 days ahead.");
    case "ends_at":
      return t("The end has to be after the beginning, in the future, and within 62 days.");
    case "collector":
      return t("Choose somebody else from the list, or nobody.");
    case "collector_visit":
      return t("This visit is over. Choose another one.");
    default:
      return t("This cannot be. Please look at it again.");
  }
}

export class SlipsPart extends DeskPart {
  static properties = {
    slips: { state: true },
    late: { state: true },
    form: { state: true },
    students: { state: true },
    collectors: { state: true },
  };

  constructor() {
    super();
    /** @type {Slip[] | null} */
    this.slips = null;
    /** @type {Slip[]} */
    this.late = [];
    /** What is typed, while somebody types. @type {any} */
    this.form = null;
    /** @type {Person[] | null} */
    this.students = null;
    /** @type {{id: string, name: string, visit: boolean, about: string}[] | null} */
    this.collectors = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => document.visibilityState === "visible" && !this.form && void this.load(), LOOK_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  async load() {
    try {
      const [live, late] = await Promise.all([ask("GET", "slips?limit=200"), ask("GET", "slips?late=true&limit=20")]);
      this.slips = live.slips;
      this.late = late.slips;
    } catch (problem) {
      this.say(problem);
    }
  }

  // ---------------------------------------------------------------- answering

  async answer(/** @type {Slip} */ slip, /** @type {"approve" | "refuse" | "revoke"} */ act) {
    if (act === "revoke" && this.sure !== slip.id) {
      this.put({ sure: slip.id });
      return;
    }
    if (this.busy) return;
    this.put({ busy: slip.id });
    this.put({ sure: "" });
    try {
      await ask("POST", `slips/${slip.id}/${act}`);
      const name = slip.holder?.name ?? "";
      this.say(
        act === "approve" ? t("Given: {name}", { name }) : act === "refuse" ? t("Not given: {name}", { name }) : t("Revoked: {name}. It is void at the next tap.", { name }),
        "done",
      );
    } catch (problem) {
      this.say(problem);
    }
    this.put({ busy: "" });
    await this.load();
  }

  // ---------------------------------------------------------------- a new one

  begin() {
    const now = Date.parse(page.now) + (performance.now() - loadedAt);
    const from = Math.floor(now / 60_000) * 60_000;
    this.form = { student: null, q: "", from: toField(from), to: toField(onTheDay(from, "21:00")), reason: "", collector: null, cq: "" };
    if (fromField(this.form.to) <= from) this.form.to = toField(from + 2 * 3_600_000);
    this.put({ errors: {} });
    this.say("", "done");
    this.students = null;
    this.collectors = null;
    void this.find("");
    void this.updateComplete.then(() => this.querySelector("h2")?.focus());
  }

  /** What was wrong with a field is not said of what is typed there now. */
  set(/** @type {object} */ some) {
    this.form = { ...this.form, ...some };
    const touched = new Set(Object.keys(some).map((name) => FIELDS[name] ?? name));
    this.put({ errors: Object.fromEntries(Object.entries(this.errors).filter(([field]) => !touched.has(field))) });
  }

  find(/** @type {string} */ q) {
    clearTimeout(this.finding);
    this.finding = setTimeout(async () => {
      try {
        const { students } = await ask("POST", "slips/students", { q, limit: 12 });
        if (this.form?.q === q) this.students = students;
      } catch (problem) {
        this.say(problem);
      }
    }, q ? WAIT_MS : 0);
  }

  findCollector(/** @type {string} */ q) {
    clearTimeout(this.finding);
    if (!q.trim()) {
      this.collectors = null;
      return;
    }
    this.finding = setTimeout(async () => {
      try {
        const { people } = await ask("POST", "slips/collectors", { q, limit: 8 });
        if (this.form?.cq === q) this.collectors = people;
      } catch (problem) {
        this.say(problem);
      }
    }, WAIT_MS);
  }

  async give() {
    if (this.busy) return;
    const form = this.form;
    const starts = fromField(form.from);
    const ends = fromField(form.to);
    /** @type {Record<string, string>} */
    const errors = {};
    if (form.student === null) errors.holder = sentenceFor("holder");
    if (Number.isNaN(starts)) errors.starts_at = sentenceFor("starts_at");
    if (Number.isNaN(ends) || ends <= starts) errors.ends_at = sentenceFor("ends_at");
    if (!form.reason) errors.reason = t("Choose one of the three. It does not show at the gate.");
    if (form.cq.trim() && form.collector === null) errors.collector = sentenceFor("collector");
    this.put({ errors });
    if (Object.keys(errors).length) {
      await this.toTheWrong();
      return;
    }
    this.put({ busy: "give" });
    const collector = form.collector === null ? {} : form.collector.visit ? { collector_visit: form.collector.id } : { collector: form.collector.id };
    try {
      const made = await ask("POST", "slips", {
        holder: form.student.id,
        starts_at: new Date(starts).toISOString(),
        ends_at: new Date(ends).toISOString(),
        reason: form.reason,
        ...collector,
      });
      this.form = null;
      const name = made.holder?.name ?? "";
      this.say(made.stage === "asked" ? t("Asked for: {name}. It waits for another's answer.", { name }) : t("Given: {name}", { name }), "done");
      await this.load();
    } catch (problem) {
      if (problem instanceof Problem && problem.errors.length) {
        this.put({ errors: Object.fromEntries(problem.errors.map((one) => [one.field, sentenceFor(one.field)])) });
        await this.toTheWrong();
      } else this.say(problem);
    }
    this.put({ busy: "" });
  }

  // ---------------------------------------------------------------- painting

  render() {
    return html`
      ${this.status()}
      ${this.form ? this.sheet(this.form) : this.board()}
    `;
  }

  board() {
    const slips = this.slips;
    if (slips === null) return html`<p class="quiet">${t("One moment: the list is being opened.")}</p>`;
    const open = slips.filter((one) => one.stage === "asked");
    const absent = slips.filter((one) => one.stage === "absent");
    const rest = slips.filter((one) => !["asked", "absent"].includes(one.stage));
    return html`
      ${open.length ? html`<h2>${t("Waiting for an answer")} (${open.length})</h2><ul>${open.map((one) => this.card(one))}</ul>` : nothing}
      ${absent.length ? html`<h2>${t("Not back in time")} (${absent.length})</h2><ul>${absent.map((one) => this.card(one))}</ul>` : nothing}
      <h2>${t("Now and ahead")} (${rest.length})</h2>
      ${rest.length
        ? html`<ul>${rest.map((one) => this.card(one))}</ul>`
        : html`<p class="quiet">${t("No slip is open. A slip lets a student out of a gate for a time.")}</p>`}
      ${this.late.length ? html`<h2>${t("Came back late")} (${this.late.length})</h2><ul>${this.late.map((one) => this.card(one))}</ul>` : nothing}
      <details class="many">
        <summary>${t("Many slips at once: a table")}</summary>
        <wg-table
          path="imports/slips"
          .hint=${t("CSV in UTF-8 with the columns student, from, to, reason, collector; times as 2026-05-04 16:30. All lines are taken, or none.")}
          .taken=${(/** @type {number} */ count) => t("{count} slips were taken.", { count })}
          @wg-taken=${() => void this.load()}
        ></wg-table>
      </details>
      <div class="under-the-thumb">
        <button type="button" class="main" @click=${() => this.begin()}><span aria-hidden="true">+</span> ${t("New leave slip")}</button>
      </div>
    `;
  }

  card(/** @type {Slip} */ slip) {
    const busy = this.busy === slip.id;
    const name = slip.holder?.name ?? t("nobody known");
    return html`<li class="slip" data-stage=${slip.stage}>
      <p class="who"><b>${name}</b> <span class="stage"><span aria-hidden="true">${SIGNS[slip.stage] ?? ""}</span> ${word("slip", slip.stage)}</span></p>
      <p>${saidSpan(slip.starts_at, slip.ends_at)}</p>
      <p class="quiet">
        ${slip.reason ? word("slip_reason", slip.reason) : nothing}${slip.collector ? html` · ${t("collected by {name}", { name: slip.collector.name })}` : nothing}
      </p>
      ${slip.left_at ? html`<p class="quiet">${t("left {time}", { time: said(slip.left_at) })}${slip.returned_at ? ` · ${t("back {time}", { time: said(slip.returned_at) })}` : nothing}</p>` : nothing}
      ${slip.may_approve
        ? html`<div class="acts">
            <button type="button" aria-label=${`${t("Do not give")}: ${name}`} aria-busy=${busy} @click=${() => void this.answer(slip, "refuse")}>${t("Do not give")}</button>
            <button type="button" class="main" aria-label=${`${t("Give it")}: ${name}`} aria-busy=${busy} @click=${() => void this.answer(slip, "approve")}>${t("Give it")}</button>
          </div>`
        : slip.may_revoke && ["asked", "given", "out"].includes(slip.stage)
          ? html`<div class="acts">
              <button type="button" aria-label=${this.sure === slip.id ? nothing : `${t("Revoke")}: ${name}`} aria-busy=${busy} @click=${() => void this.answer(slip, "revoke")}>
                ${this.sure === slip.id ? t("Touch again: it is void at once") : t("Revoke")}
              </button>
            </div>`
          : nothing}
    </li>`;
  }

  sheet(/** @type {any} */ form) {
    return html`<form
      novalidate
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void this.give();
      }}
    >
      <h2 tabindex="-1">${t("New leave slip")}</h2>
      ${this.studentField(form)}
      ${this.timeField("from", "starts_at", t("From"), form.from)}
      ${this.timeField("to", "ends_at", t("Until"), form.to)}
      <div class="quick" role="group" aria-label=${t("How long")}>
        ${this.quick(t("1 h"), () => fromField(form.from) + 3_600_000)}
        ${this.quick(t("2 h"), () => fromField(form.from) + 2 * 3_600_000)}
        ${this.quick(t("until 21:00"), () => onTheDay(fromField(form.from), "21:00"))}
        ${this.quick(t("until tomorrow 21:00"), () => onTheDay(fromField(form.from) + 86_400_000, "21:00"))}
      </div>
      <fieldset aria-invalid=${this.errors.reason ? "true" : nothing} tabindex=${this.errors.reason ? "-1" : nothing} aria-describedby="e-reason">
        <legend>${t("Reason")}</legend>
        <p class="hint">${t("It does not show at the gate.")}</p>
        <div class="quick">
          ${REASONS.map(
            (one) => html`<button type="button" aria-pressed=${form.reason === one} @click=${() => this.set({ reason: one })}>
              ${form.reason === one ? html`<span aria-hidden="true">✓</span> ` : nothing}${word("slip_reason", one)}
            </button>`,
          )}
        </div>
        ${this.error("reason")}
      </fieldset>
      ${this.collectorField(form)}
      <div class="under-the-thumb">
        <button type="button" @click=${() => (this.form = null)}>${t("Back")}</button>
        <button type="submit" class="main" aria-busy=${this.busy === "give"}>${page.second_approval ? t("Ask for it") : t("Give it")}</button>
      </div>
    </form>`;
  }

  error(/** @type {string} */ field) {
    const text = this.errors[field];
    return html`<p class="error" id=${`e-${field}`} role="alert">${text ? html`<span aria-hidden="true">◆</span> ${text}` : nothing}</p>`;
  }

  /** @param {string} name @param {string} field @param {string} label @param {string} value */
  timeField(name, field, label, value) {
    return html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="datetime-local" aria-invalid=${this.errors[field] ? "true" : nothing} aria-describedby=${`e-${field}`} .value=${value}
        @input=${(/** @type {Event} */ event) => this.set({ [name]: /** @type {HTMLInputElement} */ (event.target).value })} />
      ${this.error(field)}
    </div>`;
  }

  quick(/** @type {string} */ text, /** @type {() => number} */ until) {
    return html`<button
      type="button"
      @click=${() => {
        const at = until();
        if (!Number.isNaN(at)) this.set({ to: toField(at) });
      }}
    >
      ${text}
    </button>`;
  }

  studentField(/** @type {any} */ form) {
    if (form.student) {
      return html`<div class="field">
        <span class="label">${t("Student")}</span>
        <p class="chosen"><b>${form.student.name}</b> <span>${form.student.id}${(form.student.classes ?? []).map((/** @type {string} */ one) => ` · ${one}`)}</span>
          <button type="button" @click=${() => this.set({ student: null })}>${t("Another")}</button></p>
      </div>`;
    }
    return html`<div class="field">
      <label for="f-student">${t("Student")}</label>
      <input id="f-student" autocomplete="off" spellcheck="false" aria-invalid=${this.errors.holder ? "true" : nothing} aria-describedby="e-holder" .value=${form.q}
        placeholder=${t("name, number or pinyin initials")}
        @input=${(/** @type {Event} */ event) => {
          const q = /** @type {HTMLInputElement} */ (event.target).value;
          this.set({ q });
          this.find(q);
        }} />
      ${this.error("holder")}
      ${this.students === null
        ? nothing
        : this.students.length
          ? html`<ul class="found">
              ${this.students.map(
                (one) => html`<li><button type="button" @click=${() => this.set({ student: one })}><b>${one.name}</b> <span>${one.id}${(one.classes ?? []).map((name) => ` · ${name}`)}</span></button></li>`,
              )}
            </ul>`
          : html`<p class="quiet">${form.q.trim() ? t("Nobody is found like that.") : t("Type a name: those found appear here.")}</p>`}
    </div>`;
  }

  collectorField(/** @type {any} */ form) {
    if (form.collector) {
      return html`<div class="field">
        <span class="label">${t("Who collects")}</span>
        <p class="chosen"><b>${form.collector.name}</b> <span>${form.collector.about}</span>
          <button type="button" @click=${() => this.set({ collector: null, cq: "" })}>${t("Another")}</button></p>
      </div>`;
    }
    return html`<div class="field">
      <label for="f-collector">${t("Who collects")} <span class="optional">${t("optional")}</span></label>
      <p class="hint" id="h-collector">${t("Somebody of the school, or a guardian who is registered as a visitor.")}</p>
      <input id="f-collector" autocomplete="off" spellcheck="false" aria-invalid=${this.errors.collector ? "true" : nothing} aria-describedby="h-collector e-collector" .value=${form.cq}
        @input=${(/** @type {Event} */ event) => {
          const cq = /** @type {HTMLInputElement} */ (event.target).value;
          this.set({ cq });
          this.findCollector(cq);
        }} />
      ${this.error("collector")}
      ${this.collectors === null
        ? nothing
        : this.collectors.length
          ? html`<ul class="found">
              ${this.collectors.map(
                (one) => html`<li><button type="button" @click=${() => this.set({ collector: one, cq: one.name })}><b>${one.name}</b> <span>${one.about}</span></button></li>`,
              )}
            </ul>`
          : html`<p class="quiet">${t("Nobody is found like that.")}</p>`}
    </div>`;
  }
}

const loadedAt = performance.now();

customElements.define("wg-slips", SlipsPart);
