/** Days and times of the campus, whatever zone the phone is in. */

import { texts } from "../i18n.js";

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
const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: texts.timezone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** A moment as the campus's own day and hour: `2026-11-23` and `08:00`. */
export function onCampus(/** @type {string | number | Date} */ at) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const part of parts.formatToParts(new Date(at))) found[part.type] = part.value;
  return { day: `${found.year}-${found.month}-${found.day}`, hour: `${found.hour}:${found.minute}`, second: found.second };
}

/** The moment of a day and hour of the campus; null for what is none. @returns {Date | null} */
export function momentOf(/** @type {string} */ day, /** @type {string} */ hour) {
  const wanted = Date.parse(`${day}T${hour}:00Z`);
  if (Number.isNaN(wanted)) return null;
  // Twice, because the zone's offset may be another at the moment that is looked for.
  let moment = wanted;
  for (let turn = 0; turn < 2; turn += 1) {
    const there = onCampus(moment);
    moment += wanted - Date.parse(`${there.day}T${there.hour}:${there.second}Z`);
  }
  return new Date(moment);
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
