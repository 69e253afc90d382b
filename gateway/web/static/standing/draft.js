/** What was typed of a standing pass, what is wrong with it, and the body of POST standing-passes. */

import { t } from "../i18n.js";
import { faultOf, plainNumber } from "../ui/documents.js";
import { wrongDocument } from "../ui/field.js";
import { fromField, onTheDay, toField } from "../slips/times.js";

/**
 * @typedef {{id: string, name: string}} Person
 * @typedef {{from: string, to: string, days: number[]}} Hours
 * @typedef {{kind: string, known: boolean, holder: Person | null, name: string, document: string, number: string,
 *   organisation: string, unit: string, host: Person | null, portals: string[], from: string, to: string,
 *   anyHour: boolean, windows: Hours[], plates: string, essential: boolean}} Draft
 */

export const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;
const DAY_NAMES = [0, 1, 2, 3, 4];

/** @returns {Draft} */
export function newDraft(/** @type {number} */ now, /** @type {string[]} */ gates) {
  const from = onTheDay(now, "00:00");
  return {
    kind: "contractor",
    known: false,
    holder: null,
    name: "",
    document: "resident_id",
    number: "",
    organisation: "",
    unit: "",
    host: null,
    portals: gates.length === 1 ? gates : [],
    from: toField(from).slice(0, 10),
    to: toField(from + 30 * DAY_MS).slice(0, 10),
    anyHour: false,
    windows: [{ from: "07:00", to: "18:00", days: DAY_NAMES }],
    plates: "",
    essential: false,
  };
}

/** @returns {string[]} */
export function platesOf(/** @type {string} */ typed) {
  return typed.normalize("NFKC").split(/[\s,;、]+/).filter((one) => one);
}

/** @returns {Record<string, string>} */
export function faults(/** @type {Draft} */ draft, /** @type {number} */ now) {
  /** @type {Record<string, string>} */
  const found = {};
  if (draft.known) {
    if (draft.holder === null) found["holder"] = t("Choose somebody from the list.");
  } else {
    if (!draft.name.trim()) found["person.name"] = t("The name is missing.");
    const fault = faultOf(draft.document, draft.number, new Date(now));
    if (fault !== null) found["person.document.number"] = wrongDocument(fault);
  }
  if (!draft.portals.length) found["portals"] = t("Choose at least one gate.");
  const [from, to] = [fromField(`${draft.from}T00:00`), fromField(`${draft.to}T00:00`) + DAY_MS];
  if (Number.isNaN(from)) found["starts_at"] = t("Say from which day.");
  if (Number.isNaN(to)) found["ends_at"] = t("Say until which day.");
  else if (to <= from || to <= now) found["ends_at"] = t("It ends before it begins: choose a later day.");
  else if (to - from > LONGEST_DAYS * DAY_MS) found["ends_at"] = t("At most a year.");
  if (!draft.anyHour && (!draft.windows.length || draft.windows.some((one) => !one.from || !one.to || !one.days.length))) {
    found["windows"] = t("Give at least one time with its days.");
  }
  return found;
}

export function bodyOf(/** @type {Draft} */ draft) {
  return {
    kind: draft.kind,
    portals: draft.portals,
    starts_at: new Date(fromField(`${draft.from}T00:00`)).toISOString(),
    ends_at: new Date(fromField(`${draft.to}T00:00`) + DAY_MS).toISOString(),
    ...(draft.known
      ? { holder: draft.holder?.id ?? "" }
      : { person: { name: draft.name.trim(), document: { kind: draft.document, number: plainNumber(draft.number) } } }),
    ...(draft.anyHour ? {} : { windows: draft.windows }),
    organisation: draft.organisation.trim(),
    unit: draft.unit.trim(),
    ...(draft.host === null ? {} : { host: draft.host.id }),
    plates: platesOf(draft.plates),
    essential: draft.essential,
  };
}
