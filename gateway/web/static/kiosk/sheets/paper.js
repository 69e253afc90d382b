/**
 * Paper day: what was written by hand is typed in, one line after another, with the keyboard alone.
 *
 * Enter sends the line and leads to the next one of the same kind. Promises: a line that is wrong stays as it was typed,
 * each wrong field with its sentence; a reload loses nothing; a line that was sent and whose answer was lost is sent
 * again under the same key, and is one line. Leaves to others: what a line may say (the gateway).
 */

import { place, t, texts, word } from "../../i18n.js";
import { errorsOf } from "../../ui/field.js";
import "../../ui/host_picker.js";
import "../../ui/keyboard.js";
import { html, nothing, Sheet } from "../sheet.js";

/** @typedef {Record<string, any> & {key: string, kind: string}} Line */

const KINDS = /** @type {const} */ (["visit", "entry", "exit", "vehicle", "call"]);
const VISITORS = ["visitor", "guardian", "official", "media", "contractor", "supplier"];
const KEPT = 200;

export class PaperSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    line: { state: true },
    typed: { state: true },
    errors: { state: true },
    told: { state: true },
    calls: { state: true },
    busy: { state: true },
  };

  constructor() {
    super();
    /** @type {Line} */
    this.line = { key: "", kind: "visit" };
    /** What has been typed in, the newest first. @type {{key: string, text: string, known: boolean}[]} */
    this.typed = [];
    /** @type {Record<string, string>} */
    this.errors = {};
    /** @type {any} */
    this.told = null;
    /** @type {any[]} */
    this.calls = [];
    this.busy = false;
  }

  opened() {
    void this.start();
  }

  async start() {
    this.line = this.blank("visit");
    const kept = await this.kiosk.draft("paper").load();
    if (kept?.line?.key) {
      this.line = kept.line;
      this.typed = kept.typed ?? [];
    }
    try {
      this.told = await this.kiosk.ask("GET", `paper-day?gate=${this.kiosk.gate.id}`);
      this.calls = (await this.kiosk.ask("GET", `calls?gate=${this.kiosk.gate.id}`)).calls;
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
    await this.updateComplete;
    this.first();
  }

  /** @returns {Line} a line of this kind, on the day of the line before */
  blank(/** @type {string} */ kind) {
    return {
      key: crypto.randomUUID(),
      kind,
      date: this.line?.date ?? dayAt(this.kiosk.now()),
      time: "",
      direction: "in",
      visitor_kind: "visitor",
      result: "answered",
      to: this.line?.to ?? "",
    };
  }

  first() {
    const field = this.querySelector("[data-path=at]");
    if (field instanceof HTMLInputElement) field.focus();
  }

  set(/** @type {string} */ name, /** @type {any} */ value) {
    this.line = { ...this.line, [name]: value };
    this.keep();
  }

  keep() {
    void this.kiosk.draft("paper").save({ line: this.line, typed: this.typed.slice(0, KEPT) });
  }

  kindChosen(/** @type {string} */ kind) {
    this.line = { ...this.blank(kind), key: this.line.key, time: this.line.time ?? "", date: this.line.date };
    this.errors = {};
    this.keep();
  }

  /** The line as the gateway wants it; null with `errors` where a time is none. */
  asSent() {
    const line = this.line;
    const at = moment(line.date, line.time ?? "");
    const left = line.left ? moment(line.date, line.left) : undefined;
    this.errors = {
      ...(at === null ? { at: t("A time such as 07:42, and its day.") } : {}),
      ...(left === null ? { left_at: t("A time such as 07:42, and its day.") } : {}),
    };
    if (at === null || left === null) return null;
    const body = /** @type {Record<string, any>} */ ({ key: line.key, kind: line.kind, at });
    const take = (/** @type {string[]} */ ...names) => {
      for (const name of names) if (String(line[name] ?? "").trim()) body[name] = String(line[name]).trim();
    };
    if (line.kind === "visit") {
      take("name", "document_kind", "document", "visitor_kind", "purpose", "organisation", "badge", "plate");
      if (line.host) body.host = line.host.id;
      if (left !== undefined) body.left_at = left;
    } else if (line.kind === "entry" || line.kind === "exit") {
      take("visit", "person", "name", "words");
    } else if (line.kind === "vehicle") take("plate", "direction", "words");
    else take("to", "result", "words");
    return body;
  }

  async send() {
    if (this.busy) return;
    const body = this.asSent();
    if (body === null) return this.toWrong();
    this.busy = true;
    try {
      const said = await this.kiosk.ask("POST", "paper-entries", { gate: this.kiosk.gate.id, entries: [body] });
      const known = said.entries[0]?.known ?? false;
      this.typed = [{ key: this.line.key, text: this.inWords(), known }, ...this.typed].slice(0, KEPT);
      this.line = this.blank(this.line.kind);
      this.errors = {};
      this.keep();
      this.say(known ? t("This line was typed in before; nothing was written twice.") : t("Typed in."), "done");
      await this.updateComplete;
      this.first();
    } catch (problem) {
      this.errors = {};
      for (const [field, message] of Object.entries(errorsOf(problem))) {
        const name = field.replace(/^entries\[0\]\.?/, "");
        this.errors[name] = inWords(/** @type {any} */ (problem), field) ?? message;
      }
      this.say(
        Object.keys(this.errors).length
          ? t("This line is not written yet: something in it is wrong.")
          : conflict(/** @type {any} */ (problem)),
        "wrong",
      );
      await this.toWrong();
    } finally {
      this.busy = false;
    }
  }

  async toWrong() {
    this.requestUpdate();
    await this.updateComplete;
    const wrong = this.querySelector("[aria-invalid=true]");
    if (wrong instanceof HTMLElement) wrong.focus();
  }

  inWords() {
    const line = this.line;
    const whom = this.told?.inside.find((/** @type {any} */ one) => one.visit === line.visit)?.name;
    const what = whom ?? line.person ?? line.name ?? line.plate ?? line.to ?? "";
    return `${line.time} ${kindWord(line.kind)} ${what}`;
  }

  async make(/** @type {boolean} */ print) {
    try {
      const made = await this.kiosk.ask("POST", "paper-day", { gate: this.kiosk.gate.id, print });
      this.told = { ...this.told, sets: made.sets };
      if (Object.keys(made.not_printed).length) {
        this.say(t("The papers are kept, but a printer is out: {gates}. Look after it and print again.", { gates: Object.keys(made.not_printed).map(place).join(", ") }), "wrong");
      } else this.say(print ? t("The papers were kept, and are being printed.") : t("The papers of all gates were made and kept in the gateway's folder."), "done");
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
  }

  body() {
    return html`<div class="k-split-scroll">
      <div class="k-paper-top">
        <a class="button" href=${`/paper?gate=${this.kiosk.gate.id}`} target="_blank" rel="noopener">${t("Show the papers, to print")}</a>
        <button type="button" @click=${() => void this.make(false)}>${t("Make and keep them now")}</button>
        ${this.told?.prints ? html`<button type="button" @click=${() => void this.make(true)}>${t("Make and print them now")}</button>` : nothing}
        <span class="quiet">${this.told?.sets?.length ? t("last made {time}", { time: this.told.sets[0] }) : t("none made yet")}</span>
      </div>
      <h3>${t("Type in what was written by hand")}</h3>
      <form
        class="k-paper-line"
        novalidate
        @submit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          void this.send();
        }}
      >
        <label>${t("What")}
          <select @change=${(/** @type {any} */ event) => this.kindChosen(event.target.value)}>
            ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === this.line.kind}>${kindWord(kind)}</option>`)}
          </select>
        </label>
        ${this.field("date", "date", t("Day"), "date")} ${this.field("time", "at", t("Time"), "text", "digits")}
        ${this.fieldsOf(this.line.kind)}
        <button type="submit" class="main" aria-busy=${this.busy}>${t("Type in")} <span aria-hidden="true">↵</span></button>
      </form>
      <ol class="k-paper-typed" aria-label=${t("Typed in")}>
        ${this.typed.map(
          (one) => html`<li><span aria-hidden="true">✓</span> ${one.text} ${one.known ? html`<span class="quiet">${t("known already")}</span>` : nothing}</li>`,
        )}
      </ol>
      </div>
      <wg-keyboard></wg-keyboard>`;
  }

  /** @returns {any} */
  fieldsOf(/** @type {string} */ kind) {
    switch (kind) {
      case "visit":
        return html`
          ${this.field("name", "name", t("Name"))}
          ${this.field("document", "document", t("Document, last four"), "text", "latin")}
          ${this.select("visitor_kind", t("Kind"), VISITORS.map((one) => [one, word("kind", one)]))}
          <wg-host-picker
            path="paper-host"
            .label=${t("Host")}
            .value=${this.line.host ?? null}
            .error=${this.errors.host ?? ""}
            .find=${async (/** @type {string} */ q) => (await this.kiosk.ask("POST", "hosts/search", { q })).hosts ?? []}
            @wg-chosen=${(/** @type {any} */ event) => this.set("host", event.detail)}
          ></wg-host-picker>
          ${this.field("purpose", "purpose", t("Why"))} ${this.field("organisation", "organisation", t("Organisation"))}
          ${this.field("plate", "plate", t("Plate"), "text", "latin")} ${this.field("badge", "badge", t("Badge"), "text", "digits")}
          ${this.field("left", "left_at", t("Out"), "text", "digits")}
        `;
      case "exit":
        return html`
          ${this.select("visit", t("Visitor inside"), [
            ["", t("somebody else")],
            ...(this.told?.inside ?? []).map((/** @type {any} */ one) => [one.visit, one.name || one.visit]),
          ])}
          ${this.line.visit ? nothing : this.whoFields()}
        `;
      case "entry":
        return this.whoFields();
      case "vehicle":
        return html`
          ${this.field("plate", "plate", t("Plate"), "text", "latin")}
          ${this.select("direction", t("In or out"), [["in", word("direction", "in")], ["out", word("direction", "out")]])}
          ${this.field("words", "words", t("What was done"))}
        `;
      default:
        return html`
          ${this.select("to", t("Whom"), [
            ["", ""],
            ...this.calls.map((one) => [one.to, texts.language === "zh" ? one.name.zh : one.name.en]),
          ])}
          ${this.select("result", t("Answered?"), [
            ["answered", t("answered")],
            ["not_answered", t("not answered")],
            ["busy", t("busy")],
          ])}
          ${this.field("words", "words", t("What was said"))}
        `;
    }
  }

  whoFields() {
    return html`
      ${this.field("person", "person", t("Number of the school"), "text", "latin")}
      ${this.field("name", "name", t("Name"))} ${this.field("words", "words", t("What was done"))}
    `;
  }

  field(
    /** @type {string} */ name,
    /** @type {string} */ path,
    /** @type {string} */ label,
    type = "text",
    keyboard = "words",
  ) {
    const error = this.errors[path];
    const id = `paper-${path}`;
    return html`<div class="k-paper-field">
      <label for=${id}>${label}</label>
      <input
        id=${id}
        data-path=${path}
        type=${type}
        data-keyboard=${keyboard}
        autocomplete="off"
        spellcheck="false"
        .value=${String(this.line[name] ?? "")}
        aria-invalid=${error ? "true" : nothing}
        aria-describedby=${error ? `${id}-error` : nothing}
        @input=${(/** @type {any} */ event) => this.set(name, event.target.value)}
      />
      ${error ? html`<div class="error" id=${`${id}-error`} role="alert"><span aria-hidden="true">◆</span> ${error}</div>` : nothing}
    </div>`;
  }

  select(/** @type {string} */ name, /** @type {string} */ label, /** @type {any[]} */ options) {
    const error = this.errors[name];
    const id = `paper-${name}`;
    return html`<div class="k-paper-field">
      <label for=${id}>${label}</label>
      <select
        id=${id}
        aria-invalid=${error ? "true" : nothing}
        aria-describedby=${error ? `${id}-error` : nothing}
        @change=${(/** @type {any} */ event) => this.set(name, event.target.value)}
      >
        ${options.map(([value, text]) => html`<option value=${value} ?selected=${value === (this.line[name] ?? "")}>${text}</option>`)}
      </select>
      ${error ? html`<div class="error" id=${`${id}-error`} role="alert"><span aria-hidden="true">◆</span> ${error}</div>` : nothing}
    </div>`;
  }
}

function kindWord(/** @type {string} */ kind) {
  switch (kind) {
    case "visit":
      return t("Visit");
    case "entry":
      return t("Somebody came in");
    case "exit":
      return t("Somebody went out");
    case "vehicle":
      return t("A vehicle");
    default:
      return t("A call");
  }
}

/** What a wrong field says of a line from paper; undefined for what other sheets say too. */
function inWords(/** @type {any} */ problem, /** @type {string} */ field) {
  const message = (problem.errors ?? []).find((/** @type {any} */ one) => one.field === field)?.message ?? "";
  /** @type {[RegExp, () => string][]} */
  const known = [
    [/not past yet/, () => t("This time is not past yet.")],
    [/days ago/, () => t("More than 31 days ago: hand the sheet to the security office.")],
    [/lies before/, () => t("The way out lies before the way in.")],
    [/nobody has this id/, () => t("Nobody has this number. Leave it empty and write the name.")],
    [/say who/, () => t("Write a name, or a number of the school.")],
    [/has to answer/, () => t("Choose the host.")],
    [/last 4 letters/, () => t("The last four letters or digits, or the whole number.")],
    [/as they stand on the plate|is not a plate|credential/, () => t("Letters and digits, as they stand on the plate.")],
    [/call list/, () => t("Choose who was called.")],
    [/visit is over/, () => t("This visit is checked out already.")],
    [/length <=|at most|too long/, () => t("This is too long.")],
  ];
  return known.find(([pattern]) => pattern.test(message))?.[1]();
}

function conflict(/** @type {any} */ problem) {
  const detail = String(problem?.detail ?? "");
  if (detail.startsWith("entry_banned")) return t("Entry is refused to this person. Call the security office.");
  if (detail.startsWith("other_kind")) return t("This person has an open visit of another kind: end that one first.");
  return problem instanceof Error ? problem.message : String(problem);
}

/** Today on the site's own calendar: 2026-11-22. */
function dayAt(/** @type {number} */ ms) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: texts.timezone }).format(new Date(ms));
}

/** A day and a time as people write it (`742`, `7:42`, `７：４２`) on the site's clock; null if it is none. */
export function moment(/** @type {string} */ day, /** @type {string} */ time) {
  const found = /^(\d{1,2})[:.h点]?(\d{2})分?$/.exec(time.normalize("NFKC").replace(/\s/g, ""));
  if (found === null || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const [hour, minute] = [Number(found[1]), Number(found[2])];
  if (hour > 23 || minute > 59) return null;
  const [year, month, date] = /** @type {[number, number, number]} */ (day.split("-").map(Number));
  const asUtc = Date.UTC(year, month - 1, date, hour, minute);
  return new Date(asUtc - offsetAt(asUtc - offsetAt(asUtc))).toISOString();
}

/** How far the site's clock is ahead of UTC at a moment, in ms. */
function offsetAt(/** @type {number} */ ms) {
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: texts.timezone, dateStyle: "short", timeStyle: "medium" });
  return Date.parse(`${shown.format(new Date(ms)).replace(" ", "T")}Z`) - Math.floor(ms / 1000) * 1000;
}

customElements.define("wg-s-paper", PaperSheet);
