/** Whoever waits for a person's word, the longest first, with the time left and what can be answered. */

import { repeat } from "lit/directives/repeat.js";
import { place, sentence, t, word } from "../i18n.js";
import { dotted, html, nothing, Part } from "./parts.js";

/** @typedef {import("../store.js").Waiting} Waiting */

export class WaitingPart extends Part {
  static properties = {
    waiting: { attribute: false },
    mayAnswer: { attribute: false },
    now: { attribute: false },
    said: { attribute: false },
    busy: { attribute: false },
  };

  constructor() {
    super();
    /** @type {Waiting[]} */
    this.waiting = [];
    this.mayAnswer = false;
    this.now = 0;
    /** What became of an answer, by the id of who waits. @type {Record<string, string>} */
    this.said = {};
    /** Ids under way. @type {Set<string>} */
    this.busy = new Set();
  }

  render() {
    return html`
      <h2 class="head" id="h-waiting">${t("Waiting for a person")} (${this.waiting.length})</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="h-waiting">
        ${this.waiting.length
          ? html`<ul>${repeat(this.waiting, (one) => one.id, (one) => this.card(one))}</ul>`
          : html`<p class="empty">
              ${t("Nobody waits. Whoever needs a guard's word appears here, with the time left to answer.")}
            </p>`}
      </div>
    `;
  }

  card(/** @type {Waiting} */ one) {
    const left = Math.max(0, Math.ceil((Date.parse(one.until) - this.now) / 1000));
    const whole = Math.max(1, Math.round((Date.parse(one.until) - Date.parse(one.at)) / 1000));
    const name = one.holder === null ? t("nobody known") : one.holder.name;
    const busy = this.busy.has(one.id);
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    return html`<li class="card">
      <div class="name">${name}</div>
      <div>${dotted(one.holder && word("kind", one.holder.kind), place(one.portal), word("direction", one.direction))}</div>
      <div>${sentence(one.reason).guard}</div>
      <div class="left">
        <span>${t("{time} left", { time })}</span>
        <progress max=${whole} value=${left} aria-label=${t("Time left to answer")}></progress>
      </div>
      ${this.said[one.id] ? html`<div class="said" role="status">${this.said[one.id]}</div>` : nothing}
      ${this.mayAnswer
        ? html`<div class="acts">
            ${this.button(one, "refuse", "✕", t("Refuse"), busy)} ${this.button(one, "grant", "✓", one.direction === "in" ? t("Let in") : t("Let out"), busy)}
          </div>`
        : nothing}
    </li>`;
  }

  /**
   * @param {Waiting} one
   * @param {"grant" | "refuse"} outcome
   * @param {string} sign
   * @param {string} text
   * @param {boolean} busy
   */
  button(one, outcome, sign, text, busy) {
    const who = one.holder === null ? t("nobody known") : one.holder.name;
    return html`<button
      type="button"
      class=${outcome === "grant" ? "main" : ""}
      aria-busy=${busy}
      ?disabled=${busy}
      aria-label=${`${text}: ${who}`}
      @click=${() => this.act({ act: "answer", id: one.id, outcome })}
    >
      <span aria-hidden="true">${sign}</span> ${text}
    </button>`;
  }
}

customElements.define("wg-waiting", WaitingPart);
