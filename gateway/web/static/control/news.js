/**
 * Which alarms are news: what has to sound and be said, and what is silent because somebody knows of it already.
 *
 * Promises: pure. An alarm is news when it is new, has become more urgent, has come again after somebody had seen it, or
 * is told anew; acknowledged, shelved and out of service it is silent until it changes.
 *
 * @typedef {import("./state.js").Alarm} Alarm
 * @typedef {Map<string, {rank: number, isWanting: boolean, told: string}>} Known
 */

import { wantsSomebody } from "./state.js";

const RANK = /** @type {Record<string, number>} */ ({ high: 0, medium: 1, low: 2 });

/** @param {Known} known @param {Alarm[]} alarms @returns {{news: Alarm[], known: Known}} the most urgent first */
export function news(known, alarms) {
  /** @type {Known} */
  const now = new Map();
  const found = [];
  for (const alarm of alarms) {
    const rank = RANK[alarm.priority] ?? 3;
    const told = `${alarm.told_at ?? ""}/${alarm.escalated_at ?? ""}`;
    const isWanting = alarm.state === "unacknowledged";
    now.set(alarm.id, { rank, isWanting, told });
    const before = known.get(alarm.id);
    // What is over is told again only if it was about a life and nobody has seen it.
    const isToldAnew = alarm.state === "returned" && before !== undefined && told !== before.told;
    if (!isWanting && !isToldAnew) continue;
    if (before === undefined || !before.isWanting || rank < before.rank || told !== before.told) found.push(alarm);
  }
  found.sort((a, b) => (RANK[a.priority] ?? 3) - (RANK[b.priority] ?? 3));
  return { news: found, known: now };
}

/** How many of the urgent ones nobody has seen. */
export function unseen(/** @type {Alarm[]} */ alarms) {
  return alarms.filter((one) => one.priority === "high" && wantsSomebody(one)).length;
}
