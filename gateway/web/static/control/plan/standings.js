/**
 * How each sign of the plan stands, from the live state. Pure; a thousand signs take about a millisecond.
 *
 * Promises: an alarm shows at its place, be that a sign, a gate, a post, a panel's button or a zone; one that has no
 * place on the plan is counted under `elsewhere` and never dropped; what is shelved or out of service does not colour a
 * sign. The worst is shown: alarm, lost, warning, notice, normal.
 */

import { COMMA } from "../../cameras/signs.js";
import { t, timeOfDay, word } from "../../i18n.js";

/**
 * @typedef {"alarm" | "lost" | "warning" | "notice" | "normal"} Mark
 * @typedef {{mark: Mark, blinks: boolean, words: string, alarms: string[], form: string}} Standing `form`: what else
 *   the symbol shows, such as a lowered bollard
 * @typedef {{id: string, kind: string, of: "portal" | "camera" | "device", name: {en: string, zh: string},
 *   at: [number, number] | null, turn: number | null, zone: string | null, portal: string | null, gate: string | null,
 *   device: string | null, sees: string[]}} Sign
 * @typedef {{id: string, name: {en: string, zh: string}, kind: string, parent: string | null,
 *   outline: [number, number][], label: [number, number], anchor: "corner" | "middle" | "given"}} Zone
 * @typedef {{kind: string, shape: "area" | "line" | "dots", points: [number, number][], width: number,
 *   name: {en: string, zh: string} | null}} Ground
 * @typedef {{id: string, name: {en: string, zh: string}, size: [number, number], picture: string | null,
 *   laid_out: boolean, ground: Ground[], zones: Zone[], signs: Sign[]}} Plan
 * @typedef {{plans: Plan[], elsewhere: Sign[], places: Record<string, string[]>}} Plans
 * @typedef {{signs: Map<string, Standing>, zones: Map<string, Standing>, elsewhere: any[]}} Standings
 */

/** From the worst. @type {Mark[]} */
export const MARKS = ["alarm", "lost", "warning", "notice", "normal"];
export const SHAPES = /** @type {Record<Mark, string>} */ ({ alarm: "■", lost: "✕", warning: "◆", notice: "▲", normal: "●" });
const BY_PRIORITY = /** @type {Record<string, Mark>} */ ({ high: "alarm", medium: "warning", low: "notice" });
const NOT_SHOWN = ["closed", "shelved", "out_of_service"];

/** @param {Mark} a @param {Mark} b */
export function worse(a, b) {
  return MARKS.indexOf(a) <= MARKS.indexOf(b) ? a : b;
}

/** What a mark is called. */
export function markWord(/** @type {Mark} */ mark) {
  return {
    alarm: () => word("priority", "high"),
    lost: () => t("No contact"),
    warning: () => word("priority", "medium"),
    notice: () => word("priority", "low"),
    normal: () => word("camera_state", "normal"),
  }[mark]();
}

/** A list or a Map of things, as a list. @template T @param {Iterable<T> | Map<string, T> | undefined} some @returns {T[]} */
function listed(some) {
  if (some === undefined || some === null) return [];
  return some instanceof Map ? [...some.values()] : [...some];
}

/** @param {Plans} plans @param {any} state @returns {Standings} */
export function standings(plans, state) {
  const signs = [...plans.plans.flatMap((plan) => plan.signs), ...plans.elsewhere];
  const ids = new Set(signs.map((sign) => sign.id));
  const zones = new Set(plans.plans.flatMap((plan) => plan.zones.map((zone) => zone.id)));
  const devices = new Map(listed(state.devices).map((one) => [one.id, one]));
  const cameras = new Map(listed(state.cameras).map((one) => [one.id, one]));
  /** @type {Map<string, any[]>} */
  const alarms = new Map();
  const elsewhere = [];
  for (const alarm of listed(state.alarms)) {
    if (NOT_SHOWN.includes(alarm.state)) continue;
    const at = spotOf(plans, alarm.place, ids, zones, devices);
    if (at === null) elsewhere.push(alarm);
    else alarms.set(at, [...(alarms.get(at) ?? []), alarm]);
  }
  return {
    signs: new Map(signs.map((sign) => [sign.id, standingOf(sign, devices, cameras, alarms.get(sign.id) ?? [])])),
    zones: new Map([...zones].map((id) => [id, summed([], alarms.get(id) ?? [], "")])),
    elsewhere,
  };
}

