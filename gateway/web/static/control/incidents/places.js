/** Where an incident is, in words: a device is named by where it stands. The tab tells which devices there are. */

import { where } from "../overview/where.js";

/** @type {import("../state.js").Device[]} */
let known = [];

export function knowDevices(/** @type {import("../state.js").Device[]} */ devices) {
  known = devices;
}

/** A place, portal, zone, camera or device, as people call it. */
export function at(/** @type {string | null} */ id) {
  return id === null ? "" : where(id, known);
}
