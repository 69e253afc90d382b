/**
 * The forms of an incident: which fields each act asks for, and what they hold at first. Pure values for `wg-i-form`.
 *
 * @typedef {import("./form.js").Field} Field
 * @typedef {import("./hour.js").Summary} Summary
 * @typedef {{time: string, place: string, source: string, nature: string, scope: string, trend: string,
 *   measures: string}} DraftFields
 * @typedef {{summary: Summary, at: string, opened_by: string | null, noticed_by: string | null, minutes_passed: number,
 *   alarms: {id: string, condition: string, place: string, opened_at: string, open: boolean}[],
 *   notes: {at: string, by: string | null, text: string}[],
 *   by_word: {to: string, at: string, by: string | null, recorded_by: string | null}[],
 *   draft: (DraftFields & {version: number, at: string, by: string | null, mine: boolean}) | null, missing: string[],
 *   asked_at: string | null, asked_by: string | null,
 *   verdict: {at: string, by: string | null, version: number, remark: string} | null,
 *   sent: {to: string, at: string, by: string | null, how: string, version: number, unreviewed: string, state: string}[],
 *   follow_ups: {at: string, by: string | null, text: string, to: string}[], calls: {minute: number, at: string}[],
 *   closing: Closing | null, reopened: {at: string, by: string | null, reason: string, closing: Closing}[],
 *   next: string[], not_closed: string | null, addressees: string[], kept: boolean}} Info
 * @typedef {{at: string, by: string | null, cause: string, measures: string, lesson: string,
 *   responsible: {kind: string, id: string, person: {id: string, name: string} | null}[]}} Closing
 */

import { t, texts, word } from "../../i18n.js";
import { moment, toField } from "../people/times.js";
import { at } from "./places.js";

export const DRAFT_FIELDS = /** @type {const} */ (["time", "place", "source", "nature", "scope", "trend", "measures"]);

function options(/** @type {string} */ group) {
  return Object.keys(texts.words[group] ?? {}).map((code) => [code, word(group, code)]);
}

/** Every place that has a name, by that name. */
function places() {
  return Object.entries(texts.places)
    .map(([id, name]) => [id, name])
    .sort((a, b) => String(a[1]).localeCompare(String(b[1]), texts.language));
}

/** @param {number} now @returns {Field[]} */
export function opening(now) {
  return [
    { name: "kind", label: t("What is it?"), type: "select", value: "other", options: options("incident_kind") },
    { name: "place", label: t("Where?"), type: "select", options: [["", t("please choose")], ...places()] },
    { name: "happened_at", label: t("When did it happen?"), type: "when", value: toField(now), hint: t("The hour counts from here. Leave it empty if nobody knows: then it counts from now."), optional: true },
    { name: "noticed_how", label: t("How was it noticed first?"), type: "select", value: "other", options: options("noticed") },
    { name: "note", label: t("What is known? The matter, no names."), type: "area", limit: 500, optional: true },
    { name: "drill", label: t("This is a drill"), type: "check", value: false },
  ];
}

/** @param {Info} info @returns {Field[]} */
export function correction(info) {
  const { summary } = info;
  return [
    { name: "kind", label: t("What is it?"), type: "select", value: summary.kind, options: options("incident_kind") },
    { name: "place", label: t("Where?"), type: "select", value: summary.place, options: withOwn(places(), summary.place) },
    ...(summary.waiting
      ? [{ name: "happened_at", label: t("When did it happen?"), type: /** @type {const} */ ("when"), value: toField(Date.parse(summary.happened_at ?? summary.noticed_at)) }]
      : []),
    { name: "why", label: t("Why is it corrected?"), limit: 500 },
  ];
}

function withOwn(/** @type {string[][]} */ list, /** @type {string} */ own) {
  return list.some(([id]) => id === own) ? list : [[own, at(own)], ...list];
}

/** @param {number} now @param {string} user @returns {Field[]} */
export function byWord(now, user) {
  return [
    { name: "to", label: t("Which office was told?"), limit: 100 },
    { name: "at", label: t("When?"), type: "when", value: toField(now) },
    { name: "by", label: t("By whom? The user's name"), value: user, limit: 64 },
  ];
}

/** What is known without anybody having to type it. @param {Info} info @returns {DraftFields} */
function facts(info) {
  const { summary } = info;
  const happened = summary.happened_at ? t("happened {time}", { time: moment(summary.happened_at) }) : t("not known when it happened");
  const [alarm] = info.alarms;
  const told = alarm ? `${word("alarm", alarm.condition)}, ${at(alarm.place)}` : (info.noticed_by ?? "");
  return {
    time: `${happened}; ${t("noticed {time}", { time: moment(summary.noticed_at) })}`,
    place: [at(summary.place), ...summary.zones.map((zone) => at(zone))].filter((one, at, all) => all.indexOf(one) === at).join(", "),
    source: [word("noticed", summary.noticed_how), told].filter(Boolean).join(": "),
    nature: `${summary.drill ? `${t("DRILL")}: ` : ""}${word("incident_kind", summary.kind)}`,
    scope: "",
    trend: "",
    measures: "",
  };
}

/** @param {Info} info @returns {Field[]} */
export function draft(info) {
  const first = info.draft ?? facts(info);
  return DRAFT_FIELDS.map((name) => ({
    name,
    label: word("report_field", name),
    type: "area",
    value: first[name],
    hint: word("report_hint", name),
    later: true,
    rows: name === "measures" ? 3 : 2,
  }));
}

/** @param {Info} info @returns {Field[]} */
export function sending(info) {
  const isReviewed = info.next.includes("send");
  const ways = options("report_way").filter(([way]) => way !== "notice" || info.addressees.length > 0);
  return [
    { name: "to", label: t("To which office?"), value: info.addressees[0] ?? "", limit: 100, hint: info.addressees.length ? t("By the gateway's channel: {names}", { names: info.addressees.join(", ") }) : t("No channel is set up: print it, send it, and record that here.") },
    { name: "how", label: t("By which way?"), type: "select", value: ways[0]?.[0] ?? "paper", options: ways },
    ...(isReviewed ? [] : [{ name: "unreviewed", label: t("No principal has reviewed it. Why does it go without that?"), type: /** @type {const} */ ("area"), limit: 500 }]),
  ];
}

/** @returns {Field[]} */
export function followUp() {
  return [
    { name: "text", label: t("What became known?"), type: "area", rows: 3 },
    { name: "to", label: t("Which office was told?"), limit: 100, optional: true },
  ];
}

/** The four questions. @returns {Field[]} */
export function closing() {
  return [
    { name: "cause", label: t("1 What caused it?"), type: "area", rows: 2 },
    { name: "responsible", label: t("2 Whose matter was it?"), type: "responsible", value: [] },
    { name: "measures", label: t("3 What was done, so that it is mended?"), type: "area", rows: 2 },
    { name: "lesson", label: t("4 What is learnt from it?"), type: "area", rows: 2 },
  ];
}

/** One line of words. @param {string} name @param {string} label @returns {Field[]} */
export function words(name, label) {
  return [{ name, label, type: "area", limit: 500 }];
}
