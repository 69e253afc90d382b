/**
 * The state of the control room's page: one value, changed only by events of the stream.
 *
 * Promises: pure; what a snapshot or an event does not tell stays as it was; what grows is cut (decisions). Several
 * events at once cost one sorting. Leaves to others: when it is painted (`main.js`), what is shown of it (the tabs).
 *
 * @typedef {{to: string, at: string, by: string, outcome: string}} AlarmCall
 * @typedef {{id: string, condition: string, place: string, priority: string, detail: string, state: string,
 *   count: number, opened_at: string, last_at: string, acknowledged_by: string | null, acknowledged_at?: string | null, room?: string | null,
 *   shelved_until?: string | null, shelf_reason?: string | null, taken_over_by?: string | null,
 *   group?: {condition: string, count: number, size: number, holding: number, members: string[], places: string[]} | null,
 *   chattering?: number, told_at?: string | null, holds?: boolean, steps_done?: string[],
 *   calls?: AlarmCall[], incident?: string | null, escalated_at?: string | null, again_at?: string | null,
 *   pictures?: {id: string, camera: string, why: string, at: string}[]}} Alarm
 * @typedef {{id: string, kind: string, portal: string | null, zone: string | null, online: boolean,
 *   lost_since: string | null, quarantined: boolean}} Device
 * @typedef {{level: number, drill: boolean, since: string | null, until: string | null, zones: string[],
 *   order?: string | null}} Level
 * @typedef {{inside: Record<string, number>, visitors_inside: number, waiting: number, devices_down: number,
 *   cameras_unhealthy: number}} Counts
 * @typedef {{asked: number, acknowledged: number, late: number, done?: boolean}} Propagation
 * @typedef {{id: string, name?: {en: string, zh: string}, manned?: boolean, manned_by?: string | null,
 *   taken_over_by?: string | null, heard_in?: string, unheard?: boolean, zones?: string[], [more: string]: any}} Room
 * @typedef {{room: string, asked_at: string, until: string, state: string}} Vigilance somebody is asked to say that they
 *   are there
 * @typedef {{at: string, level: Level | null, levels: Record<string, {level: number, drill: boolean}>, emergencies: any[], away: string[], alarms: Alarm[], devices: Device[],
 *   cameras: any[], counts: Counts, propagation: Propagation, waiting: any[], decisions: any[], hasPast: boolean,
 *   rooms: Room[], incidents: any[], vigilance: Record<string, Vigilance>}} State
 */

/** So many decisions are kept; the newest first. */
export const KEPT = 200;
const RANK = /** @type {Record<string, number>} */ ({ high: 0, medium: 1, low: 2 });
/** @type {Counts} */
const NO_COUNTS = { inside: {}, visitors_inside: 0, waiting: 0, devices_down: 0, cameras_unhealthy: 0 };

/** @type {State} */
export const NOTHING_YET = {
  at: new Date(0).toISOString(),
  level: null,
  levels: {},
  emergencies: [],
  away: [],
  alarms: [],
  devices: [],
  cameras: [],
  counts: NO_COUNTS,
  propagation: { asked: 0, acknowledged: 0, late: 0 },
  waiting: [],
  decisions: [],
  hasPast: true,
  rooms: [],
  incidents: [],
  vigilance: {},
};

/** What a tick tells too, of what it has told. */
const BY_TICK = /** @type {const} */ (["at", "level", "levels", "emergencies", "away", "propagation", "rooms"]);

/** The state that a snapshot tells. @returns {State} */
export function fromSnapshot(/** @type {any} */ snapshot, /** @type {State} */ before = NOTHING_YET) {
  return {
    ...told(before, snapshot, BY_TICK),
    counts: counts(before.counts, snapshot.counts),
    alarms: inOrder((snapshot.alarms ?? before.alarms).filter((/** @type {Alarm} */ one) => one.state !== "closed")),
    devices: snapshot.devices ?? before.devices,
    cameras: snapshot.cameras ?? before.cameras,
    waiting: snapshot.waiting ?? before.waiting,
    decisions: (snapshot.decisions ?? before.decisions).slice(0, KEPT),
    hasPast: snapshot.decisions !== null,
    incidents: snapshot.incidents ?? before.incidents,
    vigilance: snapshot.vigilance ?? before.vigilance,
  };
}

