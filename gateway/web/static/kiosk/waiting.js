/**
 * The waiting column: who waits for the guard's word, with the time left, and who waited until it was over.
 *
 * Promises: whoever is there keeps their place while they are there; whoever goes leaves a line with what became of it
 * for a moment, and for a moment after the rows have moved no touch counts, so that nobody gets another's word.
 * A double touch is one touch; of two guards the second hears that somebody was faster.
 */

import { repeat } from "lit/directives/repeat.js";
import { Problem } from "../api.js";
import { place, sentence, t, timeOfDay, word } from "../i18n.js";
import { dotted, html, nothing, Part } from "../live/parts.js";
import { picture } from "./picture.js";
import { isPlate, plateChoices } from "./plate_card.js";

/** @typedef {import("../store.js").Waiting & {closed_at?: string, plate?: string | null, picture?: boolean,
 *   proposals?: {plate: string, holder?: any}[]}} Row */

const SETTLES_MS = 350;
const GHOST_MS = 2500;

export class KioskWaitingPart extends Part {
  static properties = {
    kiosk: { attribute: false },
    now: { attribute: false },
    said: { state: true },
    busy: { state: true },
    ghosts: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    this.now = 0;
    /** @type {Record<string, string>} */
    this.said = {};
    /** @type {Set<string>} */
    this.busy = new Set();
    /** Who has just gone, and what became of it. @type {Record<string, {row: Row, text: string, outcome: string}>} */
    this.ghosts = {};
    this.movedAt = -Infinity;
    /** @type {string[]} */
    this.order = [];
  }

  /** Somebody waits no more: their place says for a moment what became of it. */
  gone(/** @type {Row} */ row, /** @type {{outcome: string, reason: string}} */ answer) {
    const granted = answer.outcome === "grant";
    const text = granted ? t("Let through.") : answer.reason === "guard_timeout" ? t("Time was up.") : t("Refused.");
    this.ghosts = { ...this.ghosts, [row.id]: { row, text, outcome: answer.outcome } };
    setTimeout(() => {
      const { [row.id]: _, ...rest } = this.ghosts;
      this.ghosts = rest;
      this.movedAt = performance.now();
    }, GHOST_MS);
  }

  /** @returns {{row: Row, kind: "waits" | "late" | "gone"}[]} */
  rows() {
    const { waiting, late } = this.kiosk.state;
    /** @type {Map<string, {row: Row, kind: "waits" | "late" | "gone"}>} */
    const all = new Map();
    for (const ghost of Object.values(this.ghosts)) all.set(ghost.row.id, { row: ghost.row, kind: "gone" });
    for (const row of late) all.set(row.id, { row, kind: "late" });
    for (const row of waiting) all.set(row.id, { row, kind: "waits" });
    this.order = [...this.order.filter((id) => all.has(id)), ...[...all.keys()].filter((id) => !this.order.includes(id))];
    return this.order.map((id) => /** @type {any} */ (all.get(id)));
  }

  async ask(/** @type {Row} */ row, /** @type {"grant" | "refuse" | "late"} */ what, /** @type {string} */ plate = "") {
    if (this.busy.has(row.id) || performance.now() - this.movedAt < SETTLES_MS) return;
    this.busy = new Set([...this.busy, row.id]);
    this.said = { ...this.said, [row.id]: "" };
    const id = encodeURIComponent(row.id);
    try {
      if (what === "late") {
        await this.kiosk.ask("POST", `waiting/${id}/late`);
        this.gone(row, { outcome: "grant", reason: "" });
        this.forget(row.id);
      } else {
        await this.kiosk.ask("POST", `waiting/${id}`, plate ? { outcome: what, plate } : { outcome: what });
      }
    } catch (problem) {
      this.said = { ...this.said, [row.id]: why(problem) };
    }
    this.busy = new Set([...this.busy].filter((one) => one !== row.id));
  }

  forget(/** @type {string} */ id) {
    this.dispatchEvent(new CustomEvent("wg-act", { detail: { act: "forget_late", id }, bubbles: true }));
  }

  render() {
    if (!this.kiosk) return nothing;
    const { waiting, late } = this.kiosk.state;
    const rows = this.rows();
    return html`
      <h2 class="head" id="h-waiting">
        ${t("Waiting for a person")} (${waiting.length})${late.length ? html` · <span class="k-late-count">${t("{count} too late", { count: late.length })}</span>` : nothing}
      </h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="h-waiting">
        ${rows.length
          ? html`<ul>${repeat(rows, (one) => one.row.id, (one) => this.card(one.row, one.kind))}</ul>`
          : html`<p class="empty">
              ${t("Nobody waits. Whoever needs a guard's word appears here, with the time left to answer.")}
            </p>`}
      </div>
    `;
  }

