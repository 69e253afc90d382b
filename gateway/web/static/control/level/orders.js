/** The orders and where each is in its course: what was done by whom, what it lacks, and what this user may do next. */

import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { said } from "../../slips/times.js";
import { COMMA } from "./preview_lines.js";
import { documentOf, levelSign, span, whyNone } from "./signs.js";

/** @typedef {import("./signs.js").Order} Order */
/** @typedef {"sign" | "refuse" | "countersign" | "confirm" | "document" | "revoke" | "withdraw" | "cancel" | "request"} Act */

const OVER = new Set(["expired", "refused", "revoked"]);
const OVER_SHOWN = 6;
const ZONES_NAMED = 3;

/** What this user may try with an order now; the gateway has the last word. @returns {Act[]} */
export function actsOf(/** @type {Order} */ order, /** @type {string[]} */ rights, /** @type {string} */ user) {
  const may = (/** @type {string} */ right) => rights.includes(right);
  const own = order.authority === "own";
  /** @type {Act[]} */
  const found = [];
  const mine = order.requested_by === user;
  if (order.state === "drafted" && may("request_orders")) found.push("request");
  if (order.state === "requested" && may("sign_orders") && !mine) found.push("sign", "refuse");
  if ((order.state === "requested" || order.state === "drafted") && mine && may("request_orders")) found.push("withdraw");
  if (order.lacks.includes("countersignature") && may("sign_orders") && !mine) found.push("countersign");
  if (order.lacks.includes("confirmation") && may("raise_orally") && order.signed_by === user) found.push("confirm");
  if (order.lacks.includes("number") && may(own ? "request_orders" : "record_unified_orders")) found.push("document");
  if (order.state === "in_force" || order.state === "signed") {
    if (own && may("revoke_orders") && order.revoking_by !== user) found.push("revoke");
    if (!own && may("record_unified_orders")) found.push("cancel");
  }
  return found;
}

export function actWord(/** @type {Act} */ act, /** @type {Order} */ order) {
  switch (act) {
    case "sign":
      return t("Sign …");
    case "refuse":
      return t("Do not sign …");
    case "countersign":
      return t("Countersign …");
    case "confirm":
      return t("Confirm …");
    case "document":
      return t("Add the number …");
    case "withdraw":
      return t("Withdraw …");
    case "request":
      return t("Request …");
    case "cancel":
      return t("Record the superior's cancellation …");
    default:
      return order.revoking_by ? t("Be the second to revoke …") : t("Revoke …");
  }
}

/** Who has done what. @returns {string[]} */
export function course(/** @type {Order} */ order) {
  /** @type {[string | null, string | null, (who: string) => string][]} */
  const steps = [
    [order.requested_by, order.requested_at, (who) => (order.authority === "unified" ? t("recorded by {who}", { who }) : t("requested by {who}", { who }))],
    [order.authority === "own" ? order.signed_by : null, order.signed_at, (who) => (order.oral ? t("raised by word of {who}", { who }) : t("signed by {who}", { who }))],
    [order.countersigned_by, order.countersigned_at, (who) => t("countersigned by {who}", { who })],
    [order.confirmed_by, null, (who) => t("confirmed by {who}", { who })],
    [order.refused_by, order.refused_at, (who) => t("refused by {who}", { who })],
    [order.revoked_by, order.revoked_at, (who) => (who === "gateway" ? t("ended by something real: no drill goes on beside it") : t("ended by {who}", { who }))],
    [order.cancelled_by_document, null, (document) => t("by document {document}", { document })],
  ];
  return steps.flatMap(([who, at, text]) => (who ? [`${text(who)}${at ? ` · ${said(at)}` : ""}`] : []));
}

/** @returns {string[]} what has to follow, and who has to do it */
export function stillNeeded(/** @type {Order} */ order) {
  const found = order.lacks.map((lack) => word("lack", lack));
  if (order.state === "requested") found.push(t("a principal's signature; not of the one who requested it"));
  if (order.revoking_by && !order.revoked_by) found.push(t("to revoke it, a second person within 15 minutes; {who} was the first", { who: order.revoking_by }));
  return found;
}

