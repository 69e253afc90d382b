/**
 * The tab *People*: who is inside, one person with a reason, the roll call, decisions with their trace, the ledger.
 *
 * Promises: a section stands there only for those who may use it; the reason for a look is asked for before anybody
 * shows, is sent with every look of that case, and is forgotten after a quarter of an hour without one, so that whoever
 * sits down next gives their own. Leaves to others: what the sections show (their own files).
 */

import { t } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { sheet, Tab } from "../tab.js";
import { NO_ENQUIRY } from "./enquiry.js";
import "./inside.js";
import "./find.js";
import "./roll_call.js";
import "./decisions.js";
import "./ledger.js";
import "./reads.js";

for (const name of ["people", "forms", "lists"]) sheet(`/static/control/people/${name}.css`);

/** After so long without a look the reason is forgotten. */
const CASE_LASTS_MS = 15 * 60_000;

/** @typedef {import("./enquiry.js").Enquiry} Enquiry */

export class PeopleTab extends Tab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { enquiry: { state: true } };

  constructor() {
    super();
    /** Why somebody looks, as long as this case lasts. @type {Enquiry} */
    this.enquiry = NO_ENQUIRY;
    this.lookedAt = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.forgetOldCase();
    this.clock = setInterval(() => this.forgetOldCase(), 10_000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.clock);
  }

  forgetOldCase() {
    if (this.enquiry.isOpen && Date.now() - this.lookedAt > CASE_LASTS_MS) this.enquiry = NO_ENQUIRY;
  }

  /** Those that this user may see, in the order in which they stand. */
  get sections() {
    const { rights } = this;
    const may = (/** @type {string[]} */ ...some) => some.some((right) => rights.includes(right));
    return [
      { id: "inside", name: t("Who is inside"), shown: may("watch") },
      { id: "find", name: t("Find a person"), shown: may("identify", "manage_people", "manage_passes", "see_movements") },
      { id: "muster", name: t("Roll call"), shown: may("start_emergency", "sign_emergencies") },
      { id: "decisions", name: t("Decisions"), shown: may("watch") },
      { id: "ledger", name: t("Ledger"), shown: may("read_ledger") },
      { id: "reads", name: t("Who looked"), shown: may("read_reads") },
    ].filter((one) => one.shown);
  }

  get section() {
    const { sections } = this;
    return (sections.find((one) => one.id === this.path[0]) ?? sections[0])?.id ?? "";
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.key === "Escape" && this.path.length > 1) {
      this.go("people", this.section);
      return true;
    }
    if (event.key !== "/") return false;
    const wanted = this.section === "find" ? "#f-who, #f-words" : ".people-section input";
    const field = /** @type {HTMLElement | null} */ (this.querySelector(wanted));
    field?.focus();
    return field !== null;
  }

  heard(/** @type {any} */ event) {
    const part = /** @type {any} */ (this.querySelector("[data-hears]"));
    part?.heard?.(event);
  }

  render() {
    const { section } = this;
    const drills = this.state.emergencies.length;
    return html`
      <nav class="sections" aria-label=${t("Pages of people and passages")}>
        ${this.sections.map(
          (one) =>
            html`<a href=${`#people/${one.id}`} aria-current=${one.id === section ? "page" : nothing}>${one.name}${
              one.id === "muster" && drills ? html` <b class="count">${drills}</b>` : nothing
            }</a>`,
        )}
      </nav>
      <div class="people-section" @wg-enquiry=${(/** @type {CustomEvent<Enquiry>} */ event) => this.open(event.detail)} @wg-looked=${() => (this.lookedAt = Date.now())}>
        ${this.show(section)}
      </div>
    `;
  }

  open(/** @type {Enquiry} */ enquiry) {
    this.enquiry = enquiry;
    this.lookedAt = Date.now();
  }

  show(/** @type {string} */ section) {
    switch (section) {
      case "inside":
        return html`<wg-c-inside .counts=${this.state.counts.inside} .zone=${this.path[1] ?? ""} .enquiry=${this.enquiry} .names=${this.may("see_movements")} .now=${this.now}></wg-c-inside>`;
      case "find":
        return html`<wg-c-find .person=${this.path[1] ?? ""} .enquiry=${this.enquiry} .now=${this.now}></wg-c-find>`;
      case "muster":
        return html`<wg-c-roll-call data-hears .emergencies=${this.state.emergencies} .chosen=${this.path[1] ?? ""} .now=${this.now}></wg-c-roll-call>`;
      case "decisions":
        return html`<wg-c-decisions .live=${this.state.decisions} .chosen=${this.path[1] ?? ""}></wg-c-decisions>`;
      case "ledger":
        return html`<wg-c-ledger data-hears .now=${this.now}></wg-c-ledger>`;
      case "reads":
        return html`<wg-c-reads></wg-c-reads>`;
      default:
        return html`<p class="empty">${t("Your roles do not give you this.")}</p>`;
    }
  }
}

customElements.define("wg-c-people", PeopleTab);