  card(/** @type {Row} */ row, /** @type {"waits" | "late" | "gone"} */ kind) {
    const name = row.holder === null ? (row.plate ?? t("nobody known")) : row.holder.name;
    const busy = this.busy.has(row.id);
    const where = dotted(
      row.holder && word("kind", row.holder.kind),
      row.plate && row.holder ? row.plate : null,
      `${row.direction === "in" ? "→" : "←"} ${place(row.portal)}`,
    );
    const ghost = kind === "gone" ? this.ghosts[row.id] : undefined;
    return html`<li class="k-card" data-kind=${kind} data-id=${row.id} data-plate=${isPlate(row)}>
      <div class="k-card-who">
        ${picture(this.kiosk, row.id, row.holder, row.picture ? `waiting/${encodeURIComponent(row.id)}/picture` : null)}
        <div>
          <div class="name">${name}</div>
          <div class="where">${where}</div>
        </div>
      </div>
      ${ghost
        ? html`<p class="k-gone" data-outcome=${ghost.outcome}>
            <span aria-hidden="true">${ghost.outcome === "grant" ? "✓" : "✕"}</span> ${ghost.text}
          </p>`
        : html`<div class="why">${kind === "late" ? t("Nobody answered in time; refused at {time}.", { time: timeOfDay(row.closed_at ?? row.until) }) : sentence(row.reason).guard}</div>
            ${isPlate(row) && kind === "waits" && this.kiosk.rights.includes("answer_waiting")
              ? plateChoices(
                  row,
                  busy,
                  (plate) => void this.ask(row, "grant", plate),
                  () => void this.kiosk.open("vehicle", { waiting: row }),
                )
              : nothing}
            ${kind === "waits" ? this.left(row) : nothing}
            ${this.said[row.id] ? html`<div class="said" role="status">${this.said[row.id]}</div>` : nothing}
            ${this.kiosk.rights.includes("answer_waiting") ? this.acts(row, kind, busy, name) : nothing}`}
    </li>`;
  }

  left(/** @type {Row} */ row) {
    const left = Math.max(0, Math.ceil((Date.parse(row.until) - this.now) / 1000));
    const whole = Math.max(1, Math.round((Date.parse(row.until) - Date.parse(row.at)) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    return html`<div class="left">
      <span>${t("{time} left", { time })}</span>
      <progress max=${whole} value=${left} aria-label=${t("Time left to answer")}></progress>
    </div>`;
  }

  /** @param {Row} row @param {"waits" | "late" | "gone"} kind @param {boolean} busy @param {string} name */
  acts(row, kind, busy, name) {
    const inward = row.direction === "in";
    const button = (
      /** @type {"grant" | "refuse" | "late" | "forget"} */ what,
      /** @type {string} */ sign,
      /** @type {string} */ text,
    ) => html`<button
      type="button"
      class=${what === "grant" || what === "late" ? "main" : ""}
      data-what=${what}
      aria-busy=${busy}
      ?disabled=${busy}
      aria-label=${`${text}: ${name}`}
      @click=${() => (what === "forget" ? this.forget(row.id) : void this.ask(row, what))}
    >
      <span aria-hidden="true">${sign}</span> ${text}
    </button>`;
    return html`<div class="acts">
      ${kind === "late"
        ? html`${button("forget", "✕", t("Take away"))} ${button("late", "✓", inward ? t("Let in now") : t("Let out now"))}`
        : html`${button("refuse", "✕", t("Refuse"))} ${isPlate(row) && row.holder === null ? nothing : button("grant", "✓", inward ? t("Let in") : t("Let out"))}`}
    </div>`;
  }
}

/** Why it was not done; what the rules say by now, in the guard's words. */
function why(/** @type {unknown} */ problem) {
  if (!(problem instanceof Problem)) return String(problem);
  const reason = problem.detail.split(":")[0] ?? "";
  if (problem.kind === "conflict" && sentence(reason).hint) return `${sentence(reason).guard} ${sentence(reason).hint}`;
  return problem.message;
}

customElements.define("wg-k-waiting", KioskWaitingPart);
