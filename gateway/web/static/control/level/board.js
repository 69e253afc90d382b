/**
 * The propagation board: every device, whether it was asked, has acknowledged, is verified, is late or lost, and for how
 * long. Those that do not follow come first. A leaf: it gets what `GET propagation` said, and when.
 *
 * Promises: the order of rows changes only with an answer of the gateway, never while a clock runs.
 */

import { place, t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { said } from "../../slips/times.js";
import { drillSign, FOLLOW_SIGNS, lasting, realSign } from "./signs.js";

/** @typedef {{device: string, portal: string | null, zone: string | null, state: string, issued: number, shown: number | null,
 *   since_s: number | null, kind: string, why: string | null, acknowledged_after_s: number | null,
 *   verified_after_s: number | null, verified_by: string | null}} Row */
/** @typedef {{counts: {devices: number, acknowledged: number, verified: number, asked: number, late: number, away: number},
 *   devices: Row[], changes: {cause: string, of: string | null, zones: string[], drill: boolean, at: string, asked: number,
 *   shown: number, late: string[], away: string[], slowest_ms: number | null, done: boolean}[]}} Board */

const SHOWN = 60;

export class BoardPart extends Part {
  static properties = { board: { attribute: false }, askedAt: { attribute: false }, now: { attribute: false }, only: { state: true }, all: { state: true } };

  constructor() {
    super();
    /** @type {Board | null} */
    this.board = null;
    /** When the gateway said it, in ms of its clock. */
    this.askedAt = 0;
    this.now = 0;
    this.only = false;
    this.all = false;
  }

  render() {
    const { board } = this;
    if (board === null) return html`<p class="empty">${t("Every device and the posture that it shows appear here.")}</p>`;
    const { counts } = board;
    const wanted = this.only ? board.devices.filter((one) => one.state !== "verified") : board.devices;
    const shown = this.all ? wanted : wanted.slice(0, SHOWN);
    return html`
      ${this.change(board.changes[0])}
      <p class="followed" data-late=${counts.late > 0}>
        <b>${counts.acknowledged}/${counts.devices}</b> ${t("follow")}
        <progress max=${Math.max(1, counts.devices)} value=${counts.acknowledged} aria-label=${t("Devices that follow")}></progress>
      </p>
      <ul class="tally" aria-label=${t("Devices by how far they are")}>
        ${this.tally("late", counts.late)} ${this.tally("away", counts.away)} ${this.tally("asked", counts.asked)}
        ${this.tally("acknowledged", counts.acknowledged - counts.verified)} ${this.tally("verified", counts.verified)}
      </ul>
      <label class="choice"><input type="checkbox" .checked=${this.only} @change=${(/** @type {Event} */ event) => (this.only = /** @type {HTMLInputElement} */ (event.target).checked)} />
        <span>${t("only those that are not verified")}</span></label>
      ${shown.length
        ? html`<table class="board">
            <caption class="sr">${t("Every device and the posture that it shows, those that do not follow first")}</caption>
            <thead><tr><th scope="col">${t("Device and place")}</th><th scope="col">${t("State")}</th><th scope="col" class="number">${t("clock")}</th></tr></thead>
            <tbody>${shown.map((one) => this.row(one))}</tbody>
          </table>`
        : html`<p class="empty">${t("All devices are verified.")}</p>`}
      ${wanted.length > shown.length ? html`<button type="button" class="small" @click=${() => (this.all = true)}>${t("Show all {count}", { count: wanted.length })}</button>` : nothing}
    `;
  }

  /** @param {string} state @param {number} count */
  tally(state, count) {
    return html`<li data-state=${state} data-some=${count > 0}><span aria-hidden="true">${FOLLOW_SIGNS[state]}</span> ${word("follow", state)} <b>${count}</b></li>`;
  }

  change(/** @type {Board["changes"][number] | undefined} */ change) {
    if (change === undefined) return html`<p class="quiet">${t("No change has gone out since the gateway was started.")}</p>`;
    const what = change.cause === "emergency" ? t("Emergency") : t("Level");
    const real = change.cause === "emergency" && !change.drill ? realSign() : nothing;
    const time = change.slowest_ms === null ? "" : ` · ${t("slowest {seconds} s", { seconds: (change.slowest_ms / 1000).toFixed(1) })}`;
    return html`<p class="change" data-drill=${change.drill}>
      ${change.drill ? drillSign() : real} ${t("Last change:")} ${what} · ${said(change.at)} · <b>${change.shown}/${change.asked}</b>${time}
    </p>`;
  }

  row(/** @type {Row} */ one) {
    const where = one.portal ?? one.zone;
    return html`<tr data-state=${one.state} data-device=${one.device}>
      <th scope="row">${where ? place(where) : ""} <span class="quiet">${word("device", one.kind)} ${one.device}</span></th>
      <td><span class="follow" data-state=${one.state}><span aria-hidden="true">${FOLLOW_SIGNS[one.state] ?? ""}</span> ${word("follow", one.state)}</span>
        ${one.why && one.why !== "lost" ? html`<span class="note">${word("follow_why", one.why)}</span>` : nothing}
        ${one.verified_by ? html`<span class="note">${word("verified_by", one.verified_by)}</span>` : nothing}</td>
      <td class="number">${this.clock(one)}</td>
    </tr>`;
  }

  /** It runs while a device does not follow, and stands at how long it took when it does. */
  clock(/** @type {Row} */ one) {
    if (one.since_s !== null) return lasting(one.since_s + (this.now - this.askedAt) / 1000);
    const took = one.verified_after_s ?? one.acknowledged_after_s;
    return took === null ? "–" : t("after {seconds} s", { seconds: took.toFixed(1) });
  }
}

customElements.define("wg-l-board", BoardPart);
