/**
 * A button that takes in a table: all lines or none, and each bad line with its number and what is wrong with it.
 *
 *   <wg-table path="imports/slips" .hint=${…} .taken=${(count) => t(…)} @wg-taken=${load}></wg-table>
 *
 * Leaves to others: what a table's columns are (the gateway).
 */

import { html, LitElement, nothing } from "lit";
import { t } from "../i18n.js";
import { Problem, inWords } from "../api.js";

const SHOWN = 50;

export class TableTaker extends LitElement {
  static properties = {
    path: {},
    hint: { attribute: false },
    taken: { attribute: false },
    said: { state: true },
    lines: { state: true },
    busy: { state: true },
  };

  constructor() {
    super();
    this.path = "";
    this.hint = "";
    /** What to say of so many lines. @type {(count: number) => string} */
    this.taken = String;
    this.said = { text: "", kind: "done" };
    /** @type {{field: string, message: string}[]} */
    this.lines = [];
    this.busy = false;
  }

  createRenderRoot() {
    return this;
  }

  async take(/** @type {HTMLInputElement} */ input) {
    const file = input.files?.[0];
    if (!file || this.busy) return;
    this.busy = true;
    this.lines = [];
    this.said = { text: t("The table is being looked through."), kind: "notice" };
    try {
      const { lines } = await send(this.path, file);
      this.said = { text: this.taken(lines), kind: "done" };
      this.dispatchEvent(new CustomEvent("wg-taken"));
    } catch (problem) {
      this.said = { text: problem instanceof Error ? problem.message : String(problem), kind: "wrong" };
      if (problem instanceof Problem) this.lines = problem.errors;
    }
    this.busy = false;
    input.value = ""; // the same file, mended, can be chosen again
  }

  render() {
    const id = "f-table"; // one to a page
    return html`
      <p class="quiet" id=${`${id}-hint`}>${this.hint}</p>
      <span class="pick">
        <input class="sr" id=${id} type="file" accept=".csv,text/csv" aria-describedby=${`${id}-hint`} ?disabled=${this.busy}
          @change=${(/** @type {Event} */ event) => void this.take(/** @type {HTMLInputElement} */ (event.target))} />
        <label class="button" for=${id} aria-busy=${this.busy}><span aria-hidden="true">▤</span> ${t("Take in a table (CSV)")}</label>
      </span>
      <div class="said" role="status" data-kind=${this.said.kind} ?hidden=${!this.said.text}>
        <p>${this.said.text}</p>
        ${this.lines.length
          ? html`<ul class="lines">
              ${this.lines.slice(0, SHOWN).map((one) => html`<li>${badLine(one)}</li>`)}
              ${this.lines.length > SHOWN ? html`<li>${t("and {count} more lines", { count: this.lines.length - SHOWN })}</li>` : nothing}
            </ul>`
          : nothing}
      </div>
    `;
  }
}

/** The one body that is no JSON. */
async function send(/** @type {string} */ path, /** @type {File} */ file) {
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "text/csv" },
      body: file,
      signal: AbortSignal.timeout(60_000),
    });
  } catch {
    throw new Problem("no-answer", t("The gateway does not answer. Nothing is known of what was asked."), 0);
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const kind = String(answer.type ?? "").replace("/problems/", "");
  const errors = answer.errors ?? [];
  const text = errors.length
    ? t("{count} lines are wrong; nothing was taken.", { count: errors.length })
    : inWords(kind, String(answer.title ?? response.status));
  throw new Problem(kind, text, response.status, { errors });
}

/** `lines[4].holder` in the words of the table; what was expected stays as the gateway says it. */
function badLine(/** @type {{field: string, message: string}} */ one) {
  const found = /^lines\[(\d+)\]\.(.*)$/.exec(one.field);
  if (!found) return one.message;
  return `${t("line {number}", { number: found[1] ?? "" })} · ${found[2] ? `${found[2]}: ` : ""}${one.message}`;
}

customElements.define("wg-table", TableTaker);
