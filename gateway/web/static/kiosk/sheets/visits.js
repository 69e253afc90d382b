/**
 * One visit at the gate: who, whom, until when, what it still needs; checked in, out, counted, refused, called off.
 *
 * Opened by a row of the day's column with `{id}`; from the bar it first shows the lists. Promises: what another guard
 * did to this visit is said at once and shown; what the rules still need has a sentence and, where the gate can do it,
 * a button. Leaves to others: registering (visitor.js), the pass and its badge (pass.js), the lists (day.js).
 */

import { html, nothing, Sheet } from "../sheet.js";
import { place, sentence, t, timeOfDay, word } from "../../i18n.js";
import { dotted } from "../../live/parts.js";
import { hourOf } from "../day.js";
import { belongingWord, documentWord, outcomeWord, refusalWord, stateWord } from "./visitor_words.js";
import { GROUP_PARTS } from "./visits_group.js";

/** What the stream calls a step that is asked for by this word of the address. */
const STEPS = /** @type {Record<string, string>} */ ({
  "check-in": "checked_in",
  "check-out": "checked_out",
  refuse: "refused",
  cancel: "cancelled",
  count: "counted",
});
const REASONS = ["document", "level", "host_away", "belongings", "other"];

/** What the gateway did not do to a visit, in a sentence. */
export function why(/** @type {import("../../api.js").Problem} */ problem) {
  const code = problem.detail.split(":")[0];
  switch (code) {
    case "over":
      return t("This visit is over already: somebody else was faster, or its time is past.");
    case "inside":
      return t("The visitor is checked in already. Check the visit out first.");
    case "too_early":
      return t("The visit has not begun. Change its time, or let the visitor wait.");
    case "refused": {
      const needs = problem.detail.slice(8).split(",").map((one) => one.trim());
      return `${t("The rules do not let the visitor in yet.")} ${needs.map((one) => sentence(one).hint || sentence(one).guard).join(" ")}`;
    }
    case "entry_banned":
      return t("Entry is refused. Call the security office.");
    case "too_many_out":
      return t("That many are not inside.");
    case "too_many_in":
      return t("That is more than are on the list.");
    default:
      return problem.message;
  }
}