/**
 * @param {object} how
 * @param {Order[] | null} how.orders
 * @param {string[]} how.rights
 * @param {string} how.user
 * @param {string} how.chosen
 * @param {boolean} how.all
 * @param {{act: (act: Act, order: Order) => void, showAll: () => void}} acts
 */
export function orderList({ orders, rights, user, chosen, all }, acts) {
  if (orders === null) return html`<p class="empty">${t("One moment: the list is being opened.")}</p>`;
  if (!orders.length) return html`<p class="empty">${t("No order was filed yet: L3 holds and needs none. What somebody requests appears here, and waits for a principal.")}</p>`;
  const rank = (/** @type {Order} */ one) => (one.state === "requested" ? 0 : one.state === "drafted" ? 1 : one.state === "in_force" ? 2 : one.state === "signed" ? 3 : 4);
  const sorted = [...orders].sort((a, b) => rank(a) - rank(b));
  const over = sorted.filter((one) => OVER.has(one.state) && !one.lacks.length);
  const hidden = all ? [] : over.slice(OVER_SHOWN);
  return html`<ul class="orders">
      ${sorted.filter((one) => !hidden.includes(one)).map((order) => item(order, rights, user, order.id === chosen, acts))}
    </ul>
    ${hidden.length ? html`<button type="button" class="small" @click=${() => acts.showAll()}>${t("Show {count} more that are over", { count: hidden.length })}</button>` : nothing}`;
}

/**
 * @param {Order} order @param {string[]} rights @param {string} user @param {boolean} isChosen
 * @param {{act: (act: Act, order: Order) => void}} acts
 */
function item(order, rights, user, isChosen, acts) {
  const possible = actsOf(order, rights, user);
  const needed = stillNeeded(order);
  const none = whyNone(order);
  return html`<li class="order" id=${`order-${order.id}`} data-state=${order.state} data-drill=${order.drill} data-chosen=${isChosen} tabindex="-1">
    <div class="head">
      ${levelSign(order.level, order.drill)} <b>${documentOf(order) || t("no number yet")}</b>
      <span class="state" data-state=${order.state}>${word("order", order.state)}</span>
    </div>
    <p>${zonesOf(order)} · ${span(order.starts_at, order.ends_at)}${order.authority === "unified" ? ` · ${word("authority", "unified")}` : ""}</p>
    <p class="reason">${order.reason}</p>
    <p class="quiet">${course(order).join(" → ")}</p>
    ${needed.length ? html`<p class="needed" data-overdue=${order.overdue}><span aria-hidden="true">${order.overdue ? "◆" : "▲"}</span> ${t("Still needed:")} ${needed.join("; ")}${order.overdue ? ` · ${t("overdue")}` : ""}</p>` : nothing}
    ${none ? html`<p class="quiet">${none}</p>` : nothing}
    ${toldInWords(order)}
    ${order.state === "requested" ? html`<p class="quiet">${t("For the principal's phone:")} <a href=${`/sign?order=${order.id}`}>${`${location.origin}/sign?order=${order.id}`}</a></p>` : nothing}
    ${possible.length
      ? html`<div class="acts">${possible.map((act) => html`<button type="button" data-act=${act} @click=${() => acts.act(act, order)}>${actWord(act, order)}</button>`)}</div>`
      : nothing}
  </li>`;
}

/** Whether whoever has to act was told of it. */
function toldInWords(/** @type {Order} */ order) {
  if (typeof order.told !== "number") return nothing;
  if (order.told > 0) return html`<p class="quiet" data-told=${order.told}>${order.told === 1 ? t("Told by notice: 1 person") : t("Told by notice: {count} people", { count: order.told })}</p>`;
  return html`<p class="needed" data-told="0"><span aria-hidden="true">▲</span> ${t("Nobody can be reached by notice: telephone, and show the link.")}
    ${order.state === "requested" ? nothing : html`<a href=${`/sign?order=${order.id}`}>${`${location.origin}/sign?order=${order.id}`}</a>`}</p>`;
}

export function zonesOf(/** @type {Order} */ order) {
  if (order.whole_site) return t("the whole site");
  const more = order.zones.length - ZONES_NAMED;
  const said = order.zones.slice(0, ZONES_NAMED).map(place).join(COMMA);
  return more > 0 ? `${said} ${t("and {count} more", { count: more })}` : said;
}
