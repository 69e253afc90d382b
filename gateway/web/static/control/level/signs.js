/** How levels, orders and following devices are shown: by shape, word and colour, the same everywhere in this tab. */

import { t, texts, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { said } from "../../slips/times.js";

/** @typedef {{id: string, state: string, level: number, zones: string[], starts_at: string, ends_at: string | null,
 *   authority: string, drill: boolean, document: string | null, oral: {from: string, received_by: string,
 *   received_at: string, call_back: string} | null, reason: string, requested_by: string | null,
 *   requested_at: string | null, signed_by: string | null, signed_at: string | null, countersigned_by: string | null,
 *   countersigned_at: string | null, confirmed_by: string | null, refused_by: string | null, refused_at: string | null,
 *   refuse_reason: string, revoking_by: string | null, revoked_by: string | null, revoked_at: string | null,
 *   revoke_reason: string, cancelled_by_document: string | null, in_force_since: string | null, lacks: string[],
 *   overdue: boolean, whole_site: boolean, told?: number | null, effect: string, why: {en: string, zh: string} | null}} Order */

export const FOLLOW_SIGNS = /** @type {Record<string, string>} */ ({ late: "◆", away: "✕", asked: "○", acknowledged: "◐", verified: "●" });

/** L1 ▮▮▮ */
export function levelSign(/** @type {number} */ level, drill = false) {
  return html`<span class="level-sign" data-level=${level} data-drill=${drill}
    ><b>L${level}</b>${level < 3 ? html`<span class="level-bars" aria-hidden="true">${Array.from({ length: 4 - level }, () => html`<i></i>`)}</span>` : nothing}
    <span>${word("level", String(level))}</span>${drill ? html` ${drillSign()}` : nothing}</span
  >`;
}

export function drillSign() {
  return html`<span class="drill">${t("DRILL")}</span>`;
}

export function realSign() {
  return html`<span class="real"><span aria-hidden="true">■</span> ${t("REAL")}</span>`;
}

/** From when until when. */
export function span(/** @type {string} */ from, /** @type {string | null} */ to) {
  return to === null ? t("from {time}, open", { time: said(from) }) : `${said(from)} – ${said(to)}`;
}

/** Minutes and seconds that something has lasted. */
export function lasting(/** @type {number} */ seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
}

/** What a document is called. */
export function documentOf(/** @type {Order} */ order) {
  if (order.document !== null) return order.document;
  return order.oral === null ? "" : t("by word of {who}", { who: order.oral.from });
}

/** Why an order makes nothing stricter. */
export function whyNone(/** @type {Order} */ order) {
  if (order.effect !== "none" || order.why === null) return "";
  return texts.language === "zh" ? order.why.zh : order.why.en;
}

/** What the gateway said when it refused: its own sentence, without the code before it. */
export function refusal(/** @type {any} */ problem) {
  const detail = String(problem?.detail ?? "");
  const sentence = /^[a-z_]+: /.test(detail) ? detail.slice(detail.indexOf(": ") + 2) : "";
  return sentence || (problem instanceof Error ? problem.message : String(problem));
}
