/**
 * The hour of a report, as people see it: minutes left by number, bar, sign and word; never by colour alone.
 *
 * @typedef {{id: string, kind: string, place: string, zones: string[], drill: boolean, state: string, report: string,
 *   by_word: boolean, happened_at: string | null, noticed_at: string, noticed_how: string, opened_at: string,
 *   deadline: string, waiting: boolean, overdue: boolean, sent_at: string | null, closed_at: string | null,
 *   alarms: string[], open_alarms: string[]}} Summary
 */

import { t, timeOfDay, word } from "../../i18n.js";
import { html } from "../../live/parts.js";
import { moment } from "../people/times.js";

const MINUTE_MS = 60_000;
const HOUR_MIN = 60;
/** From here on the duty leader is called, and from here on it is the last ten minutes. */
const CALLED_MIN = 20;
const LAST_MIN = 50;

/** A day and a time without seconds: a list is read at a glance. */
export function dayAndTime(/** @type {string} */ at) {
  return moment(at).slice(0, -":00".length);
}

/** Hours and minutes: what a deadline needs. */
export function toTheMinute(/** @type {string} */ at) {
  return timeOfDay(at).slice(0, 5);
}

/** Whole minutes until the end of the hour; negative once it is over. */
export function minutesLeft(/** @type {Summary} */ one, /** @type {number} */ now) {
  const left = (Date.parse(one.deadline) - now) / MINUTE_MS;
  return left < 0 ? Math.floor(left) : Math.ceil(left);
}

/** How it presses. @returns {"sent" | "calm" | "called" | "last" | "over"} */
export function pressing(/** @type {Summary} */ one, /** @type {number} */ now) {
  if (!one.waiting) return "sent";
  const left = minutesLeft(one, now);
  if (left < 0) return "over";
  if (left <= HOUR_MIN - LAST_MIN) return "last";
  return left <= HOUR_MIN - CALLED_MIN ? "called" : "calm";
}

const SIGNS = { sent: "✓", calm: "●", called: "◆", last: "■", over: "■" };

export function signOf(/** @type {ReturnType<typeof pressing>} */ how) {
  return SIGNS[how];
}

/** What is to be known of the hour, in one line. */
export function inWords(/** @type {Summary} */ one, /** @type {number} */ now) {
  const left = minutesLeft(one, now);
  switch (pressing(one, now)) {
    case "sent":
      return one.sent_at ? t("report sent at {time}", { time: toTheMinute(one.sent_at) }) : t("report sent");
    case "over":
      return t("overdue by {count} min", { count: -left });
    case "last":
      return t("{count} min left, last ten minutes", { count: left });
    case "called":
      return t("{count} min left, call the duty leader", { count: left });
    default:
      return t("{count} min left", { count: left });
  }
}

/** Reports that are not sent first, by their deadline; then the newest. */
export function inOrder(/** @type {Summary[]} */ list) {
  return [...list].sort(
    (a, b) =>
      Number(b.waiting) - Number(a.waiting) ||
      (a.waiting ? Date.parse(a.deadline) - Date.parse(b.deadline) : Date.parse(b.opened_at) - Date.parse(a.opened_at)),
  );
}

/** The call of one of the moments at which the duty leader is called. @param {any} event @param {string} place */
export function callLeader(event, place) {
  return t("Call the duty leader: {kind}, {place}. {count} minutes have passed and the report is not sent.", { kind: word("incident_kind", event.kind), place, count: event.minute });
}

/** The hour as number, bar and word. */
export function hour(/** @type {Summary} */ one, /** @type {number} */ now) {
  const how = pressing(one, now);
  const passed = Math.min(HOUR_MIN, Math.max(0, HOUR_MIN - minutesLeft(one, now)));
  return html`<div class="hour" data-how=${how}>
    <p><span aria-hidden="true">${signOf(how)}</span> <b>${inWords(one, now)}</b></p>
    ${one.waiting
      ? html`<progress max=${HOUR_MIN} value=${passed} aria-label=${t("Minutes of the hour that have passed")}></progress>
          <p class="due">${t("due at {time}", { time: toTheMinute(one.deadline) })}</p>`
      : ""}
  </div>`;
}
