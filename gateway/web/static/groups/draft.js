/** What was typed of a group at a desk, what is wrong with it, and the body of POST delegations. */

import { t, texts } from "../i18n.js";
import { faultOf, plainNumber } from "../ui/documents.js";
import { wrongDocument } from "../ui/field.js";
import { onTheDay, fromField, toField } from "../slips/times.js";
import { readList } from "./list.js";

/**
 * @typedef {{key: string, kind: string, document: string, number: string, name: string, phone: string,
 *   organisation: string, plate: string, host: {id: string, name: string} | null, purpose: string, from: string,
 *   to: string, rows: string}} Draft
 */

export const KINDS = ["visitor", "official", "guardian", "media", "contractor", "supplier"];
const LIMITS = /** @type {Record<string, number>} */ ({ name: 64, phone: 40, organisation: 100, plate: 32 });

/** @returns {Draft} */
export function newDraft(/** @type {number} */ now, /** @type {{id: string, name: string} | null} */ host) {
  const hour = 3_600_000;
  const from = Math.ceil(now / hour) * hour;
  const until = onTheDay(from, texts.registration.day_ends);
  return {
    key: crypto.randomUUID(),
    kind: "visitor",
    document: "resident_id",
    number: "",
    name: "",
    phone: "",
    organisation: "",
    plate: "",
    host,
    purpose: "",
    from: toField(from),
    to: toField(until > from ? until : from + 2 * hour),
    rows: "",
  };
}

/** What is wrong, by the field's path in what is sent. @returns {Record<string, string>} */
export function faults(/** @type {Draft} */ draft, /** @type {number} */ now) {
  /** @type {Record<string, string>} */
  const found = {};
  const fault = faultOf(draft.document, draft.number, new Date(now));
  if (fault !== null) found["leader.document.number"] = wrongDocument(fault);
  if (!draft.name.trim()) found["leader.name"] = t("The name is missing.");
  for (const [name, most] of Object.entries(LIMITS)) {
    if ([.../** @type {any} */ (draft)[name]].length > most) found[`leader.${name}`] = t("This is too long.");
  }
  if (draft.host === null && texts.registration.hosted.includes(draft.kind)) {
    found["host"] = t("Somebody of the school has to answer for this kind of visit.");
  }
  if (!draft.purpose.trim()) found["purpose"] = t("Why does the group come? A few words.");
  if ([...draft.purpose].length > 200) found["purpose"] = t("This is too long.");
  const [from, to] = [fromField(draft.from), fromField(draft.to)];
  if (Number.isNaN(from)) found["starts_at"] = t("Say when they come.");
  if (Number.isNaN(to)) found["ends_at"] = t("Say until when.");
  else if (to <= from || to <= now) found["ends_at"] = t("It ends before it begins: choose a later time.");
  const list = readList(draft.rows, new Date(now));
  if (list.faults.length) found["rows"] = t("{count} lines are wrong. Nothing was sent.", { count: list.faults.length });
  else if (list.members.length === 0) found["rows"] = t("A group is a leader and at least one more. Write the others here.");
  return found;
}

export function bodyOf(/** @type {Draft} */ draft, /** @type {number} */ now) {
  return {
    key: draft.key,
    leader: {
      name: draft.name.trim(),
      document: { kind: draft.document, number: plainNumber(draft.number) },
      phone: draft.phone.normalize("NFKC").trim(),
      organisation: draft.organisation.trim(),
      ...(draft.plate.trim() ? { plate: draft.plate.normalize("NFKC").trim() } : {}),
    },
    kind: draft.kind,
    purpose: draft.purpose.trim(),
    starts_at: new Date(fromField(draft.from)).toISOString(),
    ends_at: new Date(fromField(draft.to)).toISOString(),
    ...(draft.host === null ? {} : { host: draft.host.id }),
    members: readList(draft.rows, new Date(now)).members,
  };
}
