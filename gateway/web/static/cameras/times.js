/** Times as the cameras' page says them: how long ago, in steps that do not flicker; days of the campus. */

import { t, texts } from "../i18n.js";

const locale = texts.language === "zh" ? "zh-CN" : "en-GB";
const day = new Intl.DateTimeFormat("en-CA", { timeZone: texts.timezone, year: "numeric", month: "2-digit", day: "2-digit" });
const full = new Intl.DateTimeFormat(locale, {
  timeZone: texts.timezone,
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const STEP_S = 10;
/** So many planned checks a picture may be old before it counts as the past. */
const STALE_CHECKS = 4;

/** How long ago; below a minute in steps of ten seconds, so that 500 rows are not painted each second. */
export function ageOf(/** @type {number} */ ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < STEP_S) return t("just now");
  if (s < 60) return t("{count} s ago", { count: Math.floor(s / STEP_S) * STEP_S });
  if (s < 3600) return t("{count} min ago", { count: Math.floor(s / 60) });
  if (s < 172_800) return t("{count} h ago", { count: Math.floor(s / 3600) });
  return t("{count} days ago", { count: Math.floor(s / 86_400) });
}

/**
 * True if the newest picture is older than it should be.
 * @param {import("./signs.js").Camera} camera
 * @param {{now: number, pace: number}} clock how late it is, and how much faster than life the campus goes
 */
export function stale(camera, { now, pace }) {
  return camera.picture_at !== null && now - Date.parse(camera.picture_at) > Math.max(30, STALE_CHECKS * camera.every_s) * pace * 1000;
}

/** The day of the campus at a moment, as 2026-11-21. */
export function dayOf(/** @type {number} */ at) {
  return day.format(at);
}

/** Another day, so many days on. */
export function dayAfter(/** @type {string} */ one, /** @type {number} */ days) {
  return new Date(Date.parse(`${one}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** A moment with its day. */
export function moment(/** @type {string | number} */ at) {
  return full.format(typeof at === "number" ? at : Date.parse(at));
}
