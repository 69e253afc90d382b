/**
 * One person: found by name, id or pinyin once there is a reason; what they hold, where they were seen last, and which
 * way they went, each answer of a door with its trace.
 */

import { ask, Problem } from "../../api.js";
import { ageOf } from "../../cameras/times.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing, verdict } from "../../live/parts.js";
import { Asking } from "./asking.js";
import { asked, NO_ENQUIRY } from "./enquiry.js";
import { fromField, moment, toField } from "./times.js";
import { aloud } from "./trace.js";

const HOUR_MS = 3_600_000;
/** Offered at once: the last so many hours. */
const SPANS = [24, 7 * 24, 31 * 24];

export class FindPart extends Asking {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    person: { attribute: false },
    enquiry: { attribute: false },
    now: { attribute: false },
    text: { state: true },
    found: { state: true },
    one: { state: true },
    way: { state: true },
    span: { state: true },
  };

  constructor() {
    super();
    /** Who is looked at, by the school's id. */
    this.person = "";
    this.enquiry = NO_ENQUIRY;
    /** @type {() => number} */
    this.now = () => Date.now();
    this.text = "";
    /** @type {any[] | null} */
    this.found = null;
    /** @type {any} */
    this.one = null;
    /** @type {any} */
    this.way = null;
    /** What is typed for another time. */
    this.span = { from: "", to: "", isOpen: false };
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("enquiry") && !this.enquiry.isOpen) {
      this.text = "";
      this.found = null;
      this.forgetOne();
    }
    if (!changed.has("person") && !changed.has("enquiry")) return;
    if (changed.has("person")) this.forgetOne();
    if (this.person && this.enquiry.isOpen && this.one === null) queueMicrotask(() => void this.open());
  }

  forgetOne() {
    this.one = null;
    this.way = null;
    this.span = { from: "", to: "", isOpen: false };
  }

  async seek(/** @type {Event} */ event) {
    event.preventDefault();
    const q = this.text.trim();
    if (!q) return;
    const found = await this.asking("find", () => ask("POST", "people/find", { q, ...asked(this.enquiry) }));
    if (found === undefined) return;
    this.found = found.people;
    this.looked();
  }

  async open() {
    const id = this.person;
    if (!id || this.busy) return;
    const one = await this.asking("open", async () => {
      try {
        return await ask("POST", `people/${encodeURIComponent(id)}/whereabouts`, asked(this.enquiry));
      } catch (problem) {
        if (problem instanceof Problem && problem.kind === "not-found") throw new Error(t("Nobody has this id any more."));
        throw problem;
      }
    });
    if (one === undefined || id !== this.person) return;
    this.one = one;
    this.looked();
    if (one.movements) await this.follow({});
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector("#h-person"))?.focus();
  }

  /** Which way they went. @param {{from?: string, to?: string}} span @param {boolean} [further] */
  async follow(span, further = false) {
    const id = this.person;
    const body = { ...asked(this.enquiry), ...span };
    const way = await this.asking("way", () => ask("POST", `people/${encodeURIComponent(id)}/movements`, body));
    if (way === undefined || id !== this.person) return;
    const before = further && this.way ? this.way.movements : [];
    this.way = { ...way, to: further && this.way ? this.way.to : way.to, movements: [...before, ...way.movements] };
    this.looked();
  }

  render() {
    return html`<div class="columns" data-open=${Boolean(this.person)}>
      <section aria-labelledby="h-find">
        <h2 id="h-find">${t("Find a person")}</h2>
        <wg-c-enquiry .enquiry=${this.enquiry}></wg-c-enquiry>
        ${this.enquiry.isOpen ? this.search() : nothing}
        ${this.person ? nothing : this.answer()}
        ${this.found === null ? nothing : this.list()}
      </section>
      ${this.person ? this.sheet() : nothing}
    </div>`;
  }

  search() {
    return html`<form class="seek" role="search" @submit=${(/** @type {Event} */ event) => void this.seek(event)}>
      <div class="field">
        <label for="f-who">${t("Name, number, pinyin or its first letters")}</label>
        <input id="f-who" type="search" autocomplete="off" spellcheck="false" maxlength="100" .value=${this.text} @input=${(/** @type {Event} */ event) => (this.text = /** @type {HTMLInputElement} */ (event.target).value)} />
      </div>
      <button type="submit" class="main" aria-busy=${this.busy === "find"}>${t("Find")}</button>
    </form>`;
  }

  list() {
    const { found } = this;
    if (!found?.length) return html`<p class="empty" role="status">${t("Nobody is called that. Try a part of the name, or the number.")}</p>`;
    return html`<p class="sr" role="status">${t("{count} found", { count: found.length })}</p>
      <ul class="names">
        ${found.map(
          (one) => html`<li>
            <a href=${`#people/find/${encodeURIComponent(one.id)}`} aria-current=${one.id === this.person ? "true" : nothing}><b>${one.name}</b></a>
            <span>${word("kind", one.kind)}${one.groups.length ? ` · ${one.groups.join(" · ")}` : nothing}</span>
            <span class="quiet">${one.id}${one.suspended ? html` · <span aria-hidden="true">◆</span> ${t("suspended")}` : nothing}</span>
          </li>`,
        )}
      </ul>`;
  }

  sheet() {
    const { one } = this;
    return html`<section class="side-sheet" aria-labelledby="h-person">
      <div class="head"><h2 id="h-person" tabindex="-1">${one ? one.person.name : t("One person")}</h2><a class="button" href="#people/find">${t("Close")}</a></div>
      ${this.answer()}
      ${one === null
        ? html`<p class="quiet" role="status">${this.enquiry.isOpen ? (this.busy ? t("One moment: the list is being opened.") : nothing) : t("Give the reason first; then this person shows.")}</p>`
        : html`${this.facts(one)} ${one.movements ? this.wayOf() : html`<p class="quiet">${t("Which way somebody went is for whoever has the right to see movements.")}</p>`}`}
    </section>`;
  }

  facts(/** @type {any} */ { person, credentials, seen }) {
    return html`<dl class="facts">
      <dt>${t("School number")}</dt><dd>${person.id}</dd>
      <dt>${t("Kind")}</dt><dd>${word("kind", person.kind)}${person.groups.length ? ` · ${person.groups.join(" · ")}` : nothing}${person.dormitory ? ` · ${place(person.dormitory)}` : nothing}${person.suspended ? html` · <b><span aria-hidden="true">◆</span> ${t("suspended")}</b>` : nothing}</dd>
      <dt>${t("Seen last")}</dt>
      <dd>${seen === null
        ? t("never, or it is erased")
        : html`<b>${word("presence_state", seen.state)}</b> · ${place(seen.zone)} · ${moment(seen.since)} (${ageOf(this.now() - Date.parse(seen.since))})`}</dd>
      <dt>${t("Holds")}</dt>
      <dd>${credentials.length
        ? html`<ul>${credentials.map(
            (/** @type {any} */ held) => html`<li>${word("credential", held.kind)} …${held.ending} · ${held.state === "active" ? nothing : html`<span aria-hidden="true">◆</span> `}${word("credential_state", held.state)}${
              held.not_after ? html` · ${t("until {time}", { time: moment(held.not_after) })}` : nothing
            }</li>`,
          )}</ul>`
        : t("no card, pass or plate")}</dd>
    </dl>`;
  }

  wayOf() {
    const { way } = this;
    const hours = way ? Math.round((Date.parse(way.to) - Date.parse(way.from)) / HOUR_MS) : 0;
    const back = (/** @type {number} */ count) => void this.follow({ from: new Date(this.now() - count * HOUR_MS).toISOString() });
    return html`<div class="way">
      <h3 id="h-way">${t("Which way")}</h3>
      <div class="acts" role="group" aria-labelledby="h-way">
        ${SPANS.map((count) => html`<button type="button" class="small" aria-pressed=${hours === count} aria-busy=${this.busy === "way"} @click=${() => back(count)}>${count === 24 ? t("24 hours") : t("{count} days", { count: count / 24 })}</button>`)}
        <button type="button" class="small" aria-expanded=${this.span.isOpen} @click=${() => this.otherTime()}>${t("Another time …")}</button>
      </div>
      ${this.span.isOpen ? this.spanForm() : nothing}
      ${way === null
        ? nothing
        : html`<p class="quiet" role="status">${t("{from} to {to}", { from: moment(way.from), to: moment(way.to) })} · ${t("{count} entries", { count: way.movements.length })}</p>
            ${way.movements.length ? html`<ol class="steps">${way.movements.map((/** @type {any} */ step) => this.step(step))}</ol>` : html`<p class="empty">${t("No reader has seen this person in that time.")}</p>`}
            ${way.next ? html`<div class="acts"><button type="button" aria-busy=${this.busy === "way"} @click=${() => void this.follow({ from: way.from, to: way.next }, true)}>${t("Further back")}</button></div>` : nothing}`}
    </div>`;
  }

  otherTime() {
    const now = this.now();
    this.span = this.span.isOpen ? { ...this.span, isOpen: false } : { from: toField(now - 24 * HOUR_MS), to: toField(now), isOpen: true };
  }

  spanForm() {
    const field = (/** @type {"from" | "to"} */ name, /** @type {string} */ label) => html`<div class="field">
      <label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="datetime-local" .value=${this.span[name]} @input=${(/** @type {Event} */ event) => (this.span = { ...this.span, [name]: /** @type {HTMLInputElement} */ (event.target).value })} />
    </div>`;
    return html`<form class="span" novalidate @submit=${(/** @type {Event} */ event) => void this.goTo(event)}>
      ${field("from", t("From"))} ${field("to", t("Until"))}
      <button type="submit" aria-busy=${this.busy === "way"}>${t("Show")}</button>
      <p class="hint">${t("31 days at most, and no further back than passages are kept by name.")}</p>
    </form>`;
  }

  async goTo(/** @type {Event} */ event) {
    event.preventDefault();
    const [from, to] = [fromField(this.span.from), fromField(this.span.to)];
    if (Number.isNaN(from) || Number.isNaN(to) || to <= from) {
      this.say(t("Choose a beginning and an end after it."));
      return;
    }
    await this.follow({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    if (this.said.kind === "wrong" && this.said.text) this.say(t("That time cannot be shown: 31 days at most, and no further back than passages are kept by name."));
  }

  step(/** @type {any} */ step) {
    if (step.decision === null) {
      return html`<li class="passed"><time datetime=${step.at}>${moment(step.at)}</time>
        <span><b>${step.state === "outside" ? t("left") : t("went in")}</b>${step.portal ? html` · ${place(step.portal)}` : nothing} · ${t("from then on:")} ${word("presence_state", step.state)}, ${place(step.zone)}</span></li>`;
    }
    const { decision } = step;
    return html`<li><time datetime=${step.at}>${moment(step.at)}</time>
      <details><summary>${verdict(decision.outcome)} ${place(decision.portal)} · ${word("direction", decision.direction)}${decision.credential ? ` · ${word("credential", decision.credential)}` : nothing}</summary>${aloud({ ...decision, at: step.at })}</details></li>`;
  }
}

customElements.define("wg-c-find", FindPart);
