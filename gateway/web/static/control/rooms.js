/** Whose room this is: which alarms show here, and whether another room needs this one. Pure but for the language. */

import { texts } from "../i18n.js";

/** @typedef {import("./state.js").Room} Room */

export function nameOf(/** @type {Room | undefined} */ room) {
  return room?.name?.[texts.language] ?? room?.id ?? "";
}

/** The rooms for which nobody answers: nobody is at the desks where their alarms are heard. */
export function unmanned(/** @type {Room[]} */ rooms, /** @type {string} */ own) {
  const hears = (/** @type {Room} */ one) => rooms.find((other) => other.id === (one.heard_in ?? one.taken_over_by)) ?? one;
  return rooms.filter((one) => one.id !== own && hears(one).manned === false);
}

/** The rooms that this one looks after too. */
export function lookedAfter(/** @type {Room[]} */ rooms, /** @type {string} */ own) {
  return own ? rooms.filter((one) => one.id !== own && one.taken_over_by === own) : [];
}

/**
 * Whether an alarm shows in a room: its own, what is every room's, what somebody has taken over for it, and those of
 * rooms that it stands in for. @param {import("./state.js").Alarm} alarm @param {string} room @param {Room[]} rooms
 */
export function isOf(alarm, room, rooms) {
  if (!room || !alarm.room || rooms.length < 2) return true;
  if (alarm.taken_over_by) return alarm.taken_over_by === room;
  const own = rooms.find((one) => one.id === alarm.room);
  return (own?.heard_in ?? own?.taken_over_by ?? alarm.room) === room;
}
