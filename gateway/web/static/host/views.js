/**
 * What both pages of hosts show: what is known of a visit, why not, and which other time. They say what was chosen and
 * send nothing themselves.
 *
 * @typedef {{reason: string, words: string}} No
 * @typedef {{starts_at: string, ends_at: string}} Times
 * @typedef {{name: string, organisation: string, kind: string, purpose: string, starts_at: string, ends_at: string,
 *   gate?: string, level?: number, needs: string[]}} Facts
 */

import { t, word } from "../i18n.js";
import { button, el } from "./paint.js";
import { momentOf, onCampus, span } from "./times.js";

/** What else is asked at the gate, of what a host can do something about. */
function needWords(/** @type {string} */ code) {
  switch (code) {
    case "document_not_seen":
      return t("The guard will look at an identity document.");
    case "office_consent_required":
      return t("The responsible office has to consent as well.");
    case "appointment_required":
      return t("This kind of visit has to be arranged ahead.");
    case "authorisation_required":
      return t("A leader has to authorise it as well.");
    case "level_refuses":
      return t("The defence level does not allow this kind of visit at that time, whatever you answer.");
    default:
      return null;
  }
}

/** @returns {HTMLElement} */
export function facts(/** @type {Facts} */ visit) {
  const [day, hours] = span(visit.starts_at, visit.ends_at);
  const needs = visit.needs.map(needWords).filter((words) => words !== null);
  return el(
    "div.facts",
    {},
    el(
      "dl",
      {},
      ...row(
        t("Your visitor"),
        el("b", {}, visit.name),
        visit.organisation && el("span", {}, visit.organisation),
        el("span", {}, word("kind", visit.kind)),
      ),
      ...row(t("Purpose"), visit.purpose),
      ...row(t("When"), el("span", {}, day), el("span", {}, hours)),
      ...(visit.gate ? row(t("Gate"), visit.gate) : []),
      ...(visit.level && visit.level < 3 ? row(t("Defence level"), word("level", String(visit.level))) : []),
    ),
    ...needs.map((words) => el("p.need", {}, el("span", { "aria-hidden": "true" }, "▲ "), words)),
  );
}

/** @returns {HTMLElement[]} */
function row(/** @type {string} */ name, /** @type {any[]} */ ...values) {
  return [el("dt", {}, name), el("dd", {}, ...values.filter(Boolean))];
}

function reasons() {
  return [
    ["unknown", t("I do not know of this visit")],
    ["away", t("I am not here")],
    ["busy", t("I have no time now")],
    ["other_day", t("Another day would be better")],
    ["other", t("Another reason")],
  ];
}

/**
 * Why not: one of five, and a word for the guard if one likes.
 * @param {(no: No) => Promise<void>} send
 * @param {() => void} back
 */
export function whyNot(send, back) {
  const wrong = problem();
  const words = /** @type {HTMLTextAreaElement} */ (
    el("textarea", { id: "words", rows: "2", maxlength: "200", name: "words" })
  );
  const choices = el(
    "fieldset.choices",
    {},
    el("legend.sr", {}, t("Why not?")),
    ...reasons().map(([code, label]) =>
      el("label.choice", {}, el("input", { type: "radio", name: "reason", value: code }), el("span", {}, label)),
    ),
  );
  const sendIt = async () => {
    const chosen = /** @type {HTMLInputElement | null} */ (choices.querySelector("input:checked"));
    if (chosen === null) {
      tell(wrong, t("Please choose a reason."));
      return;
    }
    await trying(wrong, () => send({ reason: chosen.value, words: words.value.replace(/\s+/g, " ").trim() }));
  };
  return [
    el("h1", {}, t("Why not?")),
    choices,
    el("label.field", { for: "words" }, t("A word for the guard (may stay empty)")),
    words,
    wrong,
    el("div.answers", {}, button(".main", [t("Say no")], sendIt), button("", [t("Back")], back)),
  ];
}

/**
 * Which other time.
 * @param {Times} now as it stands
 * @param {(times: Times) => Promise<void>} send
 * @param {() => void} back
 */
export function otherTime(now, send, back) {
  const wrong = problem();
  const fields = timeFields(now);
  const sendIt = async () => {
    const times = readTimes(fields.inputs);
    if (typeof times === "string") {
      tell(wrong, times);
      return;
    }
    await trying(wrong, () => send(times));
  };
  return [
    el("h1", {}, t("Which time would be right?")),
    fields.place,
    wrong,
    el("div.answers", {}, button(".main", [t("Yes, at this time")], sendIt), button("", [t("Back")], back)),
  ];
}

/** A day and two hours. @returns {{place: HTMLElement, inputs: Record<string, HTMLInputElement>}} */
export function timeFields(/** @type {Times} */ now) {
  const from = onCampus(now.starts_at);
  const to = onCampus(now.ends_at);
  const input = (/** @type {string} */ name, /** @type {string} */ type, /** @type {string} */ value) =>
    /** @type {HTMLInputElement} */ (el("input", { id: name, name, type, value, required: true }));
  const inputs = {
    day: input("day", "date", from.day),
    from: input("from", "time", from.hour),
    to: input("to", "time", to.hour),
  };
  const place = el(
    "div.times",
    {},
    el("div.wide", {}, el("label.field", { for: "day" }, t("Day")), inputs.day),
    el("div", {}, el("label.field", { for: "from" }, t("From")), inputs.from),
    el("div", {}, el("label.field", { for: "to" }, t("To")), inputs.to),
  );
  return { place, inputs };
}

/** @returns {Times | string} the times, or what is wrong with them */
export function readTimes(/** @type {Record<string, HTMLInputElement>} */ inputs) {
  const from = momentOf(inputs.day.value, inputs.from.value);
  const to = momentOf(inputs.day.value, inputs.to.value);
  if (from === null || to === null) return t("Please give a day and two times.");
  if (to <= from) return t("The visit would end before it begins.");
  return { starts_at: from.toISOString(), ends_at: to.toISOString() };
}

/** Where what went wrong is said, beside what was typed. */
export function problem() {
  return el("p.wrong", { role: "alert", hidden: true });
}

export function tell(/** @type {HTMLElement} */ place, /** @type {string} */ words) {
  place.textContent = words;
  place.hidden = false;
  place.scrollIntoView({ block: "center" });
}

/** Do it; what keeps it from being done is said in `wrong`, and nothing that was typed is lost. */
export async function trying(/** @type {HTMLElement} */ wrong, /** @type {() => Promise<void>} */ act) {
  wrong.hidden = true;
  try {
    await act();
  } catch (error) {
    tell(wrong, inWords(error));
  }
}

/** What a person may do about it. */
export function inWords(/** @type {any} */ error) {
  if (error?.errors?.some((/** @type {any} */ one) => /_at$/.test(one.field))) {
    return t("This time is not possible: please choose one that is not past and within 31 days.");
  }
  return error instanceof Error ? error.message : String(error);
}
