/**
 * The verdict of each tap at this gate, at once and readable from two metres; in a rush a counter for each lane, and
 * those who were refused as cards that stay (rush.js says for how long).
 */

import { age, place, sentence, t, timeOfDay, word } from "../i18n.js";
import { dotted, html, nothing, Part, SIGNS } from "../live/parts.js";
import { picture } from "./picture.js";
import { calm, came, later, touched } from "./rush.js";

/** @typedef {import("../store.js").Tap & {slip?: any}} Tap */

const LAST = 12;
const OLD_MS = 25_000;
const SAYS_NOTHING = new Set(["ok", "ok_exit"]);

export class VerdictPart extends Part {
  static properties = { kiosk: { attribute: false }, rush: { state: true }, sheltered: { state: true } };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    this.rush = calm();
    /** What became of a shelter, by tap; "" while it is under way. @type {Record<string, string>} */
    this.sheltered = {};
    /** Shows the person one sentence, on the other screen and turned round on this one. @type {(tap: Tap) => void} */
    this.turn = () => {};
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => this.look(), 500);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  look() {
    const next = later(this.rush, performance.now());
    if (next.mode !== this.rush.mode || next.slots.some((one, at) => one !== this.rush.slots[at])) this.rush = next;
    else this.rush.times = next.times;
    this.rush.calmSince = next.calmSince;
    this.requestUpdate();
  }

  show(/** @type {Tap} */ tap) {
    this.rush = came(this.rush, tap, performance.now());
  }

  answered(/** @type {any} */ _event) {
    this.requestUpdate();
  }

  render() {
    if (!this.kiosk) return nothing;
    const { taps } = this.kiosk.state;
    const tap = /** @type {Tap | undefined} */ (taps[0]);
    const { mode, line, lost } = this.rush;
    const slots = this.rush.slots.map((one) => (one !== null && !mode && one.id === tap?.id ? null : one));
    const more = line.length + lost;
    // While it is calm a row of empty places would only take the verdict's room.
    const lastUsed = slots.reduce((last, one, at) => (one === null ? last : at), -1);
    const places = mode || more ? slots : slots.slice(0, lastUsed + 1 + ((lastUsed + 1) % 2));
    return html`
      ${mode ? this.lanes() : tap === undefined ? this.nobody() : this.now(tap)}
      ${slots.some((one) => one !== null) || more
        ? html`<div class="k-refused" role="group" aria-label=${t("Refused, not yet looked at")}>
            ${places.map((one) => (one === null ? html`<span class="k-place"></span>` : this.refused(one)))}
            ${more ? html`<p class="k-plus">${t("+{count} more", { count: more })}</p>` : nothing}
          </div>`
        : nothing}
      ${this.last(taps)}
    `;
  }

  nobody() {
    return html`<p class="empty k-nobody">${t("The verdict of each tap at this gate appears here, large.")}</p>`;
  }

  now(/** @type {Tap} */ tap) {
    const { outcome, reason } = tap.answer ?? tap;
    const said = sentence(reason);
    const old = this.kiosk.now() - Date.parse(tap.at) > OLD_MS;
    const who = tap.holder === null ? t("nobody known") : tap.holder.name;
    return html`<div class=${old ? "k-now old" : "k-now"} data-outcome=${outcome} data-id=${tap.id}>
      <p class="k-word"><span class="k-sign" aria-hidden="true">${SIGNS[outcome] ?? ""}</span> ${word("verdict", outcome)}</p>
      <div class="k-who">
        ${picture(this.kiosk, tap.id, tap.holder)}
        <div>
          <p class="k-name">${who}</p>
          <p class="k-about">
            ${dotted(
              tap.holder && word("kind", tap.holder.kind),
              tap.credential && word("credential", tap.credential),
              `${tap.direction === "in" ? "→" : "←"} ${place(tap.portal)}`,
              old ? age(this.kiosk.now() - Date.parse(tap.at)) : timeOfDay(tap.at),
            )}
          </p>
        </div>
      </div>
      ${tap.answer
        ? html`<p class="k-why">${outcome === "grant" ? t("A guard let them through.") : t("It was refused after waiting.")}</p>`
        : nothing}
      ${SAYS_NOTHING.has(reason) ? nothing : html`<p class="k-why">${said.guard}</p>`}
      ${outcome === "grant" || !said.hint ? nothing : html`<p class="k-hint">${said.hint}</p>`}
      ${tap.notices.map((notice) => html`<p class="k-notice"><span aria-hidden="true">▲</span> ${sentence(notice).guard}</p>`)}
      ${slip(tap)}
      ${reason === "entry_banned"
        ? html`<button type="button" class="k-turn" data-open="call"><span aria-hidden="true">☎</span> ${t("Call")}</button>`
        : nothing}
      ${reason === "lockdown" && tap.holder !== null ? this.shelter(tap) : nothing}
      ${outcome === "grant"
        ? nothing
        : html`<button type="button" class="k-turn" @click=${() => this.turn(tap)}>
            <span aria-hidden="true">↻</span> ${t("Show it to the person")}
          </button>`}
    </div>`;
  }

  /** In a lockdown people of the school are let in to take shelter, by one touch. */
  shelter(/** @type {Tap} */ tap) {
    if (!this.kiosk.rights.includes("answer_waiting")) return nothing;
    const said = this.sheltered[tap.id];
    const letIn = async () => {
      if (this.sheltered[tap.id] !== undefined) return;
      this.sheltered = { ...this.sheltered, [tap.id]: "" };
      const { portal, direction } = tap;
      try {
        await this.kiosk.ask("POST", "openings", { portal, direction, kind: "shelter", holder: tap.holder?.id });
        this.sheltered = { ...this.sheltered, [tap.id]: t("It opens.") };
      } catch (problem) {
        this.sheltered = { ...this.sheltered, [tap.id]: problem instanceof Error ? problem.message : String(problem) };
      }
    };
    return said
      ? html`<p class="k-why" role="status">${said}</p>`
      : html`<button type="button" class="k-shelter" aria-busy=${said === ""} @click=${() => void letIn()}>
          <span aria-hidden="true">⌂</span> ${t("Let in to take shelter")}
        </button>`;
  }

  lanes() {
    return html`<div class="k-rush" role="group" aria-label=${t("Rush: how many passed, by lane")}>
      <p class="k-rush-head">${t("Many people are passing")}</p>
      <div class="k-lanes">
        ${this.kiosk.portals.map(
          (portal) => html`<div class="k-lane" data-outcome="grant" data-portal=${portal.id}>
            <span class="k-lane-name">${place(portal.id)}</span>
            <span class="k-lane-count"><span aria-hidden="true">✓</span> ${this.rush.granted[portal.id] ?? 0}</span>
          </div>`,
        )}
      </div>
    </div>`;
  }

  refused(/** @type {import("./rush.js").Card} */ card) {
    const tap = /** @type {Tap} */ (card.tap);
    const name = tap.holder === null ? t("nobody known") : tap.holder.name;
    return html`<button
      type="button"
      class="k-refused-card"
      data-id=${card.id}
      data-touched=${card.touched}
      @click=${() => {
        this.rush = touched(this.rush, card.id, performance.now());
      }}
    >
      <b><span aria-hidden="true">✕</span><span class="sr">${word("verdict", "deny")}: </span> ${name}</b>
      <span>${sentence(tap.reason).guard}</span>
      <small>${dotted(place(tap.portal), timeOfDay(tap.at), card.touched && t("seen"))}</small>
      <span class="sr">${t("Touch when seen")}</span>
    </button>`;
  }

  last(/** @type {Tap[]} */ taps) {
    if (!taps.length) return nothing;
    return html`<p class="k-last" data-id=${taps[0]?.id ?? ""}>
      <span>${t("Last:")}</span>
      ${taps.slice(0, LAST).map((tap) => {
        const { outcome } = tap.answer ?? tap;
        return html`<span data-outcome=${outcome}
          ><span aria-hidden="true">${SIGNS[outcome] ?? ""}</span><span class="sr">${word("verdict", outcome)}</span></span
        >`;
      })}
      <time>${timeOfDay(/** @type {Tap} */ (taps[0]).at)}</time>
    </p>`;
  }
}

/** A leave slip that goes with the tap: until when, and who collects; never why. */
function slip(/** @type {Tap} */ tap) {
  if (!tap.slip) return nothing;
  const { ends_at, collector, late } = tap.slip;
  if (late) {
    return html`<p class="k-notice">
      <span aria-hidden="true">▲</span> ${t("Back late from a leave slip that ended at {time}.", { time: timeOfDay(ends_at) })}
    </p>`;
  }
  return html`<p class="k-notice">
    <span aria-hidden="true">▤</span> ${dotted(
      ends_at && t("Leave slip until {time}", { time: timeOfDay(ends_at) }),
      collector && t("collected by {name}", { name: collector.name }),
    )}
  </p>`;
}

customElements.define("wg-k-verdict", VerdictPart);
