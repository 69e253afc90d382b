/**
 * What an order will change, as lines of a label and a value. No element in sight: the desk paints them as a list, the
 * principal's phone as well.
 *
 * @typedef {{level: number, order: string | null, drill: boolean}} Setting
 * @typedef {{zone: string, before: Setting, after: Setting}} ZoneDifference
 * @typedef {{count: number, looked_at: number, refused: number, waits: number, freed: number}} PassDifference
 * @typedef {{before: string, after: string, reason: string, kind: string, count: number}} Turn
 * @typedef {{camera_check_s: number, patrol_rounds: number, posts_manned: boolean, leader_on_duty: boolean}} Cadence
 * @typedef {{of: "filing" | "ending", whole_site: boolean, at: string | null, effect: "raises" | "lowers" | "none",
 *   why: {en: string, zh: string} | null, drill: boolean, zones: ZoneDifference[],
 *   conflicts: {order: string, level: number, authority: string, document: string | null, drill: boolean,
 *     starts_at: string, ends_at: string | null, stands: boolean}[],
 *   cadence_before: Cadence | null, cadence_after: Cadence | null,
 *   devices: {count: number, doors: number, by_kind: Record<string, number>, away: number},
 *   standing_passes: PassDifference, authorisations: PassDifference,
 *   visits: {count: number, refused: number, needs_more: number},
 *   gatherings: {id: string, title: string, headcount: number, starts_at: string}[], gatherings_more: number,
 *   inside: {looked_at: number, whole: boolean, could_not_enter: number, visitors: number, vehicles: number,
 *     by_kind: Record<string, number>, freed: number},
 *   past: {state: string, since: string, until: string, taps: number, compared: number, unknown: number,
 *     different: number, holders: number, turns: Turn[]}}} Preview
 * @typedef {{label: string, value: string, note: string, mark: boolean}} Line `mark`: worth a second look
 */

import { place, t, texts, word } from "../../i18n.js";
import { said } from "../../slips/times.js";

/** Between things that are named one after the other, and between sentences. */
export const COMMA = texts.language === "zh" ? "、" : ", ";
const STOP = texts.language === "zh" ? "。" : ". ";

/** From this far ahead on it is another time than now. */
const AHEAD_MS = 60_000;
const GATHERINGS_NAMED = 3;
const ZONES_NAMED = 4;

/** The consequence in numbers, short enough for a button: "42 doors, 3 visitors inside". */
export function headline(/** @type {Preview} */ preview) {
  const { devices, inside, gatherings, gatherings_more } = preview;
  const found = [devices.doors === 1 ? t("1 door") : t("{count} doors", { count: devices.doors })];
  if (inside.visitors) found.push(inside.visitors === 1 ? t("1 visitor inside") : t("{count} visitors inside", { count: inside.visitors }));
  const events = gatherings.length + gatherings_more;
  if (events) found.push(events === 1 ? t("1 gathering") : t("{count} gatherings", { count: events }));
  return found.join(COMMA);
}

/** @returns {string} why it changes nothing; empty if it does */
export function withoutEffect(/** @type {Preview} */ preview) {
  if (preview.effect !== "none") return "";
  const why = preview.why === null ? "" : texts.language === "zh" ? preview.why.zh : preview.why.en;
  return why || t("No level changes by it: what holds beside it is as strict, or stricter.");
}

/** @returns {Line[]} */
export function lines(/** @type {Preview} */ preview) {
  const found = [...levels(preview)];
  if (preview.at !== null) found.push(line(t("From"), said(preview.at)));
  if (preview.effect !== "none") {
    found.push(devices(preview), inside(preview), ...passes(preview), ...events(preview), ...cadence(preview));
  }
  return [...found, ...conflicts(preview)];
}

/** @returns {Line} */
function line(/** @type {string} */ label, /** @type {string} */ value, note = "", mark = false) {
  return { label, value, note, mark };
}

/** Zones that change alike are named together. */
function levels(/** @type {Preview} */ preview) {
  /** @type {Map<string, string[]>} */
  const alike = new Map();
  for (const { zone, before, after } of preview.zones) {
    if (before.level === after.level && before.drill === after.drill) continue;
    const drill = after.drill ? ` ${t("DRILL")}` : "";
    const key = `L${before.level} → L${after.level}${drill}`;
    alike.set(key, [...(alike.get(key) ?? []), zone]);
  }
  return [...alike].map(([change, zones]) => {
    if (preview.whole_site && zones.length === preview.zones.length) return line(t("Level"), change, t("the whole site"));
    const more = zones.length - ZONES_NAMED;
    const names = zones.slice(0, ZONES_NAMED).map(place).join(COMMA);
    return line(t("Level"), change, more > 0 ? `${names} ${t("and {count} more", { count: more })}` : names);
  });
}

function devices(/** @type {Preview} */ { devices: some }) {
  const kinds = Object.entries(some.by_kind).map(([kind, count]) => `${word("device", kind)} ${count}`);
  const away = some.away ? t("{count} of them are lost now and get it when they return", { count: some.away }) : "";
  return line(t("Devices that get another posture"), String(some.count), [kinds.join(" · "), away].filter(Boolean).join(STOP), some.away > 0);
}

