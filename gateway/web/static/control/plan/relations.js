/** What the chosen thing is on the plan, and what belongs to it. Pure. */

import { spotOf } from "./standings.js";

/**
 * The sign or zone at which the chosen thing is; null for what stands nowhere.
 * @param {import("./standings.js").Plans} plans @param {any} state @param {{kind: string, id: string}} chosen
 */
export function spotOfChosen(plans, state, { kind, id }) {
  const alarms = /** @type {any[]} */ ([...(state?.alarms?.values?.() ?? [])]);
  const place = kind === "alarm" ? alarms.find((one) => one.id === id)?.place : id;
  if (place === undefined) return null;
  const signs = new Set(plans.plans.flatMap((plan) => plan.signs.map((sign) => sign.id)));
  const zones = new Set(plans.plans.flatMap((plan) => plan.zones.map((zone) => zone.id)));
  const devices = new Map([...(state?.devices?.values?.() ?? [])].map((/** @type {any} */ one) => [one.id, one]));
  return spotOf(plans, place, signs, zones, devices);
}

/**
 * Its portal, what stands there, and the cameras that see it; where none sees the portal, those that see the zone.
 * @param {import("./standings.js").Plan} plan @param {string | null} id @returns {Set<string>}
 */
export function relatedTo(plan, id) {
  if (id === null) return new Set();
  const sign = plan.signs.find((one) => one.id === id);
  const portal = sign?.of === "portal" ? id : (sign?.portal ?? "");
  const zone = sign ? sign.zone : id;
  const bySight = plan.signs.filter((one) => one.sees.includes(portal || id));
  const seeing = bySight.length ? bySight : plan.signs.filter((one) => zone !== null && one.sees.includes(zone));
  const there = portal ? plan.signs.filter((one) => one.id === portal || one.portal === portal) : [];
  return new Set([...seeing, ...there].map((one) => one.id).filter((one) => one !== id));
}
