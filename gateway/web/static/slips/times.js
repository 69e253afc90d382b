/** Times on the campus's own clock, typed and read: a phone may be set to another zone, the gate is not. */

import { texts } from "../i18n.js";

const locale = texts.language === "zh" ? "zh-CN" : "en-GB";
const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: texts.timezone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const readable = new Intl.DateTimeFormat(locale, {
  timeZone: texts.timezone,
  month: "short",
  day: "numeric",
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const dayOnly = new Intl.DateTimeFormat(locale, { timeZone: texts.timezone, year: "numeric", month: "short", day: "numeric" });

/** A moment as a field `datetime-local` holds it. */
export function toField(/** @type {number} */ at) {
  const found = Object.fromEntries(parts.formatToParts(at).map((one) => [one.type, one.value]));
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
}

/** What such a field holds, as a moment; NaN for nothing. */
export function fromField(/** @type {string} */ text) {
  if (!/^\d{4,6}-\d\d-\d\dT\d\d:\d\d/.test(text)) return NaN;
  const asUtc = Date.parse(`${text.slice(0, 16)}:00Z`);
  if (Number.isNaN(asUtc)) return NaN; // a year of five digits may be typed
  // The zone's offset at about that time; once more, in case the clocks change in between.
  const first = asUtc - offset(asUtc);
  return asUtc - offset(first);
}

function offset(/** @type {number} */ at) {
  return Date.parse(`${toField(at)}:00Z`) - Math.floor(at / 60000) * 60000;
}

/** The same day at a time of the clock. */
export function onTheDay(/** @type {number} */ at, /** @type {string} */ clock) {
  return fromField(`${toField(at).slice(0, 10)}T${clock}`);
}

export function said(/** @type {string} */ at) {
  return readable.format(Date.parse(at));
}

/** From when until when; the day once, where it is the same. */
export function saidSpan(/** @type {string} */ from, /** @type {string} */ to) {
  const [start, end] = [toField(Date.parse(from)), toField(Date.parse(to))];
  return `${said(from)} – ${start.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : said(to)}`;
}

export function saidDay(/** @type {string | number} */ at) {
  return dayOnly.format(typeof at === "number" ? at : Date.parse(at));
}