export class VisitsSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    visit: { state: true },
    visitId: { state: true },
    busy: { state: true },
    asking: { state: true },
    count: { state: true },
  };

  constructor() {
    super();
    /** @type {any} */
    this.visit = null;
    /** @type {string | null} */
    this.visitId = null;
    this.busy = false;
    /** @type {"" | "refuse" | "cancel"} what a second touch decides */
    this.asking = "";
    this.count = 1;
    /** @type {{what: string, key: string} | null} the count that is not answered yet */
    this.touch = null;
    /** The step that this guard takes just now; what comes back of it on the stream is no news. */
    this.mine = "";
  }

  opened(/** @type {any} */ options) {
    if (options?.id ?? options?.visit) void this.show(options.id ?? options.visit);
  }

  heading() {
    return this.visit ? t("Visit") : t("Visits");
  }

  hear(/** @type {any} */ event) {
    const list = /** @type {any} */ (this.querySelector("wg-k-day"));
    list?.hear(event);
    if (event.type !== "visit" || event.id !== this.visitId) return;
    if (event.change === this.mine) {
      this.mine = "";
      return;
    }
    this.say(t("Somebody else: {what}", { what: this.stepWord(event.change) }), "notice");
    void this.load();
  }

  stepWord(/** @type {string} */ step) {
    return word("visit_step", step);
  }

  async show(/** @type {string} */ id) {
    this.visitId = id;
    this.visit = null;
    this.asking = "";
    this.say("");
    await this.load();
  }

  async load() {
    const id = this.visitId;
    try {
      const visit = await this.kiosk.ask("GET", `visits/${id}`);
      if (this.visitId === id) this.visit = visit;
    } catch (problem) {
      this.say(why(/** @type {any} */ (problem)), "wrong");
    }
  }

  /** One step; its result is said in place. */
  step(/** @type {string} */ path, /** @type {object | undefined} */ body, /** @type {string} */ done) {
    return this.carryOut(`visits/${this.visitId}/${path}`, body, done);
  }

  /** Count some of a group in or out. */
  group(/** @type {object} */ body, /** @type {string} */ done) {
    const what = JSON.stringify([this.visitId, body]);
    // Until it is answered the same count is the same touch: sent again, nobody is counted twice.
    if (this.touch?.what !== what) this.touch = { what, key: crypto.randomUUID() };
    return this.carryOut(`delegations/${this.visitId}/count`, { ...body, key: this.touch.key }, done);
  }

  async carryOut(/** @type {string} */ path, /** @type {object | undefined} */ body, /** @type {string} */ done) {
    if (this.busy) return;
    this.busy = true;
    this.mine = STEPS[path.split("/")[2] ?? ""] ?? "";
    try {
      await this.kiosk.ask("POST", path, body);
      this.touch = null;
      this.asking = "";
      this.say(done, "done");
      this.kiosk.sound("done");
    } catch (problem) {
      this.mine = "";
      const { kind, errors } = /** @type {any} */ (problem);
      const field = kind === "validation" && errors.length ? ` ${errors[0].message}` : "";
      this.say(why(/** @type {any} */ (problem)) + field, "wrong");
    } finally {
      this.busy = false;
    }
    await this.load();
  }

  body() {
    if (this.visitId === null) return html`<wg-k-day class="v-lists" .kiosk=${this.kiosk} .chosen=${(/** @type {string} */ id) => this.show(id)}></wg-k-day>`;
    if (this.visit === null) return html`<p class="empty">${t("The visit is being loaded.")}</p>`;
    const visit = this.visit;
    return html`
      <div class="v-visit" data-state=${visit.state}>
        <div class="v-who">
          <h3>${visit.visitor?.name ?? t("erased")}</h3>
          <p>${dotted(word("kind", visit.kind), visit.visitor?.organisation)}</p>
          <p class="v-state" data-state=${visit.state}>${this.stateLine()}</p>
          ${visit.uncertain ? html`<p class="v-unsure"><span aria-hidden="true">?</span> ${t("Uncertain whether still inside")}</p>` : nothing}
        </div>
        ${this.needs()} ${this.facts()} ${visit.group ? GROUP_PARTS.render(this) : nothing} ${this.acts()}
      </div>
    `;
  }

  stateLine() {
    const { visit } = this;
    const at = visit.checked_out_at ?? visit.checked_in_at;
    return dotted(stateWord(visit.state), at && timeOfDay(at), visit.refusal && refusalWord(visit.refusal));
  }

  facts() {
    const { visit } = this;
    const who = visit.visitor;
    const day = (/** @type {string} */ at) => at.slice(0, 10);
    const sameDay = day(visit.starts_at) === day(visit.ends_at);
    /** @type {[string, any][]} */
    const facts = [
      [t("Host"), visit.host ? visit.host.name : t("nobody named")],
      [t("Time"), sameDay ? `${hourOf(visit.starts_at)} – ${hourOf(visit.ends_at)}` : `${dayOf(visit.starts_at)} – ${dayOf(visit.ends_at)}`],
      [t("Why"), visit.purpose],
      [t("Where"), visit.zones.map(place).join(", ")],
      [t("Document"), who ? `${documentWord(who.document_kind)} … ${who.document_ending}` : ""],
      [t("Vehicle"), who?.plate ? dotted(who.plate, visit.vehicle_approved ? t("approved") : t("not approved")) : ""],
      [t("Badge"), visit.badge],
    ];
    return html`<dl class="v-facts">
        ${facts.filter(([, value]) => value).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
      ${visit.belongings.length
        ? html`<h4>${t("Declared belongings")}</h4>
            <ul class="v-things">${visit.belongings.map(
              (/** @type {any} */ one) => html`<li data-kind=${one.kind}>${dotted(one.what, one.kind !== "none" && belongingWord(one.kind), one.outcome !== "carried" && outcomeWord(one.outcome))}</li>`,
            )}</ul>
            ${visit.state === "checked_in" ? html`<p class="v-look"><span aria-hidden="true">▲</span> ${t("Something was declared: look at it when the visitor leaves.")}</p>` : nothing}`
        : nothing}`;
  }

  needs() {
    const { visit } = this;
    if (visit.needs.length === 0) return nothing;
    return html`<h4>${t("What the rules still need")}</h4>
      <ul class="v-needs">
        ${visit.needs.map(
          (/** @type {string} */ need) => html`<li>
            <span aria-hidden="true">◆</span> ${need === "host_gone" ? t("The host has left the school: register the visit to somebody else.") : sentence(need).guard}
            ${need === "host_gone" ? nothing : html`<span class="v-hint">${sentence(need).hint}</span>`}
            ${need === "host_not_confirmed" && visit.host ? html`<button type="button" @click=${() => this.kiosk.open("visitor", { visit: this.visitId })}>${t("Ask the host")}</button>` : nothing}
          </li>`,
        )}
      </ul>`;
  }

  acts() {
    const { state, document_seen: seen, group } = this.visit;
    if (!["expected", "checked_in"].includes(state)) {
      return html`<div class="v-acts"><button type="button" @click=${() => this.back()}>${t("Lists")}</button></div>`;
    }
    if (this.asking === "refuse") return this.refuseWith();
    if (this.asking === "cancel") {
      return this.sure(t("Call this visit off? Its pass opens nothing any more."), t("Call it off"), () =>
        this.step("cancel", undefined, t("Called off.")));
    }
    const needsOnlyDocument = this.visit.needs.every((/** @type {string} */ need) => need === "document_not_seen");
    return html`<div class="v-acts">
      ${state === "expected"
        ? html`<button type="button" class="main" ?disabled=${this.busy} @click=${() => this.step("check-in", { document_seen: true, gate: this.kiosk.gate.id }, t("Checked in. The pass opens the gate now."))}
            >${seen ? t("Check in") : needsOnlyDocument ? t("Document seen: check in") : t("Document seen, try to check in")}</button>`
        : html`<button type="button" class="main" ?disabled=${this.busy} @click=${() => this.step("check-out", undefined, t("Checked out. The pass is void."))}
            >${group ? t("All have left: check out") : t("Check out")}</button>`}
      <button type="button" @click=${() => this.kiosk.open("pass", { visit: this.visitId })}>${t("Pass or badge")}</button>
      ${state === "expected"
        ? html`<button type="button" @click=${() => (this.asking = "refuse")}>${t("Refuse …")}</button>
            <button type="button" @click=${() => (this.asking = "cancel")}>${t("Call off …")}</button>`
        : nothing}
      <button type="button" @click=${() => this.back()}>${t("Lists")}</button>
    </div>`;
  }

  back() {
    this.visitId = null;
    this.visit = null;
    this.asking = "";
    this.say("");
  }

  refuseWith() {
    return html`<div class="v-acts" role="group" aria-label=${t("Why is the visitor sent away?")}>
      <p class="v-ask">${t("Why is the visitor sent away?")}</p>
      ${REASONS.map((reason) => html`<button type="button" ?disabled=${this.busy} @click=${() => this.step("refuse", { reason }, t("Refused. The pass opens nothing any more."))}>${refusalWord(reason)}</button>`)}
      <button type="button" @click=${() => (this.asking = "")}>${t("Back")}</button>
    </div>`;
  }

  sure(/** @type {string} */ question, /** @type {string} */ yes, /** @type {() => void} */ act) {
    return html`<div class="v-acts">
      <p class="v-ask">${question}</p>
      <button type="button" class="main" ?disabled=${this.busy} @click=${act}>${yes}</button>
      <button type="button" @click=${() => (this.asking = "")}>${t("Back")}</button>
    </div>`;
  }
}

/** A day and a time, for visits of several days. */
function dayOf(/** @type {string} */ at) {
  return `${at.slice(5, 10)} ${hourOf(at)}`;
}

customElements.define("wg-s-visits", VisitsSheet);
