/** Past decisions by portal, outcome, reason and time; one of them read aloud in plain words, with its trace. */

import { ask } from "../../api.js";
import { place, t, texts, word } from "../../i18n.js";
import { html, nothing, verdict } from "../../live/parts.js";
import { Asking } from "./asking.js";
import { fromField, moment } from "./times.js";
import { aloud } from "./trace.js";

/** @typedef {import("./trace.js").Decision} Decision */

export class DecisionsPart extends Asking {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    live: { attribute: false },
    chosen: { attribute: false },
    rows: { state: true },
    next: { state: true },
    filter: { state: true },
    one: { state: true },
    since: { state: true },
  };

  constructor() {
    super();
    /** The newest ones, as the stream tells them. @type {Decision[]} */
    this.live = [];
    /** By its number in the ledger. */
    this.chosen = "";
    /** @type {Decision[] | null} */
    this.rows = null;
    /** @type {string | null} */
    this.next = null;
    this.filter = { portal: "", outcome: "", reason: "", since: "", until: "" };
    /** @type {Decision | null} */
    this.one = null;
    /** The newest live one when the list was asked for. */
    this.since = "";
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (!changed.has("chosen")) return;
    this.one = (this.rows ?? []).find((one) => String(one.seq) === this.chosen) ?? null;
    if (this.chosen && this.one === null) queueMicrotask(() => void this.open());
  }

  async open() {
    const id = this.chosen;
    if (!/^\d+$/.test(id)) return;
    const one = await this.asking("open", () => ask("GET", `decisions/${id}`));
    if (one !== undefined && id === this.chosen) this.one = one;
  }

  async load() {
    await this.fetch();
  }

  async fetch(before = "") {
    const { filter } = this;
    const { since, until, ...codes } = filter;
    const wanted = new URLSearchParams(Object.entries(codes).filter(([, value]) => value));
    for (const [name, typed] of Object.entries({ since, until })) {
      if (typed && !Number.isNaN(fromField(typed))) wanted.set(name, new Date(fromField(typed)).toISOString());
    }
    if (before) wanted.set("before", before);
    const newest = this.live[0]?.id ?? "";
    const found = await this.asking("list", () => ask("GET", `decisions?${wanted}`));
    // Another choice that was made meanwhile counts, also over an answer that was slow.
    if (filter !== this.filter) return void this.fetch();
    if (found === undefined) return;
    this.rows = before ? [...(this.rows ?? []), ...found.decisions] : found.decisions;
    this.next = found.next;
    if (!before) this.since = newest;
  }

  narrow(/** @type {Partial<typeof this.filter>} */ some) {
    this.filter = { ...this.filter, ...some };
    void this.fetch();
  }

  render() {
    const newer = this.since && this.live[0]?.id !== this.since ? this.live.findIndex((one) => one.id === this.since) : 0;
    return html`<div class="columns" data-open=${Boolean(this.chosen)}>
      <section aria-labelledby="h-decisions">
        <div class="head"><h2 id="h-decisions">${t("Decisions")}</h2>
          <button type="button" aria-busy=${this.busy === "list"} @click=${() => void this.fetch()}>${newer ? t("Newer ones have come: show") : t("Show anew")}</button></div>
        ${this.filters()} ${this.answer()}
        ${this.rows === null
          ? html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`
          : this.rows.length
            ? this.table(this.rows)
            : html`<p class="empty" role="status">${t("No decision is like that. Take a filter away to see the others.")}</p>`}
        ${this.next ? html`<div class="acts"><button type="button" aria-busy=${this.busy === "list"} @click=${() => void this.fetch(this.next ?? "")}>${t("Further back")}</button></div>` : nothing}
      </section>
      ${this.chosen ? this.sheet() : nothing}
    </div>`;
  }

  filters() {
    const { filter } = this;
    const choose = (/** @type {"portal" | "outcome" | "reason"} */ name, /** @type {string} */ label, /** @type {[string, string][]} */ options) => html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <select id=${`f-${name}`} @change=${(/** @type {Event} */ event) => this.narrow({ [name]: /** @type {HTMLSelectElement} */ (event.target).value })}>
        <option value="" ?selected=${!filter[name]}>${t("all")}</option>
        ${options.map(([value, text]) => html`<option value=${value} ?selected=${filter[name] === value}>${text}</option>`)}
      </select>
    </div>`;
    const when = (/** @type {"since" | "until"} */ name, /** @type {string} */ label) => html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="datetime-local" .value=${filter[name]} @change=${(/** @type {Event} */ event) => this.narrow({ [name]: /** @type {HTMLInputElement} */ (event.target).value })} />
    </div>`;
    return html`<div class="filters">
      ${choose("portal", t("Portal"), texts.portals.map((id) => [id, place(id)]))}
      ${choose("outcome", t("Verdict"), ["grant", "deny", "wait"].map((code) => [code, word("verdict", code)]))}
      ${choose("reason", t("Reason"), Object.entries(texts.sentences).map(([code, said]) => [code, said.guard]))}
      ${when("since", t("From"))} ${when("until", t("Until"))}
    </div>`;
  }

  table(/** @type {Decision[]} */ rows) {
    return html`<div class="wide" tabindex="0" role="group" aria-labelledby="h-decisions"><table>
      <thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("Verdict")}</th><th scope="col">${t("Who")}</th><th scope="col">${t("Portal")}</th><th scope="col">${t("Reason")}</th></tr></thead>
      <tbody>${rows.map(
        (one) => html`<tr aria-current=${String(one.seq) === this.chosen ? "true" : nothing}>
          <th scope="row"><a href=${`#people/decisions/${one.seq}`}><time datetime=${one.at}>${moment(one.at)}</time></a></th>
          <td>${verdict(one.outcome)}${one.answer ? html` → ${verdict(one.answer.outcome)}` : nothing}</td>
          <td>${one.holder ? one.holder.name : t("somebody unknown")}</td>
          <td>${one.direction === "in" ? "→" : "←"} ${place(one.portal)}<span class="sr"> ${word("direction", one.direction)}</span></td>
          <td>${texts.sentences[one.reason]?.guard ?? one.reason}</td>
        </tr>`,
      )}</tbody>
    </table></div>`;
  }

  sheet() {
    return html`<section class="side-sheet" aria-labelledby="h-decision">
      <div class="head"><h2 id="h-decision">${t("Decision {number}", { number: this.chosen })}</h2><a class="button" href="#people/decisions">${t("Close")}</a></div>
      ${this.one === null ? html`<p class="quiet" role="status">${this.busy ? t("One moment: the list is being opened.") : t("There is no such decision.")}</p>` : aloud(this.one)}
    </section>`;
  }
}

customElements.define("wg-c-decisions", DecisionsPart);
