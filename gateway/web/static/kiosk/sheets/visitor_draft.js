/**
 * A registration while it is being typed: what there is so far, what is wrong with it, and what is sent.
 *
 * Promises: pure. Its `key` is made once, so that whatever is sent twice is one visit. Leaves to others: keeping it
 * (kiosk.draft), the gateway's own check.
 *
 * @typedef {{what: string, kind: string, outcome: string}} Belonging
 * @typedef {{id: string, name: string, unit?: string | null}} Host
 * @typedef {object} Draft
 * @property {string} key
 * @property {1 | 2 | 3} step
 * @property {string} kind the kind of visit
 * @property {string} document the kind of document
 * @property {string} number
 * @property {string} name
 * @property {string} phone
 * @property {string} organisation
 * @property {string} plate
 * @property {Host | null} host
 * @property {string} purpose
 * @property {boolean} own the purpose is in the guard's own words
 * @property {string} until how long: a name of UNTIL, or "other"
 * @property {string} time the time of day, for "other"
 * @property {string[]} zones
 * @property {boolean} nothing nothing to declare
 * @property {Belonging[]} belongings
 * @property {any} sent what was sent, once it was
 * @property {string | null} visit the visit's id, once there is one
 */

import { t, texts } from "../../i18n.js";
import { wrongDocument } from "../../ui/field.js";
import { faultOf, plainNumber } from "../../ui/documents.js";
import { belongingWord } from "./visitor_words.js";

export const VISIT_KINDS = ["visitor", "guardian", "official", "media", "contractor", "supplier"];
export const PROHIBITED = ["flammable", "poison", "animal", "weapon"];
export const OUTCOMES = ["stays_outside", "handed_to_police", "refused"];

const HOUR_MS = 3600_000;

/** How long: its words, and the end of a visit that begins now. @type {Record<string, (now: number) => number>} */
export const UNTIL = {
  "1h": (now) => now + HOUR_MS,
  "2h": (now) => now + 2 * HOUR_MS,
  half: (now) => now + 4 * HOUR_MS,
  day: (now) => onSite(now, texts.registration.day_ends),
};

export const LIMITS = { name: 64, number: 64, phone: 40, organisation: 100, plate: 32, purpose: 200, what: 60 };

/** @returns {Draft} */
export function newDraft() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return {
    key: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    step: 1,
    kind: "visitor",
    document: "resident_id",
    number: "",
    name: "",
    phone: "",
    organisation: "",
    plate: "",
    host: null,
    purpose: "",
    own: false,
    until: "2h",
    time: "",
    zones: [],
    nothing: false,
    belongings: [],
    sent: null,
    visit: null,
  };
}

/** True if nothing was typed that would be missed. */
export function isEmpty(/** @type {Draft} */ draft) {
  return !(draft.number || draft.name || draft.phone || draft.organisation || draft.plate || draft.host || draft.purpose);
}

/** What a saved one holds, whatever version of the page saved it. @returns {Draft} */
export function revived(/** @type {any} */ saved) {
  const fresh = newDraft();
  return saved && typeof saved === "object" && typeof saved.key === "string" ? { ...fresh, ...saved } : fresh;
}

/** The time of day `clock` ("16:30") on the site's own day of `now`, in ms. */
export function onSite(/** @type {number} */ now, /** @type {string} */ clock) {
  const [hours, minutes] = clock.split(":").map(Number);
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: texts.timezone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
  }).formatToParts(new Date(now));
  const part = (/** @type {string} */ type) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  const offset = local - Math.floor(now / 1000) * 1000;
  return Date.UTC(part("year"), part("month") - 1, part("day"), hours, minutes) - offset;
}

/** A time of day as people type it: 16:30, 1630, 16：30, 4 (o'clock). @returns {string} "" if it is none */
export function clockOf(/** @type {string} */ typed) {
  const plain = typed.normalize("NFKC").trim();
  const found = plain.match(/^(\d{1,2})\s*[:.]\s*(\d{2})$/) ?? plain.match(/^(\d{2})(\d{2})$/) ?? plain.match(/^(\d{1,2})$/);
  if (!found) return "";
  const [hours, minutes] = [Number(found[1]), Number(found[2] ?? 0)];
  return hours < 24 && minutes < 60 ? `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}` : "";
}

