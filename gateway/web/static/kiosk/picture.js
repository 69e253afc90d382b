/** A person's picture where the school keeps one; else a neutral sign of the same size, so that nothing jumps. */

import { html } from "../live/parts.js";

/** Whom we have asked about in vain: not again with each tap. @type {Set<string>} */
const without = new Set();

/**
 * @param {import("./sheet.js").Kiosk} kiosk
 * @param {string} tap
 * @param {import("../store.js").Holder | null} holder
 * @param {string | null} [other] another picture, as of a plate, below /api/v1/
 */
export function picture(kiosk, tap, holder, other = null) {
  const path = other ?? (holder && `gates/${kiosk.gate.id}/taps/${encodeURIComponent(tap)}/picture`);
  const key = other ?? holder?.id ?? "";
  if (!path || without.has(key) || kiosk.state.online !== "connected") {
    return html`<span class="k-picture"><span aria-hidden="true">${holder === null ? "?" : "◯"}</span></span>`;
  }
  const gone = (/** @type {Event} */ event) => {
    without.add(key);
    if (event.target instanceof HTMLElement) event.target.hidden = true;
  };
  return html`<span class="k-picture"
    ><span aria-hidden="true">◯</span><img src="/api/v1/${path}" alt="" @error=${gone}
  /></span>`;
}
