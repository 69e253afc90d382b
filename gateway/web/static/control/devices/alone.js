/**
 * What a device would decide while nobody answers it: its rules, its list in numbers, and, for one person, the answer.
 *
 * @typedef {{level: number, emergency: string | null, entry: string, exit: string, escape_route: boolean,
 *   max_age_s: number, trusted_until: string | null, list_expires_at: string | null, follows: boolean}} Rules
 * @typedef {{rules: Rules, counts: {entries: number, people: number, entry_always: number, entry_in_windows: number,
 *   exit_always: number, exit_in_windows: number, by_level: Record<string, number>, revoked: number}}} Alone
 * @typedef {{holder: {id: string, name: string, kind: string} | null, at: string, rules: Rules,
 *   answers: {credential: string, direction: string, granted: boolean, reason: string, levels: number[],
 *   always: boolean}[], other_credentials: number}} Asked
 */

import { sentence, t, texts, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { date, LISTED, span, when } from "./words.js";

export class AlonePart extends Part {
  static properties = {
    device: { attribute: false },
    alone: { attribute: false },
    asked: { attribute: false },
    wrong: { attribute: false },
    may: { attribute: false },
    busy: { attribute: false },
    at: { attribute: false },
    who: { state: true },
    moment: { state: true },
  };

  constructor() {
    super();
    this.device = "";
    /** @type {Alone | null} */
    this.alone = null;
    /** @type {Asked | null} */
    this.asked = null;
    /** Why there is no answer. */
    this.wrong = "";
    this.may = false;
    this.busy = "";
    this.at = 0;
    this.who = "";
    this.moment = "";
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("device")) this.who = this.moment = "";
  }

  want(/** @type {object} */ wish) {
    this.dispatchEvent(new CustomEvent("wg-wish", { detail: wish, bubbles: true }));
  }

  render() {
    return html`<section class="dv-box" aria-labelledby="h-alone">
      <h3 id="h-alone">${t("What it would decide alone")}</h3>
      ${this.alone === null
        ? html`<button type="button" ?disabled=${this.busy !== ""} @click=${() => this.want({ act: "alone", device: this.device })}>${t("Show its rules and its list in numbers")}</button>`
        : this.shown(this.alone)}
      ${this.may ? this.form() : nothing}
      <p class="dv-refused" role="status">${this.wrong}</p>
      ${this.asked === null ? nothing : this.answer(this.asked)}
    </section>`;
  }

  shown(/** @type {Alone} */ alone) {
    const { rules, counts } = alone;
    const entry = rules.entry !== "list" ? t("lets nobody in") : t("lets in whoever is on its list, at level {level} and in their hours", { level: rules.level });
    const exit = rules.escape_route || rules.exit === "free" ? t("lets everybody out") : rules.exit === "list" ? t("lets out whoever is on its list") : t("lets nobody out");
    return html`
      <p>${t("Alone it {entry}, and it {exit}.", { entry, exit })} ${
        rules.trusted_until === null
          ? t("Without a word of the gateway it lets people in for {span} more.", { span: span(rules.max_age_s) })
          : t("It lets people in until {time}; then it has been alone for too long.", { time: date(rules.trusted_until) })
      }</p>
      ${rules.follows ? nothing : html`<p class="dv-window"><span aria-hidden="true">▲</span> ${t("It does not show the posture and lists that it was given: it may still decide by older ones.")}</p>`}
      <dl class="dv-numbers">
        <div><dt>${t("People on its list")}</dt><dd>${counts.people}</dd></div>
        <div><dt>${t("In at any hour")}</dt><dd>${counts.entry_always}</dd></div>
        <div><dt>${t("In at certain hours")}</dt><dd>${counts.entry_in_windows}</dd></div>
        <div><dt>${t("Out by the list")}</dt><dd>${counts.exit_always + counts.exit_in_windows}</dd></div>
        ${["3", "2", "1"].map((level) => html`<div><dt>${t("In at level {level}", { level })}</dt><dd>${counts.by_level[level] ?? 0}</dd></div>`)}
        <div><dt>${t("Revoked")}</dt><dd>${counts.revoked}</dd></div>
      </dl>`;
  }

  form() {
    return html`<form class="dv-ask" @submit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (this.who.trim()) this.want({ act: "ask", device: this.device, holder: this.who.trim(), at: this.moment ? instant(this.moment) : null });
    }}>
      <label><span>${t("Of whom? The school's number of the person")}</span> <input maxlength="64" autocomplete="off" .value=${this.who} @input=${(/** @type {any} */ event) => (this.who = event.target.value)} /></label>
      <label><span>${t("When? Empty: now")}</span> <input type="datetime-local" .value=${this.moment} @input=${(/** @type {any} */ event) => (this.moment = event.target.value)} /></label>
      <button type="submit" ?disabled=${!this.who.trim() || this.busy !== ""}>${t("Ask; it is recorded")}</button>
    </form>`;
  }

  answer(/** @type {Asked} */ asked) {
    return html`<div class="dv-answer" role="status">
      <p><b>${asked.holder?.name ?? t("nobody known")}</b> · ${when(asked.at, this.at)}</p>
      ${asked.answers.length
        ? html`<ul>${asked.answers.map(
            (one, index) => html`<li><span class="verdict" data-outcome=${one.granted ? "grant" : "deny"}><span aria-hidden="true">${one.granted ? "✓" : "✕"}</span> ${word("verdict", one.granted ? "grant" : "deny")}</span>
              ${t("card {number}, {direction}", { number: Math.floor(index / new Set(asked.answers.map((some) => some.direction)).size) + 1, direction: word("direction", one.direction) })}
              <span class="quiet">${one.granted ? nothing : sentence(one.reason).guard} ${one.granted && !one.levels.length ? t("everybody may leave here") : one.levels.length ? t("on its list at level {levels}", { levels: one.levels.join(LISTED) }) : t("not on its list")}${one.always || !one.levels.length ? nothing : html` · ${t("at certain hours")}`}</span></li>`,
          )}</ul>`
        : html`<p>${t("This person has no card. Nobody passes here alone without one.")}</p>`}
      ${asked.other_credentials ? html`<p class="quiet">${t("{count} passes, plates or codes besides: no device decides on those alone.", { count: asked.other_credentials })}</p>` : nothing}
    </div>`;
  }
}

/** A time typed on the campus's own clock, as the gateway wants it. */
function instant(/** @type {string} */ local) {
  const asUtc = Date.parse(`${local}Z`);
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: texts.timezone, dateStyle: "short", timeStyle: "medium" }).format(asUtc);
  return new Date(asUtc - (Date.parse(`${shown.replace(" ", "T")}Z`) - asUtc)).toISOString();
}

customElements.define("wg-c-alone", AlonePart);
