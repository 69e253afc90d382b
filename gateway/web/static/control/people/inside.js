/** Who is inside: how many in each zone, live; by name only with a reason, and only for whoever may see movements. */

import { ask } from "../../api.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { ageOf } from "../../cameras/times.js";
import { Asking, fullness } from "./asking.js";
import { asked, NO_ENQUIRY } from "./enquiry.js";
import { moment } from "./times.js";

/** @typedef {{zone: string, inside: number, uncertain: number, capacity: number | null}} ZoneCount */

const COUNT_EVERY_MS = 15_000;

export class InsidePart extends Asking {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    counts: { attribute: false },
    zone: { attribute: false },
    enquiry: { attribute: false },
    names: { attribute: false },
    now: { attribute: false },
    zones: { state: true },
    found: { state: true },
  };

  constructor() {
    super();
    /** As the stream tells them. @type {Record<string, number>} */
    this.counts = {};
    /** Whose names are wanted. */
    this.zone = "";
    this.enquiry = NO_ENQUIRY;
    this.names = false;
    /** @type {() => number} */
    this.now = () => Date.now();
    /** @type {ZoneCount[] | null} */
    this.zones = null;
    /** @type {any} */
    this.found = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.clock = setInterval(() => void this.load(), COUNT_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.clock);
  }

  async load() {
    try {
      this.zones = (await ask("GET", "inside")).zones;
    } catch (problem) {
      this.say(problem);
    }
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("zone") || (changed.has("enquiry") && !this.enquiry.isOpen)) this.found = null;
    if ((changed.has("zone") || changed.has("enquiry")) && this.zone && this.enquiry.isOpen && this.names) queueMicrotask(() => void this.look());
  }

  /** By name, from the beginning or further on. */
  async look(after = "") {
    const zone = this.zone;
    const found = await this.asking("names", () => ask("POST", `inside/${zone}`, { ...asked(this.enquiry), ...(after ? { after } : {}) }));
    if (found === undefined || zone !== this.zone) return;
    this.found = after && this.found ? { ...found, people: [...this.found.people, ...found.people] } : found;
    this.looked();
  }

  render() {
    if (this.zones === null) return this.said.text ? this.status() : html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`;
    return html`<div class="columns" data-open=${Boolean(this.zone)}>
      <section aria-labelledby="h-inside">
        <h2 id="h-inside">${t("Inside, by zone")}</h2>
        <div class="wide" tabindex="0" role="group" aria-labelledby="h-inside"><table class="counts">
          <thead><tr><th scope="col">${t("Zone")}</th><th scope="col" class="number">${t("Surely inside")}</th><th scope="col" class="number">${t("Uncertain")}</th><th scope="col" class="number">${t("Room for")}</th>${this.names ? html`<th scope="col"><span class="sr">${t("By name")}</span></th>` : nothing}</tr></thead>
          <tbody>${this.zones.map((one) => this.row(one))}</tbody>
        </table></div>
        <p class="quiet">${t("Those in a building count on its campus too. Uncertain: they may have left unread.")}</p>
      </section>
      ${this.zone ? this.people() : nothing}
    </div>`;
  }

  row(/** @type {ZoneCount} */ one) {
    const inside = this.counts[one.zone] ?? one.inside;
    const full = one.capacity !== null && inside >= one.capacity;
    return html`<tr aria-current=${one.zone === this.zone ? "true" : nothing}>
      <th scope="row">${place(one.zone)}</th>
      <td class="number"><b>${inside}</b></td>
      <td class="number">${one.uncertain || "–"}</td>
      <td class="number">${one.capacity === null ? "–" : html`${one.capacity} ${fullness(inside, one.capacity)}${full ? html`<b class="full"><span aria-hidden="true">◆</span> ${t("full")}</b>` : nothing}`}</td>
      ${this.names ? html`<td><a class="button" href=${`#people/inside/${one.zone}`}>${t("By name …")}<span class="sr">: ${place(one.zone)}</span></a></td>` : nothing}
    </tr>`;
  }

  people() {
    const { found } = this;
    return html`<section class="side-sheet" aria-labelledby="h-names">
      <div class="head"><h2 id="h-names">${t("In {zone}, by name", { zone: place(this.zone) })}</h2><a class="button" href="#people/inside">${t("Close")}</a></div>
      ${this.names ? html`<wg-c-enquiry .enquiry=${this.enquiry}></wg-c-enquiry>` : html`<p>${t("Your roles do not give you this.")}</p>`}
      ${this.answer()}
      ${found === null || !this.enquiry.isOpen
        ? nothing
        : html`<p role="status">${t("{count} inside, {uncertain} uncertain", { count: found.inside, uncertain: found.uncertain })} · ${t("as of {time}", { time: moment(found.at) })}</p>
            ${found.people.length
              ? html`<ul class="names">${found.people.map((/** @type {any} */ one) => this.person(one))}</ul>`
              : html`<p class="empty">${t("Nobody is known to be there.")}</p>`}
            ${found.next ? html`<div class="acts"><button type="button" aria-busy=${this.busy === "names"} @click=${() => void this.look(found.next)}>${t("Show more")}</button></div>` : nothing}`}
    </section>`;
  }

  person(/** @type {any} */ { person, seen }) {
    return html`<li>
      <a href=${`#people/find/${encodeURIComponent(person.id)}`}><b>${person.name}</b></a>
      <span>${word("kind", person.kind)}${person.groups.length ? ` · ${person.groups.join(" · ")}` : nothing}</span>
      <span class="quiet">${seen.state === "uncertain" ? html`<span aria-hidden="true">◇</span> ${t("uncertain")} · ` : nothing}${place(seen.zone)} · ${ageOf(this.now() - Date.parse(seen.since))}</span>
    </li>`;
  }
}

customElements.define("wg-c-inside", InsidePart);