/** When the visit ends; null if nobody can say. */
export function endsAt(/** @type {Draft} */ draft, /** @type {number} */ now) {
  const after = UNTIL[draft.until];
  if (after !== undefined) return after(now);
  const clock = clockOf(draft.time);
  return clock ? onSite(now, clock) : null;
}

/** What is wrong on a step, by the field's path. @returns {Record<string, string>} */
export function faults(/** @type {Draft} */ draft, /** @type {number} */ step, /** @type {number} */ now) {
  /** @type {Record<string, string>} */
  const found = {};
  if (step === 1) {
    const fault = faultOf(draft.document, draft.number, new Date(now));
    if (fault !== null) found["visitor.document.number"] = wrongDocument(fault);
    if (!draft.name.trim()) found["visitor.name"] = t("The name is missing.");
    for (const name of /** @type {const} */ (["name", "phone", "organisation", "plate"])) {
      if ([...draft[name]].length > LIMITS[name]) found[`visitor.${name}`] = t("This is too long.");
    }
  } else if (step === 2) {
    if (draft.host === null && texts.registration.hosted.includes(draft.kind)) {
      found["host"] = t("Somebody of the school has to answer for this kind of visit.");
    }
    if (!draft.purpose.trim()) found["purpose"] = t("Why does the visitor come? One touch or a few words.");
    if ([...draft.purpose].length > LIMITS.purpose) found["purpose"] = t("This is too long.");
    const ends = endsAt(draft, now);
    if (ends === null) found["ends_at"] = t("A time of day, please, as 16:30.");
    else if (ends <= now) found["ends_at"] = t("It ends before it begins: choose a later time.");
    if (!draft.nothing && draft.belongings.length === 0) found["belongings"] = t("Ask what the visitor carries: one touch if it is nothing.");
    if (draft.belongings.some((one) => one.kind !== "none" && one.outcome === "carried")) {
      found["belongings"] = t("This may not be taken in. Say what becomes of it.");
    }
    if (draft.belongings.some((one) => [...one.what].length > LIMITS.what)) found["belongings"] = t("This is too long.");
  }
  return found;
}

/**
 * The body of POST visits. What was sent before with the same words is sent again as it was: the times belong to it.
 * @param {Draft} draft
 * @param {number} now
 */
export function bodyOf(draft, now) {
  const body = {
    key: draft.key,
    visitor: {
      name: draft.name.trim(),
      document: { kind: draft.document, number: plainNumber(draft.number) },
      phone: draft.phone.normalize("NFKC").trim(),
      organisation: draft.organisation.trim(),
      ...(draft.plate.trim() ? { plate: draft.plate.normalize("NFKC").trim() } : {}),
    },
    kind: draft.kind,
    purpose: draft.purpose.trim(),
    starts_at: new Date(now).toISOString(),
    ends_at: new Date(endsAt(draft, now) ?? now).toISOString(),
    ...(draft.host === null ? {} : { host: draft.host.id }),
    zones: draft.zones,
    belongings: draft.belongings.map((one) => ({ ...one, what: one.what.trim() || belongingWord(one.kind) })),
  };
  return draft.sent !== null && isSame(draft.sent, body) ? draft.sent : body;
}

/** The same registration, but for the moment at which it is sent. */
function isSame(/** @type {any} */ one, /** @type {any} */ other) {
  const stay = (/** @type {any} */ body) => Date.parse(body.ends_at) - Date.parse(body.starts_at);
  const bare = (/** @type {any} */ body) => JSON.stringify({ ...body, starts_at: "", ends_at: "" });
  const ends = Date.parse(one.ends_at) === Date.parse(other.ends_at);
  return bare(one) === bare(other) && (ends || stay(one) === stay(other));
}
