/**
 * Each tap as it happens, the newest on top.
 * While a finger, the pointer or the keyboard is on the list it stands still, and says how many came meanwhile.
 */

import { repeat } from "lit/directives/repeat.js";
import { place, sentence, t, timeOfDay, word } from "../i18n.js";
import { dotted, holder, html, nothing, Part, verdict } from "./parts.js";

/** @typedef {import("../store.js").Tap} Tap */

const SHOWN = 100;
const SAYS_NOTHING = new Set(["ok", "ok_exit"]);

export class TapsPart extends Part {
  static properties = {
    taps: { attribute: false },
    hasPast: { attribute: false },
    held: { state: true },
  };

  constructor() {
    super();
    /** @type {Tap[]} */
    this.taps = [];
    this.hasPast = true;
    /** What stands on the screen while it is held, or null. @type {Tap[] | null} */
    this.held = null;
  }

  hold() {
    if (this.held === null) this.held = this.taps;
  }

  /** The keyboard is on it. A click leaves its focus behind for ever: that must not stop the list. */
  holdForKeys() {
    if (this.querySelector(".hold :focus-visible")) this.hold();
  }

  /** Let go when nobody is on it and it stands at its top. */
  release() {
    const held = this.querySelector(".hold");
    const list = this.querySelector(".scroll");
    if (this.held === null || held === null || list === null) return;
    if (held.matches(":hover") || held.querySelector(":focus-visible") || list.scrollTop > 8) return;
    this.held = null;
  }

  toTop() {
    this.held = null;
    const list = this.querySelector(".scroll");
    if (!(list instanceof HTMLElement)) return;
    // The button that was pressed goes away: who came by keyboard goes on from the list.
    if (this.querySelector(".held:focus-visible")) list.focus({ preventScroll: true });
    list.scrollTop = 0;
  }

  render() {
    const shown = (this.held ?? this.taps).slice(0, SHOWN);
    const newer = this.held === null ? 0 : this.taps.indexOf(/** @type {Tap} */ (this.held[0]));
    const count = newer < 0 ? this.taps.length : newer;
    return html`
      <h2 class="head" id="h-taps">${t("Taps")}</h2>
      <div
        class="hold"
        @pointerenter=${this.hold}
        @pointerleave=${this.release}
        @focusin=${this.holdForKeys}
        @focusout=${() => setTimeout(() => this.release())}
      >
        ${count > 0
          ? html`<button type="button" class="small held" @click=${this.toTop}>
              ▲ ${t("{count} new: show", { count })}
            </button>`
          : nothing}
        <div
          class="scroll"
          tabindex="0"
          role="group"
          aria-labelledby="h-taps"
          @scroll=${this.hold}
          @scrollend=${this.release}
        >
          ${shown.length
            ? html`<ol>${repeat(shown, (tap) => tap.id, (tap) => this.row(tap))}</ol>`
            : html`<p class="empty">${t("Each tap at a reader appears here as it happens, the newest on top.")}</p>`}
        </div>
      </div>
    `;
  }

  row(/** @type {Tap} */ tap) {
    const { outcome, reason } = tap.answer ?? tap;
    const said = sentence(reason);
    const where = dotted(
      `${tap.direction === "in" ? "→" : "←"} ${word("direction", tap.direction)}`,
      place(tap.portal),
      tap.credential && word("credential", tap.credential),
    );
    return html`<li class=${tap.isNew ? "tap new" : "tap"} data-outcome=${outcome}>
      <time datetime=${tap.at}>${timeOfDay(tap.at)}</time>
      ${verdict(outcome)}
      <div class="text">
        <div class="line">
          <div class="who">${holder(tap.holder)}</div>
          <div class="where">${where}</div>
        </div>
        ${tap.answer ? html`<div class="why">${answered(outcome)}</div>` : nothing}
        ${SAYS_NOTHING.has(reason)
          ? nothing
          : html`<div class="why">
              ${said.guard} ${outcome === "grant" ? nothing : html`<span class="hint">${said.hint}</span>`}
            </div>`}
        ${tap.notices.map(
          (notice) => html`<div class="why"><span aria-hidden="true">▲</span> ${sentence(notice).guard}</div>`,
        )}
        ${outcome === "grant" && !tap.notices.length ? nothing : trace(tap)}
      </div>
    </li>`;
  }
}

/** A guard's word, or nobody's. */
function answered(/** @type {string} */ outcome) {
  return outcome === "grant" ? t("A guard let them through.") : t("It was refused after waiting.");
}

/** Every rule that was looked at, for whoever wants to know. */
function trace(/** @type {Tap} */ tap) {
  if (!tap.trace.length) return nothing;
  return html`<details class="trace">
    <summary>${t("All rules")}</summary>
    <ul>
      ${tap.trace.map(
        (line) =>
          html`<li>
            ${word("rule", line.rule)}: ${word("finding", line.verdict)}${line.reason
              ? html` – ${sentence(line.reason).guard}`
              : nothing}
          </li>`,
      )}
    </ul>
  </details>`;
}

customElements.define("wg-taps", TapsPart);
