/** The ledger: whether it still says what it said, and its rows, page by page, with words for their kinds. */

import { ask } from "../../api.js";
import { t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { Asking } from "./asking.js";
import { moment } from "./times.js";

const PAGE = 100;
const PROGRESS_EVERY_MS = 1000;

export class LedgerPart extends Asking {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { now: { attribute: false }, state: { state: true }, rows: { state: true }, next: { state: true }, from: { state: true } };

  constructor() {
    super();
    /** @type {() => number} */
    this.now = () => Date.now();
    /** @type {any} */
    this.state = null;
    /** @type {any[] | null} */
    this.rows = null;
    /** @type {string | null} */
    this.next = null;
    /** Rows after this number are shown. */
    this.from = 0;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.soon);
    this.soon = undefined;
  }

  async load() {
    await this.look();
    const count = this.state?.last?.count ?? 0;
    await this.page(Math.max(0, count - PAGE));
  }

  /** How the verification stands; while one runs, again in a second. */
  async look() {
    clearTimeout(this.soon);
    this.soon = undefined;
    try {
      this.state = await ask("GET", "ledger/verification");
    } catch (problem) {
      this.say(problem);
      return;
    }
    if (this.state.state === "running" && this.isConnected) this.soon = setTimeout(() => void this.look(), PROGRESS_EVERY_MS);
  }

  heard(/** @type {any} */ event) {
    if (event.type === "ledger_verification" && !this.busy) void this.look();
  }

  async verify() {
    const state = await this.asking("verify", () => ask("POST", "ledger/verify"));
    if (state === undefined) return;
    this.state = state;
    void this.look();
  }

  async page(/** @type {number} */ after) {
    const found = await this.asking("rows", () => ask("GET", `ledger?after=${after}&limit=${PAGE}`));
    if (found === undefined) return;
    this.from = after;
    this.rows = found.records;
    this.next = found.next;
  }

  render() {
    return html`<section aria-labelledby="h-ledger">
      <h2 id="h-ledger">${t("Ledger")}</h2>
      ${this.answer()} ${this.state === null ? html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>` : this.verification(this.state)}
      ${this.rows === null ? nothing : this.table(this.rows)}
    </section>`;
  }

  verification(/** @type {any} */ { state, running, last, nightly_at: nightly }) {
    return html`<div class="card" data-state=${state}>
      <div class="head"><h3>${t("Does it still say what it said?")}</h3>
        <button type="button" class="main" aria-busy=${this.busy === "verify" || state === "running"} ?disabled=${state === "running"} @click=${() => void this.verify()}>${t("Verify now")}</button></div>
      ${running
        ? html`<p role="status">${t("{count} of {all} records looked at", { count: running.looked_at, all: running.of })}</p>
            <progress max=${Math.max(1, running.of)} value=${running.looked_at} aria-label=${t("Verification")}></progress>`
        : nothing}
      ${last === null
        ? html`<p>${t("It has not been verified yet.")}</p>`
        : html`<p class="verdict-line" data-state=${last.state}><b>${sign(last.state)} ${word("verification", last.state)}</b> · ${moment(last.ended_at)} · ${last.by ?? t("by itself")}</p>
            ${last.state === "bent" ? html`<p>${t("The first record that does not fit: {number}", { number: last.bad_seq })}</p>` : nothing}
            ${last.what ? html`<p class="quiet" lang="en">${last.what}</p>` : nothing}
            ${last.count === null ? nothing : html`<dl class="facts"><dt>${t("Records that hold")}</dt><dd>${last.count}</dd><dt>${t("Hash of the last one")}</dt><dd class="hash">${last.head}</dd></dl>`}
            ${last.state === "holds" ? nothing : html`<p>${t("Keep the database as it is, tell the administrator, and compare with a backup: see the handbook, The ledger.")}</p>`}`}
      <p class="quiet">${t("Each night at {time} it is verified by itself; what does not hold is an alarm.", { time: nightly })}</p>
    </div>`;
  }

  table(/** @type {any[]} */ rows) {
    const first = rows[0]?.seq ?? this.from;
    const pages = html`<div class="acts">
      <button type="button" ?disabled=${this.from === 0} aria-busy=${this.busy === "rows"} @click=${() => void this.page(Math.max(0, this.from - PAGE))}>${t("Earlier")}</button>
      <button type="button" ?disabled=${this.next === null} aria-busy=${this.busy === "rows"} @click=${() => void this.page(Number(this.next))}>${t("Later")}</button>
      <form class="jump" @submit=${(/** @type {Event} */ event) => this.jump(event)}><label for="f-seq">${t("From number")}</label><input id="f-seq" inputmode="numeric" autocomplete="off" .value=${String(first)} /><button type="submit">${t("Show")}</button></form>
    </div>`;
    return html`<h3 id="h-rows">${t("Rows")}</h3>${pages}
      ${rows.length
        ? html`<div class="wide" tabindex="0" role="group" aria-labelledby="h-rows"><table class="rows">
            <thead><tr><th scope="col" class="number">${t("Row number")}</th><th scope="col">${t("When")}</th><th scope="col">${t("Kind")}</th><th scope="col">${t("What is written")}</th></tr></thead>
            <tbody>${rows.map(
              (row) => html`<tr><th scope="row" class="number">${row.seq}</th><td><time datetime=${row.at}>${moment(row.at)}</time></td>
                <td><b>${word("ledger_kind", row.kind)}</b>${word("ledger_kind", row.kind) === row.kind ? nothing : html` <code class="quiet">${row.kind}</code>`}</td>
                <td><details><summary>${brief(row.body)}</summary><pre tabindex="0">${JSON.stringify(row.body, null, 1)}</pre><p class="hash quiet">${row.hash}</p></details></td></tr>`,
            )}</tbody>
          </table></div>`
        : html`<p class="empty">${t("No row has a number after this one.")}</p>`}
      <p class="quiet">${t("Rows name people by random references only. That they were read is recorded.")}</p>`;
  }

  jump(/** @type {Event} */ event) {
    event.preventDefault();
    const typed = /** @type {HTMLInputElement} */ (/** @type {HTMLElement} */ (event.target).querySelector("input")).value;
    const wanted = Number.parseInt(typed, 10);
    if (Number.isSafeInteger(wanted) && wanted >= 0) void this.page(Math.max(0, wanted - 1));
    else this.say(t("Type the number of a row."));
  }
}

function sign(/** @type {string} */ state) {
  return html`<span aria-hidden="true">${state === "holds" ? "●" : state === "bent" ? "■" : "◆"}</span>`;
}

/** What a row is about, in a few of its fields; codes as they stand. */
function brief(/** @type {Record<string, unknown>} */ body) {
  const told = Object.entries(body).filter(([, value]) => value !== null && value !== "" && typeof value !== "object");
  return told.slice(0, 4).map(([name, value]) => `${name} ${String(value).slice(0, 40)}`).join(" · ") || "…";
}

customElements.define("wg-c-ledger", LedgerPart);
