/** Where something is, in words: a device is named by where it stands. */

import { place } from "../../i18n.js";

/** @param {string} id @param {import("../state.js").Device[]} devices */
export function where(id, devices) {
  const device = devices.find((one) => one.id === id);
  const at = device?.portal ?? device?.zone;
  return at ? `${place(at)} (${id})` : place(id);
}

/** The portal or zone at which it is: of a device where it stands, else itself. @param {string} id @param {import("../state.js").Device[]} devices */
export function spot(id, devices) {
  const device = devices.find((one) => one.id === id);
  return device?.portal ?? device?.zone ?? id;
}
