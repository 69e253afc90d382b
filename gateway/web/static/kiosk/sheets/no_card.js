/**
 * A person of the school without the card: found, compared with the picture, let through once.
 *
 * Promises: the guard sees picture, name, kind and unit before anything can be opened; a refusal is shown with its
 * reason and what would help. Leaves to others: whether it is granted (the gateway), what is recorded (it too).
 */

import { Sheet, html, nothing } from "../sheet.js";
import { place, sentence, t, texts, word } from "../../i18n.js";
import { dotted } from "../../live/parts.js";
import "../../ui/field.js";
import "../../ui/keyboard.js";
import { errorsOf } from "../../ui/field.js";
import { chips } from "../../ui/chips.js";

/** @typedef {{id: string, name: string, kind: string, groups: string[], dormitory: string | null, suspended: boolean}} Person */

const AFTER_MS = 150;
const KINDS = ["student", "staff", "service", "resident", "contractor", "supplier"];
const OFTEN = 3;
const LONGEST = 100;

export class NoCardSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    q: { state: true },
    found: { state: true },
    person: { state: true },
    hasPicture: { state: true },
    reason: { state: true },
    way: { state: true },
    errors: { state: true },
    busy: { state: true },
    result: { state: true },
  };

  constructor() {
    super();
    this.q = "";
    /** @type {Person[] | null} */
    this.found = null;
    /** @type {Person | null} */
    this.person = null;
    this.hasPicture = true;
    this.reason = "forgotten";
    /** "portal direction", as one choice. */
    this.way = "";
    /** @type {Record<string, string>} */
    this.errors = {};
    this.busy = false;
    /** @type {any} */
    this.result = null;
    this.asked = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  opened() {
    this.way = this.ways()[0]?.[0] ?? "";
    this.focusField();
  }

  focusField() {
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("wg-field"))?.focus());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  /** Every way through this gate on foot. @returns {string[][]} */
  ways() {
    return this.kiosk.portals
      .filter((portal) => portal.kind !== "vehicle_gate")
      .flatMap((portal) => portal.directions.map((way) => [`${portal.id} ${way}`, `${place(portal.id)} · ${word("direction", way)}`]))
      .sort((a, b) => Number(b[0]?.endsWith(" in")) - Number(a[0]?.endsWith(" in")));
  }

  typed(/** @type {string} */ q) {
    this.q = q;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), AFTER_MS);
  }

  async search() {
    const q = this.q.trim().slice(0, LONGEST);
    const number = (this.asked += 1);
    if (!q) {
      this.found = null;
      return;
    }
    try {
      const answer = await this.kiosk.ask("POST", "people/search", { q, kinds: KINDS, limit: 20 });
      if (number !== this.asked) return;
      this.found = answer.people;
      this.errors = {};
    } catch (problem) {
      if (number !== this.asked) return;
      this.errors = { q: problem instanceof Error ? problem.message : String(problem) };
    }
  }

  choose(/** @type {Person | null} */ person) {
    this.person = person;
    this.hasPicture = true;
    this.result = null;
    this.reason = "forgotten";
    this.say("");
    if (person === null) this.focusField();
  }

  startAnew() {
    this.q = "";
    this.found = null;
    this.choose(null);
  }

  submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.person === null) {
      const [only] = this.found ?? [];
      if (only !== undefined && this.found?.length === 1) this.choose(only);
      return;
    }
    void this.identify(this.person);
  }

  async identify(/** @type {Person} */ person) {
    if (this.busy || this.result !== null) return;
    const [portal, direction] = this.way.split(" ");
    this.busy = true;
    this.say("");
    try {
      const body = { holder: person.id, portal, direction, reason: this.reason };
      this.result = await this.kiosk.ask("POST", "identifications", body);
      this.kiosk.sound(this.result.outcome === "grant" ? "grant" : "refuse");
    } catch (problem) {
      const errors = errorsOf(problem);
      const detail = String(/** @type {any} */ (problem).detail ?? "").split(":")[0];
      if (detail === "lane") this.say(t("A lane opens for a plate. Let the driver be identified at the gate for people."), "wrong");
      else this.say(Object.values(errors)[0] ?? /** @type {Error} */ (problem).message, "wrong");
    } finally {
      this.busy = false;
    }
  }

  // ---------------------------------------------------------------- painting

  body() {
    return html`
      <form class="reg" novalidate autocomplete="off" @submit=${this.submit}>
        <div class="reg-scroll">${this.person === null ? this.finding() : this.comparing(this.person)}</div>
        ${this.person === null ? nothing : html`<footer class="reg-foot">${this.foot()}</footer>`}
      </form>
      <wg-keyboard></wg-keyboard>
    `;
  }

  finding() {
    return html`
      <wg-field
        path="q"
        type="search"
        keyboard="latin"
        .label=${t("Name, number or the initials of the pinyin")}
        .value=${this.q}
        .limit=${LONGEST}
        .error=${this.errors["q"] ?? ""}
        @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => this.typed(event.detail.value)}
      ></wg-field>
      <ul class="nc-found" aria-label=${t("Found")}>
        ${(this.found ?? []).map(
          (person) =>
            html`<li>
              <button type="button" @click=${() => this.choose(person)}>
                <b>${person.name}</b><span>${word("kind", person.kind)}</span>
                <span class="optional">${unit(person)}</span><span class="optional">${person.id}</span>
              </button>
            </li>`,
        )}
      </ul>
      <p class="empty" role="status" ?hidden=${Boolean(this.found?.length)}>
        ${this.found === null
          ? t("Whoever comes without the card is found here, compared with the picture and let through once.")
          : t("Nobody is found under this. Try fewer letters, the number, or register a visitor.")}
      </p>
    `;
  }

  comparing(/** @type {Person} */ person) {
    return html`
      <div class="nc-person">
        <div class="picture">
          ${this.hasPicture
            ? html`<img
                src=${`/api/v1/people/${encodeURIComponent(person.id)}/picture`}
                alt=${t("Picture of {name}", { name: person.name })}
                @error=${() => (this.hasPicture = false)}
              />`
            : t("The school keeps no picture: ask for another proof.")}
        </div>
        <div>
          <h3>${person.name}</h3>
          <p>${dotted(word("kind", person.kind), unit(person), person.id)}</p>
          ${person.suspended ? html`<p class="error"><span aria-hidden="true">◆</span> ${t("This person's cards are suspended.")}</p>` : nothing}
          ${this.result === null ? this.choices() : this.outcome(this.result)}
        </div>
      </div>
    `;
  }

  choices() {
    return html`
      ${chips({
        name: "reason",
        label: t("The card is"),
        chosen: [this.reason],
        options: [
          ["forgotten", t("forgotten")],
          ["lost", t("lost: it is blocked at once")],
          ["broken", t("broken")],
        ],
        choose: (reason) => (this.reason = reason),
      })}
      ${chips({
        name: "way",
        label: t("Through"),
        chosen: [this.way],
        options: this.ways(),
        choose: (way) => (this.way = way),
      })}
    `;
  }

  outcome(/** @type {any} */ result) {
    const granted = result.outcome === "grant";
    const said = sentence(result.reason);
    return html`<div class="nc-result" data-outcome=${result.outcome} role="status">
        <b><span aria-hidden="true">${granted ? "✓" : "✕"}</span> ${word("verdict", result.outcome)}</b>
        ${said.guard} ${granted ? nothing : html`<span>${said.hint}</span>`}
        ${granted && result.command === null ? html`<p>${t("No device opens here: let the person through by hand.")}</p>` : nothing}
      </div>
      <p>
        ${result.times > 0 ? t("Times without the card in 30 days: {count}", { count: result.times }) : nothing}
        ${result.times >= OFTEN ? html`<b>${t("Teacher or unit is told.")}</b>` : nothing}
      </p>`;
  }

  foot() {
    if (this.result !== null) {
      return html`<span></span><button type="button" class="main" @click=${this.startAnew}>${t("Next person")}</button>`;
    }
    return html`
      <button type="button" @click=${() => this.choose(null)}>${t("Somebody else")}</button>
      <button type="submit" class="main" aria-busy=${this.busy} ?disabled=${this.busy}>
        <span aria-hidden="true">✓</span> ${t("It is this person: let through")}
      </button>
    `;
  }
}

/** Class, department or house. @returns {string} */
function unit(/** @type {Person} */ person) {
  const house = person.dormitory === null ? "" : (texts.places[person.dormitory] ?? person.dormitory);
  return [...person.groups, house].filter((part) => part).join(" · ");
}

customElements.define("wg-s-no-card", NoCardSheet);
