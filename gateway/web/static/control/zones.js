/** Zones in words that fit a band: one that lies within another of the same list is not named again. */

import { data, place } from "../i18n.js";

/** The zone around each zone. @type {Record<string, string | null>} */
const around = data("page")?.around ?? {};

/** Those of the zones that lie in no other of them. */
export function outermost(/** @type {string[]} */ zones) {
  const some = new Set(zones);
  return zones.filter((zone) => {
    for (let outer = around[zone] ?? null; outer !== null; outer = around[outer] ?? null) if (some.has(outer)) return false;
    return true;
  });
}

export function zoneNames(/** @type {string[]} */ zones) {
  return outermost(zones).map(place).join(", ");
}
