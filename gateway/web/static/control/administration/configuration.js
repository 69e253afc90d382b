/**
 * The configuration: which files there are, what is wrong with them, and the campus file changed by two people.
 *
 * Promises: what is typed is checked before anybody else sees it, every fault with its line; the second person sees the
 * difference and nothing else; what was typed stays until it is proposed or thrown away. Leaves to others: what a right
 * file is (the gateway).
 */

import { ask, Problem } from "../../api.js";
import { t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { said, Section, typed } from "./section.js";

const KINDS = ["holiday", "half_day", "exam", "closed", "normal"];
/** So long the gateway takes at most to be back. */
const BACK_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1000;

export class ConfigurationPart extends Section {
  static properties = {
    told: { state: true },
    text: { state: true },
    faults: { state: true },
    day: { state: true },
  };

  constructor() {
    super();
    /** @type {any} */
    this.told = null;
    /** What is typed, and upon which text; null while nobody types. @type {{text: string, before: string, digest: string} | null} */
    this.text = null;
    /** What is wrong with what is typed; null: nobody has looked. @type {any[] | null} */
    this.faults = null;
    this.day = { from: "", to: "", kind: "holiday" };
  }

  async load() {
    try {
      this.told = await ask("GET", "configuration");
    } catch (problem) {
      this.say(problem);
    }
  }

  async edit() {
    try {
      const { text, digest } = await ask("GET", "configuration/campus");
      this.text = { text, before: text, digest };
      this.faults = null;
      await this.updateComplete;
      this.querySelector("textarea")?.focus();
    } catch (problem) {
      this.say(problem);
    }
  }

  type(/** @type {string} */ text) {
    if (this.text === null) return;
    this.text = { ...this.text, text };
    this.faults = null;
  }

  async check() {
    if (this.text === null) return;
    const { text } = this.text;
    this.put({ busy: "check" });
    try {
      this.faults = (await ask("POST", "configuration/check", { text })).faults;
    } catch (problem) {
      this.say(problem);
    }
    this.put({ busy: "" });
  }

  propose() {
    return this.during("propose", async () => {
      if (this.text === null) return "";
      try {
        await ask("POST", "configuration/proposal", { text: this.text.text, based_on: this.text.digest });
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 422) {
          this.faults = problem.errors.map((one) => ({ file: one.field, line: 0, field: "", message: one.message }));
        }
        throw explained(problem);
      }
      this.text = null;
      return t("Proposed. Another person puts it in force.");
    });
  }

  accept(/** @type {any} */ proposal) {
    if (!this.isSure("accept")) return undefined;
    return this.during("accept", async () => {
      try {
        await ask("POST", "configuration/proposal/accept", { digest: proposal.digest });
      } catch (problem) {
        throw explained(problem);
      }
      return t("Written. It holds from the gateway's next start.");
    });
  }

  withdraw(/** @type {any} */ proposal) {
    return this.during("withdraw", async () => {
      await ask("POST", "configuration/proposal/withdraw", { digest: proposal.digest });
      return t("Taken back. Nothing was changed.");
    });
  }

  startAnew() {
    if (!this.isSure("restart")) return undefined;
    return this.during("restart", async () => {
      await ask("POST", "configuration/restart");
      await this.back();
      return t("The gateway has started anew.");
    });
  }

  /** Until the gateway answers again; the stream says meanwhile that it is away. */
  async back() {
    const until = performance.now() + BACK_WITHIN_MS;
    let wasAway = false;
    while (performance.now() < until) {
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
      try {
        await ask("GET", "me");
        if (wasAway) return;
      } catch {
        wasAway = true;
      }
    }
    if (wasAway) throw new Error(t("The gateway is not back yet. Look at it on the machine itself."));
  }

  /** A day written into what is typed, below the others. */
  addDay() {
    const { from, to, kind } = this.day;
    if (this.text === null || !from) return;
    const line = `  - {from: ${from}, ${to && to !== from ? `to: ${to}, ` : ""}kind: ${kind}}`;
    this.type(withDay(this.text.text, line));
    this.day = { from: "", to: "", kind };
    void this.check();
  }

  // ---------------------------------------------------------------- painting

  render() {
    const { told } = this;
    return html`<section aria-labelledby="h-configuration">
      <h2 id="h-configuration">${t("Configuration")}</h2>
      ${this.status()}
      ${told === null ? nothing : html`${told.proposal ? this.proposal(told.proposal) : nothing} ${this.files(told)} ${this.may("configure") ? this.campus(told) : nothing}`}
    </section>`;
  }

  files(/** @type {any} */ told) {
    const isChanged = told.files.some((/** @type {any} */ one) => one.changed);
    return html`<table>
        <thead><tr><th scope="col">${t("File")}</th><th scope="col">${t("Last changed")}</th><th scope="col">${t("State")}</th></tr></thead>
        <tbody>
          ${told.files.map(
            (/** @type {any} */ one) => html`<tr>
              <th scope="row">${one.name}</th>
              <td>${one.modified_at === null ? "–" : said(one.modified_at)}</td>
              <td>${one.modified_at === null
                ? html`<span aria-hidden="true">◆</span> ${t("gone since the start")}`
                : one.changed
                  ? html`<span aria-hidden="true">▲</span> ${t("changed since the start; holds from the next one")}`
                  : t("as the gateway has it")}</td>
            </tr>`,
          )}
        </tbody>
      </table>
      ${told.faults.length
        ? html`<p class="said" data-kind="wrong">${t("The gateway could not start with these files: {count} faults.", { count: told.faults.length })}</p> ${faultList(told.faults)}`
        : html`<p><span aria-hidden="true">●</span> ${t("Checked: the gateway would start with these files.")}</p>`}
      ${isChanged && this.may("configure") ? this.restart(told) : nothing}`;
  }

  restart(/** @type {any} */ told) {
    if (!told.may_restart) return html`<p class="quiet">${t("Whoever started this gateway starts it anew; it takes some seconds, in which devices decide alone.")}</p>`;
    const isSure = this.sure === "restart";
    return html`<div class="acts">
      <button type="button" ?disabled=${Boolean(this.busy) || told.faults.length > 0} aria-busy=${this.busy === "restart"} @click=${() => void this.startAnew()}>
        ${isSure ? t("Touch again: for some seconds devices decide alone") : t("Start the gateway anew")}
      </button>
      ${isSure ? html`<button type="button" @click=${() => this.put({ sure: "" })}>${t("Leave it")}</button>` : nothing}
    </div>`;
  }

  proposal(/** @type {any} */ proposal) {
    return html`<div class="proposal" role="group" aria-labelledby="h-proposal">
      <h3 id="h-proposal">${t("Proposed by {who}, {when}", { who: proposal.by, when: said(proposal.at) })}</h3>
      <pre class="difference" tabindex="0" aria-label=${t("What is different")}>${proposal.lines.map(
        (/** @type {string} */ line) => html`<span data-mark=${/^[+-]{3} /.test(line) ? "" : line.slice(0, 1)}>${line}\n</span>`,
      )}</pre>
      <div class="acts">
        ${proposal.mine
          ? html`<p class="quiet">${t("It needs another person: an administrator or a principal.")}</p>`
          : html`<button type="button" class="main" ?disabled=${Boolean(this.busy)} @click=${() => void this.accept(proposal)}>
              ${this.sure === "accept" ? t("Touch again: it is written") : t("Put it in force")}
            </button>`}
        <button type="button" ?disabled=${Boolean(this.busy)} @click=${() => void this.withdraw(proposal)}>${t("Take it back")}</button>
      </div>
    </div>`;
  }

  campus(/** @type {any} */ told) {
    if (this.text === null) {
      return html`<h3>${t("The campus file")}</h3>
        <p class="quiet">${t("Gates, groups, windows, calendar and posts. What you change is checked, and another person puts it in force.")}</p>
        <div class="acts"><button type="button" ?disabled=${told.proposal !== null} @click=${() => void this.edit()}>${t("Change it")}</button></div>`;
    }
    const { text, before } = this.text;
    return html`<h3>${t("The campus file")}</h3>
      <fieldset class="day">
        <legend>${t("Write a day into it")}</legend>
        <label>${t("From")} <input type="date" .value=${this.day.from} @input=${(/** @type {Event} */ e) => (this.day = { ...this.day, from: typed(e) })} /></label>
        <label>${t("Until")} <input type="date" .value=${this.day.to} @input=${(/** @type {Event} */ e) => (this.day = { ...this.day, to: typed(e) })} /></label>
        <label>${t("Kind")} <select @change=${(/** @type {Event} */ e) => (this.day = { ...this.day, kind: typed(e) })}>
          ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === this.day.kind}>${word("day_kind", kind)}</option>`)}
        </select></label>
        <button type="button" ?disabled=${!this.day.from} @click=${() => this.addDay()}>${t("Write it")}</button>
      </fieldset>
      <label class="sr" for="f-campus">${t("The campus file")}</label>
      <textarea id="f-campus" rows="24" spellcheck="false" autocomplete="off" aria-describedby="e-campus" aria-invalid=${this.faults?.length ? "true" : nothing}
        .value=${text} @input=${(/** @type {Event} */ e) => this.type(typed(e))}></textarea>
      <div id="e-campus" role="status">
        ${this.faults === null ? nothing : this.faults.length ? faultList(this.faults) : html`<p><span aria-hidden="true">●</span> ${t("Nothing is wrong with it.")}</p>`}
      </div>
      <div class="acts">
        <button type="button" ?disabled=${Boolean(this.busy)} aria-busy=${this.busy === "check"} @click=${() => void this.check()}>${t("Check it")}</button>
        <button type="button" class="main" ?disabled=${Boolean(this.busy) || text === before} aria-busy=${this.busy === "propose"} @click=${() => void this.propose()}>${t("Propose it")}</button>
        <button type="button" @click=${() => (this.text = null)}>${t("Throw it away")}</button>
      </div>`;
  }
}

function faultList(/** @type {any[]} */ faults) {
  return html`<ul class="faults">
    ${faults.map((one) => html`<li><b>${one.line ? `${one.file}:${one.line}` : one.file}</b> ${one.field ? `${one.field}: ` : ""}${one.message}</li>`)}
  </ul>`;
}

/** What the gateway did not do, by its code. */
function explained(/** @type {unknown} */ problem) {
  if (!(problem instanceof Problem)) return problem;
  const code = problem.detail.split(":")[0];
  switch (code) {
    case "nothing_new":
      return new Error(t("Nothing is different."));
    case "changed_meanwhile":
      return new Error(t("The file was changed meanwhile. Open it anew; copy what you typed first."));
    case "same_person":
      return new Error(t("It needs another person: an administrator or a principal."));
    case "no_proposal":
    case "another":
      return new Error(t("Something else is proposed by now, or nothing any more."));
    default:
      return problem.status === 422 ? new Error(t("The gateway could not start with it. Every fault stands below.")) : problem;
  }
}

/** The text with a line more in its calendar. */
export function withDay(/** @type {string} */ text, /** @type {string} */ line) {
  const lines = text.replace(/\n*$/, "").split("\n");
  const at = lines.findIndex((one) => /^calendar:\s*(\[\s*\])?\s*(#.*)?$/.test(one));
  if (at < 0) return `${lines.join("\n")}\n\ncalendar:\n${line}\n`;
  lines[at] = "calendar:";
  let end = at + 1;
  while (end < lines.length && /^(\s|#|$)/.test(lines[end] ?? "")) end += 1;
  while (end > at + 1 && !(lines[end - 1] ?? "").trim()) end -= 1;
  lines.splice(end, 0, line);
  return `${lines.join("\n")}\n`;
}

customElements.define("wg-a-configuration", ConfigurationPart);