/**
 * The sign or zone at which a place is; null for what stands nowhere.
 * @param {Plans} plans @param {string} place @param {Set<string>} signs @param {Set<string>} zones @param {Map<string, any>} devices
 */
export function spotOf(plans, place, signs, zones, devices) {
  if (signs.has(place) || zones.has(place)) return place;
  const of = (plans.places[place] ?? []).find((id) => signs.has(id));
  if (of !== undefined) return of;
  // Enrolled since the plan was fetched.
  const at = devices.get(place);
  return [at?.portal, at?.zone].find((id) => id && (signs.has(id) || zones.has(id))) ?? null;
}

/** @param {Sign} sign @param {Map<string, any>} devices @param {Map<string, any>} cameras @param {any[]} alarms @returns {Standing} */
function standingOf(sign, devices, cameras, alarms) {
  /** @type {[Mark, string][]} */
  const found = [];
  const device = devices.get(sign.of === "camera" ? (sign.device ?? sign.id) : sign.id);
  if (device !== undefined && sign.of !== "portal") found.push(...ofDevice(device));
  const camera = cameras.get(sign.id);
  if (camera !== undefined && sign.of === "camera") {
    // What was found is an alarm by now: said once.
    const isTold = alarms.some((alarm) => alarm.condition.startsWith("camera_"));
    found.push(...ofCamera(camera).map(([mark, said]) => /** @type {[Mark, string]} */ ([mark, isTold ? "" : said])));
  }
  return summed(found, alarms, sign.kind === "bollard" ? (device?.position ?? "") : "");
}

/** @returns {[Mark, string][]} */
function ofDevice(/** @type {any} */ device) {
  if (device.lost_since) return [["lost", t("lost since {time}", { time: timeOfDay(device.lost_since).slice(0, 5) })]];
  if (device.quarantined) return [["warning", t("in quarantine")]];
  if (device.online === false) return [["notice", t("not heard of yet")]];
  return [];
}

/** @returns {[Mark, string][]} */
function ofCamera(/** @type {any} */ camera) {
  switch (camera.state) {
    case "no_picture":
      return [["lost", word("camera_state", "no_picture")]];
    case "faulty": {
      const said = (camera.findings ?? []).map((/** @type {any} */ one) => word("camera_finding", one.finding)).join(COMMA);
      return [["warning", said || word("camera_state", "faulty")]];
    }
    case "suspect":
    case "maintenance":
      return [["notice", word("camera_state", camera.state)]];
    default:
      return [];
  }
}

/** @param {[Mark, string][]} found @param {any[]} alarms @param {string} form @returns {Standing} */
function summed(found, alarms, form) {
  /** @type {Mark} */
  let mark = "normal";
  for (const [one] of found) mark = worse(one, mark);
  for (const alarm of alarms) mark = worse(BY_PRIORITY[alarm.priority] ?? "warning", mark);
  const words = [...alarms.map((alarm) => word("alarm", alarm.condition)), ...found.map(([, said]) => said)];
  return {
    mark,
    blinks: alarms.some((alarm) => alarm.state === "unacknowledged"),
    words: [...new Set(words)].filter(Boolean).join(COMMA) || markWord("normal"),
    alarms: alarms.map((alarm) => alarm.id),
    form,
  };
}

/**
 * The level and what is called out in each zone: by the zone's own word, else by what holds for the whole site.
 * @param {Plans} plans @param {any} state
 * @returns {Map<string, {level: number, drill: boolean, emergency: string, isDrill: boolean}>} `isDrill`: of the emergency
 */
export function levels(plans, state) {
  const zones = plans.plans.flatMap((plan) => plan.zones);
  const around = new Map(zones.map((zone) => [zone.id, chain(zone, zones)]));
  return new Map(
    zones.map(({ id }) => {
      const own = state.levels?.[id];
      const strictest = state.level;
      const holds = strictest && (!strictest.zones?.length || strictest.zones.includes(id));
      const level = own ?? (holds ? strictest : { level: 3, drill: false });
      const called = listed(state.emergencies).find((/** @type {any} */ one) => around.get(id)?.some((zone) => one.zones.includes(zone)));
      return [id, { level: level.level, drill: Boolean(level.drill), emergency: called?.kind ?? "", isDrill: Boolean(called?.drill) }];
    }),
  );
}

/** A zone and what is around it, the innermost first. @param {Zone} zone @param {Zone[]} zones */
function chain(zone, zones) {
  const found = [zone.id];
  for (let at = zone.parent; at !== null && !found.includes(at); at = zones.find((one) => one.id === at)?.parent ?? null) found.push(at);
  return found;
}
