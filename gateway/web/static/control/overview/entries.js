/**
 * What stands in the list of alarms, in which order, and what moves in it.
 *
 * Promises: pure. The most urgent on top; what lies on the shelf or is out of service stands in lists of its own. While somebody has a finger on the list, everything on it stays where it
 * is. Leaves to others: painting (`alarm_list`).
 *
 * @typedef {import("../state.js").Alarm} Alarm
 * @typedef {{open: Alarm[], shelved: Alarm[], out: Alarm[]}} Entries
 */

/** So many entries are painted; the rest are told as a number. A browser stays quick, and nobody reads further down. */
export const SHOWN = 150;

/** @returns {Entries} */
export function entries(/** @type {Alarm[]} */ alarms) {
  /** @type {Entries} */
  const found = { open: [], shelved: [], out: [] };
  for (const alarm of alarms) {
    if (alarm.state === "shelved") found.shelved.push(alarm);
    else if (alarm.state === "out_of_service") found.out.push(alarm);
    else found.open.push(alarm);
  }
  return found;
}

/**
 * The order in which entries stand while somebody has a finger on the list; what is new comes at its end.
 * @param {string[]} before ids as they stand @param {Alarm[]} wanted in the order that they should have
 */
export function held(before, wanted) {
  const at = new Map(before.map((id, index) => [id, index]));
  return [...wanted].sort((a, b) => (at.get(a.id) ?? before.length) - (at.get(b.id) ?? before.length));
}

/** How many of each priority want somebody or are being dealt with. */
export function byPriority(/** @type {Alarm[]} */ open) {
  const counts = /** @type {Record<string, number>} */ ({ high: 0, medium: 0, low: 0 });
  for (const alarm of open) counts[alarm.priority] = (counts[alarm.priority] ?? 0) + 1;
  return counts;
}
