/**
 * The second step of an act on an order, at the side: what the act will change, what has to be typed, and the act itself
 * with its consequence in numbers. A leaf without a state of its own.
 */

import { t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import "../../ui/field.js";
import { zonesOf } from "./orders.js";
import { headline } from "./preview_lines.js";
import { documentOf, levelSign, span } from "./signs.js";

/** @typedef {import("./orders.js").Act} Act */
/** @typedef {{act: Act, order: import("./signs.js").Order, reason: string, document: string, error: string,
 *   preview: import("./preview_lines.js").Preview | null, failed: string}} Panel */

const NEEDS_REASON = new Set(["refuse", "revoke", "withdraw", "cancel"]);
const NEEDS_DOCUMENT = new Set(["document", "cancel"]);
/** Acts that change what holds: they show what, first. */
export const CHANGES = new Set(["sign", "revoke", "cancel", "request"]);

export function titleOf(/** @type {Panel} */ { act, order }) {
  switch (act) {
    case "sign":
      return t("Sign this order");
    case "refuse":
      return t("Do not sign this order");
    case "countersign":
      return t("Countersign this order");
    case "confirm":
      return t("Confirm what you gave by word");
    case "document":
      return t("The document's number");
    case "withdraw":
      return t("Withdraw your request");
    case "request":
      return t("Put it before a principal");
    case "cancel":
      return t("The superior's cancellation");
    default:
      return order.revoking_by ? t("Revoke it as the second person") : t("Revoke this order");
  }
}

/** What is missing before it can be sent. */
export function missing(/** @type {Panel} */ { act, reason, document }) {
  if (NEEDS_REASON.has(act) && !reason.trim()) return t("Say why, in a few words.");
  if (NEEDS_DOCUMENT.has(act) && !document.trim()) return t("The document's number is missing.");
  return "";
}

/** @param {Panel} panel @param {string} busy @param {{set: (some: Partial<Panel>) => void, send: () => void}} acts */
export function actPanel(panel, busy, acts) {
  const { act, order, preview, failed } = panel;
  const waits = CHANGES.has(act) && preview === null && !failed;
  const text = (/** @type {"reason" | "document"} */ name, /** @type {string} */ label, /** @type {number} */ limit) =>
    html`<wg-field path=${`act.${name}`} .label=${label} .value=${panel[name]} .limit=${limit}
      @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => acts.set({ [name]: event.detail.value, error: "" })}></wg-field>`;
  return html`<form @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    acts.send();
  }}>
    <div class="about" data-drill=${order.drill}>
      <p>${levelSign(order.level, order.drill)} <b>${documentOf(order) || t("no number yet")}</b> · ${word("order", order.state)}</p>
      <p>${zonesOf(order)} · ${span(order.starts_at, order.ends_at)}</p>
      <p class="reason">${order.reason}</p>
    </div>
    ${waits ? html`<p class="quiet" role="status">${t("Working out what it will change …")}</p>` : nothing}
    ${failed ? html`<p class="warn"><span aria-hidden="true">◆</span> ${t("What it will change could not be worked out: {why}", { why: failed })}</p>` : nothing}
    <wg-l-preview .preview=${preview}></wg-l-preview>
    ${hint(panel)}
    ${NEEDS_DOCUMENT.has(act) ? text("document", t("Document number"), 100) : nothing}
    ${NEEDS_REASON.has(act) ? text("reason", t("Reason"), 500) : nothing}
    <p class="error" role="alert">${panel.error ? html`<span aria-hidden="true">◆</span> ${panel.error}` : nothing}</p>
    <div class="acts"><button type="submit" class="main" ?disabled=${waits} aria-busy=${busy === act}>${sendWord(panel)}</button></div>
  </form>`;
}

function hint(/** @type {Panel} */ { act, order }) {
  if (act !== "revoke" || order.level !== 1) return nothing;
  return html`<p class="quiet">${order.revoking_by
    ? t("{who} was the first: with you it ends at once.", { who: order.revoking_by })
    : t("L1 takes two different people. With your word nothing changes yet; a second duty leader or principal has 15 minutes.")}</p>`;
}

function sendWord(/** @type {Panel} */ { act, order, preview }) {
  const numbers = preview === null ? t("not worked out") : headline(preview);
  const drill = order.drill ? `${t("DRILL")} ` : "";
  switch (act) {
    case "sign":
      return `${drill}${t("Sign: {numbers}", { numbers })}`;
    case "request":
      return `${drill}${t("Request it: {numbers}", { numbers })}`;
    case "revoke":
      return order.level === 1 && !order.revoking_by ? t("Be the first to revoke: {numbers}", { numbers }) : t("Revoke now: {numbers}", { numbers });
    case "cancel":
      return t("Record the cancellation: {numbers}", { numbers });
    case "refuse":
      return t("Do not sign");
    case "countersign":
      return t("Countersign");
    case "confirm":
      return t("Confirm");
    case "withdraw":
      return t("Withdraw");
    default:
      return t("Save the number");
  }
}
