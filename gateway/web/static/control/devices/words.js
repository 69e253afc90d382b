/**
 * What the devices' pages say: how a device stands, when something was, what a clock's drift means. Pure.
 *
 * @typedef {{id: string, kind: string, portal: string | null, zone: string | null, online: boolean,
 *   lost_since: string | null, last_seen: string | null, firmware: string | null, clock: string | null,
 *   drift_ms: number | null, buffered: number, posture: number | null, posture_issued: number,
 *   credentials: number | null, credentials_issued: number, lock_state: string | null, position: string | null,
 *   quarantined: boolean, bad_messages: number}} Device
 * @typedef {"normal" | "notice" | "warning" | "alarm" | "lost"} Standing
 * @typedef {import("../state.js").Alarm} Alarm
 */

import { age, place, t, texts, word } from "../../i18n.js";

export const SIGNS = /** @type {Record<Standing, string>} */ ({ normal: "●", notice: "▲", warning: "◆", alarm: "■", lost: "✕" });
const BY_PRIORITY = /** @type {Record<string, Standing>} */ ({ high: "alarm", medium: "warning", low: "notice" });
const RANK = /** @type {Record<Standing, number>} */ ({ alarm: 0, lost: 1, warning: 2, notice: 3, normal: 4 });
/** A clock further off than this is worth a look (the gateway's own limit). */
export const DRIFT_LIMIT_MS = 5000;

/** Between a name and what is said of it. */
export const COLON = texts.language === "zh" ? "：" : ": ";
/** Between the parts of a list. */
export const LISTED = texts.language === "zh" ? "、" : ", ";

const locale = texts.language === "zh" ? "zh-CN" : "en-GB";
const timeZone = texts.timezone;
const day = new Intl.DateTimeFormat(locale, { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
const minute = new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const whole = new Intl.DateTimeFormat(locale, { timeZone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A time of today as a time, an older one with its date. @param {string | number} at @param {number} now */
export function when(at, now) {
  return day.format(new Date(at)) === day.format(now) ? minute.format(new Date(at)) : whole.format(new Date(at));
}

/** Also with the date, always. */
export function date(/** @type {string | number} */ at) {
  return whole.format(new Date(at));
}

/** How long ago, then the time itself. @param {string} at @param {number} now */
export function ago(at, now) {
  const ms = now - Date.parse(at);
  return ms < 3_600_000 ? age(ms) : when(at, now);
}

/** Minutes and seconds, as on a stop-watch. */
export function watch(/** @type {number} */ seconds) {
  const s = Math.max(0, Math.floor(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** A span as people say it. */
export function span(/** @type {number} */ seconds) {
  if (seconds < 90) return t("{count} s", { count: Math.round(seconds) });
  if (seconds < 5400) return t("{count} min", { count: Math.round(seconds / 60) });
  if (seconds < 172_800) return t("{count} h", { count: Math.round(seconds / 3600) });
  return t("{count} days", { count: Math.round(seconds / 86_400) });
}

/** The open alarm of a device that matters most. @param {string} id @param {Alarm[]} alarms @returns {Alarm | undefined} */
export function alarmOf(id, alarms) {
  return alarms.find((one) => one.place === id && one.state !== "closed");
}

/** How a device stands, in one state and in words. @param {Device} device @param {Alarm[]} alarms @param {number} now @returns {{state: Standing, words: string}} */
export function standing(device, alarms, now) {
  if (!device.online) {
    if (device.last_seen === null && device.lost_since === null) return { state: "notice", words: t("not heard of yet") };
    return { state: "lost", words: device.lost_since ? t("lost since {time}", { time: when(device.lost_since, now) }) : t("lost") };
  }
  if (device.quarantined) return { state: "warning", words: t("in quarantine: lets nobody in") };
  const alarm = alarmOf(device.id, alarms);
  if (alarm) return { state: BY_PRIORITY[alarm.priority] ?? "notice", words: word("alarm", alarm.condition) };
  if (device.position === "fault") return { state: "warning", words: word("bollard_position", "fault") };
  if ((device.posture ?? 0) !== device.posture_issued) return { state: "notice", words: t("posture not taken yet") };
  if (Math.abs(device.drift_ms ?? 0) > DRIFT_LIMIT_MS) return { state: "notice", words: t("its clock is wrong") };
  return { state: "normal", words: t("in order") };
}

/** The wrong ones on top, then by name. @param {Device[]} devices @param {Alarm[]} alarms @param {number} now */
export function inOrder(devices, alarms, now) {
  return devices
    .map((device) => ({ device, ...standing(device, alarms, now) }))
    .sort((a, b) => RANK[a.state] - RANK[b.state] || a.device.id.localeCompare(b.device.id));
}

/** Where it stands. */
export function placeOf(/** @type {{portal: string | null, zone: string | null}} */ device) {
  return place(device.portal ?? device.zone);
}

/** What a clock that is off so much means. @param {{state: string | null, drift_ms: number | null, alarm_over_ms: number}} clock */
export function driftWords(clock) {
  if (clock.drift_ms === null) return { sure: true, words: t("It has not told its time yet.") };
  const ms = clock.drift_ms;
  const off = Math.abs(ms) > clock.alarm_over_ms;
  const by = ms === 0 ? t("exactly with the gateway") : ms > 0 ? t("{ms} ms ahead of the gateway", { ms }) : t("{ms} ms behind the gateway", { ms: -ms });
  if (clock.state === "unsynced") return { sure: false, words: t("{by}; it does not trust its clock itself: alone it uses only what has no hours", { by }) };
  if (off) return { sure: false, words: t("{by}; the gateway never believes it, but alone it opens at wrong hours", { by }) };
  return { sure: true, words: by };
}
