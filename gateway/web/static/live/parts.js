/** Small pieces that several parts of the live page paint, and what all parts have in common. */

import { html, LitElement, nothing } from "lit";
import { t, word } from "../i18n.js";

/** @typedef {import("../store.js").Holder} Holder */

export const SIGNS = /** @type {Record<string, string>} */ ({ grant: "✓", deny: "✕", wait: "…" });
export const PRIORITY_SIGNS = /** @type {Record<string, string>} */ ({ high: "■", medium: "◆", low: "▲" });

/**
 * A part of the page. It paints into the page itself, not into a shadow: the server painted the same first, with the
 * same styles. What the server painted goes when the part takes over.
 */
export class Part extends LitElement {
  createRenderRoot() {
    this.replaceChildren();
    return this;
  }

  /** Say what a person wants; the page carries it out. */
  act(/** @type {import("../acts.js").Act} */ act) {
    this.dispatchEvent(new CustomEvent("wg-act", { detail: act, bubbles: true }));
  }
}

/** Who it is. */
export function holder(/** @type {Holder | null} */ who) {
  if (who === null) return html`<span>${t("nobody known")}</span>`;
  return html`<b>${who.name}</b> <span>${word("kind", who.kind)}</span>`;
}

/** A verdict by shape, word and colour. */
export function verdict(/** @type {string} */ outcome) {
  return html`<span class="verdict" data-outcome=${outcome}
    ><span aria-hidden="true">${SIGNS[outcome] ?? ""}</span> ${word("verdict", outcome)}</span
  >`;
}

/** Joined by a middle dot, without the empty ones. */
export function dotted(/** @type {(string | null | undefined | false)[]} */ ...parts) {
  return parts.filter((part) => part).join(" · ");
}

export { html, nothing };