/** The state after one event. @returns {State} */
export function after(/** @type {State} */ state, /** @type {any} */ event) {
  return afterAll(state, [event]);
}

/** The state after events in the order in which they came. @returns {State} */
export function afterAll(/** @type {State} */ state, /** @type {any[]} */ events) {
  /** @type {Map<string, Alarm> | null} */
  let alarms = null;
  const kept = () => {
    if (alarms !== null) state = { ...state, alarms: inOrder([...alarms.values()]) };
    alarms = null;
  };
  for (const event of events) {
    if (event.type === "alarm") {
      alarms ??= new Map(state.alarms.map((one) => [one.id, one]));
      if (event.state === "closed") alarms.delete(event.id);
      else alarms.set(event.id, event);
      continue;
    }
    if (event.type === "alarm_member") {
      // It belongs to another one from now on, which is told by itself.
      alarms ??= new Map(state.alarms.map((one) => [one.id, one]));
      alarms.delete(event.id);
      continue;
    }
    if (event.type === "snapshot") kept();
    state = changed(state, event);
  }
  kept();
  return state;
}

/** @returns {State} */
function changed(/** @type {State} */ state, /** @type {any} */ event) {
  switch (event.type) {
    case "snapshot":
      return fromSnapshot(event, state);
    case "tick":
      return { ...told(state, event, BY_TICK), counts: counts(state.counts, event.counts) };
    case "decision":
      if (state.decisions.some((one) => one.id === event.id)) return state;
      return { ...state, decisions: [event, ...state.decisions].slice(0, KEPT) };
    case "waiting":
      return { ...state, waiting: [...state.waiting.filter((one) => one.id !== event.id), event] };
    case "waiting_closed":
      return {
        ...state,
        waiting: state.waiting.filter((one) => one.id !== event.id),
        decisions: state.decisions.map((one) =>
          one.id === event.id ? { ...one, answer: { outcome: event.outcome, reason: event.reason } } : one,
        ),
      };
    case "device":
      return { ...state, devices: put(state.devices, event.device) };
    case "device_retired":
      return { ...state, devices: without(state.devices, event.device) };
    case "cameras":
      return { ...state, cameras: event.cameras.reduce(put, state.cameras) };
    case "room":
      return { ...state, rooms: put(state.rooms, event.room) };
    case "vigilance":
      return { ...state, vigilance: { ...state.vigilance, [event.room]: event } };
    case "incident": {
      const incident = event.incident ?? event;
      const open = incident.state !== "closed";
      return { ...state, incidents: open ? put(state.incidents, incident) : without(state.incidents, incident.id) };
    }
    default:
      return state;
  }
}

/** Told by priority, then by time: what is on top stays there until something more urgent comes. */
export function inOrder(/** @type {Alarm[]} */ alarms) {
  return alarms.sort(
    (a, b) => (RANK[a.priority] ?? 3) - (RANK[b.priority] ?? 3) || Date.parse(b.last_at) - Date.parse(a.last_at),
  );
}

/** Nobody has seen it, or it has come again since. */
export function wantsSomebody(/** @type {Alarm} */ alarm) {
  if (alarm.state !== "returned") return alarm.state === "unacknowledged";
  // What was about a life stays until somebody closes it, also when it has been seen.
  return !alarm.acknowledged_at || Date.parse(alarm.acknowledged_at) < Date.parse(alarm.told_at ?? alarm.opened_at);
}

/** @param {State} state @param {any} event @param {readonly string[]} names @returns {State} */
function told(state, event, names) {
  const some = Object.fromEntries(names.filter((name) => event[name] !== undefined && event[name] !== null).map((name) => [name, event[name]]));
  return { ...state, ...some };
}

/** @returns {Counts} a portal's counts of the live page are none of these */
function counts(/** @type {Counts} */ before, /** @type {any} */ some) {
  return some?.inside === undefined ? before : { ...before, ...some };
}

/** @template {{id: string}} T @param {T[]} list @param {T | string | null | undefined} one @returns {T[]} */
function put(list, one) {
  if (one === null || one === undefined || typeof one === "string") return list;
  const known = list.some((other) => other.id === one.id);
  return known ? list.map((other) => (other.id === one.id ? { ...other, ...one } : other)) : [...list, one];
}

/** @template {{id: string}} T @param {T[]} list @param {string} id */
function without(list, id) {
  return list.filter((one) => one.id !== id);
}
