/** For auditors: who looked up whom, when, and why. */

import { ask } from "../../api.js";
import { t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { Asking } from "./asking.js";
import { moment } from "./times.js";

export class ReadsPart extends Asking {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { reads: { state: true }, next: { state: true }, all: { state: true } };

  constructor() {
    super();
    /** @type {any[] | null} */
    this.reads = null;
    /** @type {number | null} */
    this.next = null;
    /** Lists and pages too, for which nobody asks a reason. */
    this.all = false;
  }

  async load() {
    await this.fetch(null);
  }

  async fetch(/** @type {number | null} */ before) {
    const wanted = new URLSearchParams({ enquiries: String(!this.all), ...(before === null ? {} : { before: String(before) }) });
    const found = await this.asking("reads", () => ask("GET", `reads?${wanted}`));
    if (found === undefined) return;
    this.reads = before === null ? found.reads : [...(this.reads ?? []), ...found.reads];
    this.next = found.next;
  }

  render() {
    const { reads } = this;
    return html`<section aria-labelledby="h-reads">
      <h2 id="h-reads">${t("Who looked up whom")}</h2>
      <label class="tick"><input type="checkbox" .checked=${this.all} @change=${(/** @type {Event} */ event) => {
        this.all = /** @type {HTMLInputElement} */ (event.target).checked;
        void this.fetch(null);
      }} /> ${t("Also lists and pages that name people, which ask for no reason")}</label>
      ${this.answer()}
      ${reads === null
        ? html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`
        : reads.length
          ? html`<div class="wide" tabindex="0" role="group" aria-labelledby="h-reads"><table>
              <thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("Who looked")}</th><th scope="col">${t("At what")}</th><th scope="col">${t("Whom")}</th><th scope="col">${t("Reason for looking")}</th></tr></thead>
              <tbody>${reads.map(
                (one) => html`<tr><th scope="row"><time datetime=${one.at}>${moment(one.at)}</time></th><td>${one.by}</td>
                  <td>${word("read_what", one.what)} <span class="quiet">(${one.count})</span></td><td>${one.about ? html`${one.about.name} <span class="quiet">${one.about.id}</span>` : "–"}</td>
                  <td>${one.why ? html`<b>${word("looking_why", one.why)}</b> ${one.words ?? html`<span class="quiet">${t("the words are erased")}</span>`}` : "–"}</td></tr>`,
              )}</tbody>
            </table></div>`
          : html`<p class="empty">${t("Nobody has looked anybody up. Each time that somebody does, it stands here.")}</p>`}
      ${this.next === null ? nothing : html`<div class="acts"><button type="button" aria-busy=${this.busy === "reads"} @click=${() => void this.fetch(this.next)}>${t("Further back")}</button></div>`}
    </section>`;
  }
}

customElements.define("wg-c-reads", ReadsPart);
