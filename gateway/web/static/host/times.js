/** Days and times of the campus, whatever zone the phone is in. */

import { texts } from "../i18n.js";
import { fromField, toField } from "../slips/times.js";

const locale = texts.language === "zh" ? "zh-CN" : "en-GB";
const dayWords = new Intl.DateTimeFormat(locale, {
  timeZone: texts.timezone,
  weekday: "short",
  year: "numeric",
  month: "long",
  day: "numeric",
});
const hourWords = new Intl.DateTimeFormat(locale, {
  timeZone: texts.timezone,
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** A moment as the campus's own day and hour: `2026-11-23` and `08:00`. */
export function onCampus(/** @type {string} */ at) {
  const [day = "", hour = ""] = toField(Date.parse(at)).split("T");
  return { day, hour };
}

/** The moment of a day and hour of the campus; null for what is none. @returns {Date | null} */
export function momentOf(/** @type {string} */ day, /** @type {string} */ hour) {
  const at = fromField(`${day}T${hour}`);
  return Number.isNaN(at) ? null : new Date(at);
}

/** From when to when, in words. */
export function span(/** @type {string} */ from, /** @type {string} */ to) {
  const first = dayWords.format(new Date(from));
  const last = dayWords.format(new Date(to));
  const hours = `${hourWords.format(new Date(from))} – `;
  return first === last
    ? [first, `${hours}${hourWords.format(new Date(to))}`]
    : [first, `${hours}${last} ${hourWords.format(new Date(to))}`];
}
