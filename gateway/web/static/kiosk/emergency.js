/** Lockdown and evacuation as a gate's kiosk calls them: for the whole campus behind this gate. */

/** @typedef {import("./sheet.js").Kiosk} Kiosk */

/** Those in force behind this gate: real ones first, evacuation before lockdown. */
export function here(/** @type {Kiosk} */ kiosk) {
  const zones = new Set([...kiosk.gate.around, ...kiosk.gate.zones]);
  const rank = (/** @type {any} */ one) => (one.drill ? 2 : 0) + (one.kind === "evacuate" ? 0 : 1);
  return kiosk.state.emergencies
    .filter((one) => one.state !== "ended" && /** @type {string[]} */ (one.zones).some((zone) => zones.has(zone)))
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * Call one; called twice it is the same one.
 * @param {Kiosk} kiosk
 * @param {"lockdown" | "evacuate"} kind
 * @param {boolean} drill
 */
export function call(kiosk, kind, drill) {
  return kiosk.ask("POST", "emergencies", { kind, zones: kiosk.gate.zones, drill, reason: `kiosk ${kiosk.gate.id}` });
}
