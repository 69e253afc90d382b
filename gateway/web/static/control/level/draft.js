/** What was typed of an order, what is wrong with it, and the bodies of POST orders and orders/preview. */

import { t } from "../../i18n.js";
import { fromField, toField } from "../../slips/times.js";

/**
 * @typedef {"own" | "unified" | "oral"} Way
 * @typedef {{way: Way, level: number, zones: string[], now: boolean, from: string, open: boolean, to: string,
 *   document: string, reason: string, drill: boolean, leader: string, office: string, byWord: boolean,
 *   callBack: string}} Draft `zones` empty: the whole site
 */

const HOUR_MS = 3_600_000;

/** @returns {Draft} */
export function newDraft(/** @type {number} */ now, /** @type {Way} */ way) {
  const next = Math.ceil(now / HOUR_MS) * HOUR_MS;
  return {
    way,
    level: 2,
    zones: [],
    now: true,
    from: toField(next),
    open: true,
    to: toField(next + 8 * HOUR_MS),
    document: "",
    reason: "",
    drill: false,
    leader: "",
    office: "",
    byWord: false,
    callBack: "",
  };
}

/** @returns {Record<string, string>} by the field's path in what is sent */
export function faults(/** @type {Draft} */ draft, /** @type {number} */ now) {
  /** @type {Record<string, string>} */
  const found = timeFaults(draft, now);
  if (!draft.reason.trim()) found["reason"] = t("Say why, in a few words.");
  if (draft.way === "oral" && !draft.leader.trim()) found["document.from"] = t("Say which leader gave it: the user name.");
  if (draft.way === "unified" && draft.byWord && !draft.office.trim()) found["document.from"] = t("Say which office gave it.");
  if (needsNumber(draft) && !draft.document.trim()) found["document"] = t("The document's number is missing.");
  return found;
}

/** What is wrong with its times: enough to weigh it. @returns {Record<string, string>} */
export function timeFaults(/** @type {Draft} */ draft, /** @type {number} */ now) {
  /** @type {Record<string, string>} */
  const found = {};
  const from = startOf(draft, now);
  const to = draft.open ? null : fromField(draft.to);
  if (Number.isNaN(from)) found["starts_at"] = t("Say from when.");
  if (to !== null && Number.isNaN(to)) found["ends_at"] = t("Say until when, or leave it open.");
  else if (to !== null && to <= Math.max(from, now)) found["ends_at"] = t("It ends before it begins: choose a later time.");
  return found;
}

/** True where the order has its number already. */
export function needsNumber(/** @type {Draft} */ draft) {
  return draft.way === "own" || (draft.way === "unified" && !draft.byWord);
}

function startOf(/** @type {Draft} */ draft, /** @type {number} */ now) {
  return draft.now || draft.way === "oral" ? now : fromField(draft.from);
}

/** The part of it that decides what it changes; the same again is the same text. */
export function weightOf(/** @type {Draft} */ draft) {
  const { level, zones, drill, way } = draft;
  return JSON.stringify([level, zones, draft.now || way === "oral" || draft.from, draft.open || draft.to, drill, way === "unified"]);
}

export function previewBody(/** @type {Draft} */ draft, /** @type {number} */ now) {
  return {
    level: draft.level,
    starts_at: new Date(startOf(draft, now)).toISOString(),
    ...(draft.zones.length ? { zones: draft.zones } : {}),
    ...(draft.open ? {} : { ends_at: new Date(fromField(draft.to)).toISOString() }),
    authority: draft.way === "unified" ? "unified" : "own",
    drill: draft.drill,
  };
}

/** @param {Draft} draft @param {number} now @param {string} user who takes it down, where it came by word */
export function bodyOf(draft, now, user) {
  const said = (/** @type {string} */ from) => ({
    oral: true,
    from: from.trim(),
    received_by: user,
    received_at: new Date(now).toISOString(),
    call_back: draft.callBack.trim(),
  });
  const document = draft.way === "oral" ? said(draft.leader) : draft.way === "unified" && draft.byWord ? said(draft.office) : draft.document.trim();
  return { ...previewBody(draft, now), document, reason: draft.reason.trim() };
}