/** What begins later is judged by who is inside while it is looked at: who will be there nobody knows. */
function isAhead(/** @type {Preview} */ { at, past }) {
  return at !== null && Date.parse(at) - Date.parse(past.until) > AHEAD_MS;
}

function inside(/** @type {Preview} */ preview) {
  const { of, inside: some } = preview;
  const notThen = isAhead(preview) ? t("people inside: as of now, not as it will be then") : "";
  const few = some.whole ? "" : t("only {count} people were looked at in the time", { count: some.looked_at });
  const cut = [notThen, few].filter(Boolean).join(STOP);
  if (of === "ending") return line(t("Inside now, could come in again"), String(some.freed), cut);
  const kinds = Object.entries(some.by_kind).map(([kind, count]) => `${word("kind", kind)} ${count}`);
  const vehicles = some.vehicles ? t("vehicles of visitors {count}", { count: some.vehicles }) : "";
  const free = some.could_not_enter ? t("leaving stays free for all of them") : "";
  return line(
    t("Inside now, could not come in any more"),
    String(some.could_not_enter),
    [[...kinds, vehicles].filter(Boolean).join(" · "), free, cut].filter(Boolean).join(STOP),
    some.could_not_enter > 0,
  );
}

function passes(/** @type {Preview} */ preview) {
  const { of, standing_passes, authorisations, visits } = preview;
  /** @type {Line[]} */
  const found = [];
  const both = /** @type {const} */ ([[t("Standing passes"), standing_passes], [t("Authorisations"), authorisations]]);
  for (const [label, some] of both) {
    if (!some.count) continue;
    const value = of === "ending" ? t("{freed} of {count} free again", some) : t("{refused} of {count} refused", some);
    const cut = some.looked_at < some.count ? t("only {count} of them were looked at", { count: some.looked_at }) : "";
    const waits = some.waits ? t("{waits} wait for a guard", some) : "";
    found.push(line(label, value, [waits, cut].filter(Boolean).join(STOP), some.refused > 0));
  }
  if (visits.count && of === "filing") {
    const more = visits.needs_more ? t("{count} need a further confirmation", { count: visits.needs_more }) : "";
    found.push(line(t("Visits expected in that time"), t("{refused} of {count} refused", visits), more, visits.refused > 0));
  }
  return found;
}

function events(/** @type {Preview} */ { of, gatherings, gatherings_more }) {
  if (!gatherings.length) return [];
  const named = gatherings.slice(0, GATHERINGS_NAMED).map((one) => `${one.title} (${said(one.starts_at)}, ${one.headcount})`);
  const more = gatherings.length + gatherings_more - named.length;
  const label = of === "ending" ? t("Gatherings that may go on") : t("Gatherings suspended");
  return [line(label, String(gatherings.length + gatherings_more), [...named, more ? t("and {count} more", { count: more }) : ""].filter(Boolean).join("; "), true)];
}

function cadence(/** @type {Preview} */ { cadence_before: before, cadence_after: after }) {
  if (before === null || after === null) return [];
  const found = [];
  if (before.camera_check_s !== after.camera_check_s)
    found.push(line(t("Camera checks"), t("every {before} s → {after} s", { before: before.camera_check_s, after: after.camera_check_s })));
  if (before.patrol_rounds !== after.patrol_rounds)
    found.push(line(t("Patrol rounds a day"), `${before.patrol_rounds} → ${after.patrol_rounds}`));
  if (before.leader_on_duty !== after.leader_on_duty)
    found.push(line(t("Leader on duty"), after.leader_on_duty ? t("required") : t("not required any more")));
  return found;
}

function conflicts(/** @type {Preview} */ preview) {
  if (preview.of === "ending") {
    return preview.conflicts.map((one) => line(t("Holds beside it"), titleOf(one), "", false));
  }
  return preview.conflicts.map((one) =>
    line(t("Another order in that time"), titleOf(one), one.stands ? t("the strictest counts: this one loosens nothing of it") : t("less strict: this one stands before it"), one.stands),
  );
}

function titleOf(/** @type {Preview["conflicts"][number]} */ one) {
  const drill = one.drill ? ` ${t("DRILL")}` : "";
  return `L${one.level}${drill} · ${word("authority", one.authority)}${one.document ? ` · ${one.document}` : ""}`;
}

/** The last week, in one sentence; what could not be looked at is said. */
export function pastInWords(/** @type {Preview} */ { past }) {
  const span = { since: said(past.since), taps: past.taps, different: past.different, holders: past.holders };
  switch (past.state) {
    case "not_needed":
      return "";
    case "busy":
      return t("The last week was not looked at: another preview is at it just now. Everything else is complete.");
    case "away":
      return t("The last week could not be looked at: the records cannot be read just now. Everything else is complete.");
    default:
      if (past.different === 0) return t("None of the {taps} taps since {since} would have been answered differently.", span);
      return past.state === "cut_short"
        ? t("Of the {taps} taps since {since} (more did not fit into the time), {different} would have been answered differently, for {holders} people.", span)
        : t("Of the {taps} taps since {since}, {different} would have been answered differently, for {holders} people.", span);
  }
}
