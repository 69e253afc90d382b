/**
 * The state of one gate's kiosk: one value, changed only here, by events of the stream and by what the guard touches.
 * Pure: time is an argument. What the middle shows while many pass is in rush.js.
 *
 * @typedef {import("../store.js").Tap} Tap
 * @typedef {import("../store.js").Waiting} Waiting
 * @typedef {import("../store.js").Alarm} Alarm
 * @typedef {import("../store.js").Device} Device
 * @typedef {import("../store.js").Level} Level
 * @typedef {Waiting & {closed_at: string}} Late whoever waited until the time was over, and still stands there
 *
 * @typedef {object} KioskState
 * @property {Waiting[]} waiting who waits for the guard's word, the longest first
 * @property {Late[]} late
 * @property {Tap[]} taps the newest first, of this gate only
 * @property {Device[]} devices of this gate
 * @property {Alarm[]} alarms of this gate's places
 * @property {Level} level the strictest anywhere on the site
 * @property {any[]} emergencies in force
 * @property {Record<string, import("../store.js").Count>} counts by portal
 * @property {string[]} away what the gateway has lost
 * @property {"connecting" | "connected" | "lost"} online
 * @property {number} heardAt when the gateway last spoke, by its own time
 * @property {boolean} locked
 * @property {Set<string>} seen too late, and touched away
 */

export const KEPT = 60;
const LATE_KEPT = 20;
export const LATE_MS = 5 * 60 * 1000;
const RANK = /** @type {Record<string, number>} */ ({ high: 0, medium: 1, low: 2 });

/** @returns {KioskState} */
export function fromSnapshot(/** @type {any} */ snapshot, /** @type {KioskState | null} */ before, /** @type {Set<string>} */ portals) {
  const waiting = /** @type {Waiting[]} */ (snapshot.waiting).filter((one) => portals.has(one.portal));
  const late = [
    ...(before?.late ?? []),
    .../** @type {{closed_at: string, waiting: Waiting}[]} */ (snapshot.late ?? [])
      .filter((one) => !before?.late.some((known) => known.id === one.waiting.id) && !before?.seen.has(one.waiting.id))
      .map((one) => ({ ...one.waiting, closed_at: one.closed_at })),
  ];
  return {
    waiting,
    late,
    taps: before?.taps ?? [],
    devices: /** @type {Device[]} */ (snapshot.devices).filter((one) => one.portal !== null && portals.has(one.portal)),
    alarms: /** @type {Alarm[]} */ (snapshot.alarms).filter((one) => !(/** @type {any} */ (one).silent)),
    level: snapshot.level,
    emergencies: snapshot.emergencies ?? [],
    counts: snapshot.counts,
    away: snapshot.away,
    online: before?.online ?? "connecting",
    heardAt: Date.parse(snapshot.at),
    locked: before?.locked ?? false,
    seen: before?.seen ?? new Set(),
  };
}

/** The state after an event. @returns {KioskState} */
export function after(/** @type {KioskState} */ state, /** @type {any} */ event, /** @type {Set<string>} */ portals) {
  switch (event.type) {
    case "snapshot":
      return fromSnapshot(event, state, portals);
    case "tick":
      return {
        ...state,
        level: event.level,
        counts: event.counts,
        away: event.away,
        emergencies: event.emergencies ?? state.emergencies,
        heardAt: Date.parse(event.at),
      };
    case "decision":
      if (!portals.has(event.portal) || state.taps.some((tap) => tap.id === event.id)) return state;
      return { ...state, taps: [event, ...state.taps].slice(0, KEPT) };
    case "waiting":
      if (!portals.has(event.portal)) return state;
      return { ...state, waiting: [...state.waiting.filter((one) => one.id !== event.id), event] };
    case "waiting_picture":
      return {
        ...state,
        waiting: state.waiting.map((one) => (one.id === event.id ? { ...one, picture: true } : one)),
      };
    case "late_closed":
      return withoutLate(state, event.id);
    case "waiting_closed":
      return closed(state, event);
    case "alarm":
      // A silent one is the control room's alone, whoever looks at this screen.
      return event.silent ? state : { ...state, alarms: withAlarm(state.alarms, event) };
    case "device":
      return { ...state, devices: state.devices.map((one) => (one.id === event.device.id ? event.device : one)) };
    case "emergency":
      return { ...state, emergencies: withEmergency(state.emergencies, event) };
    default:
      return state;
  }
}

/** Somebody waits no more. Whoever was refused because nobody answered stays in sight. */
function closed(/** @type {KioskState} */ state, /** @type {any} */ event) {
  const one = state.waiting.find((waiting) => waiting.id === event.id);
  const tooLate = event.reason === "guard_timeout" && event.outcome === "deny";
  const rest = state.late.filter((late) => late.id !== event.id);
  return {
    ...state,
    waiting: state.waiting.filter((waiting) => waiting.id !== event.id),
    late: one !== undefined && tooLate ? [...rest, { ...one, closed_at: event.at }].slice(-LATE_KEPT) : rest,
    taps: state.taps.map((tap) =>
      tap.id === event.id ? { ...tap, answer: { outcome: event.outcome, reason: event.reason } } : tap,
    ),
  };
}

/** The guard has touched it away, or it has been let in. */
export function withoutLate(/** @type {KioskState} */ state, /** @type {string} */ id) {
  const seen = new Set([...state.seen, id]);
  return { ...state, seen, late: state.late.filter((one) => one.id !== id) };
}

/** Those whose five minutes are over go. */
export function forgetOld(/** @type {KioskState} */ state, /** @type {number} */ now) {
  const late = state.late.filter((one) => now - Date.parse(one.closed_at) < LATE_MS);
  return late.length === state.late.length ? state : { ...state, late };
}

function withEmergency(/** @type {any[]} */ known, /** @type {any} */ event) {
  const rest = known.filter((one) => one.id !== event.id);
  return event.state === "ended" || event.ended_at ? rest : [...rest, event];
}

function withAlarm(/** @type {Alarm[]} */ alarms, /** @type {Alarm} */ alarm) {
  const rest = alarms.filter((one) => one.id !== alarm.id);
  if (alarm.state === "closed") return rest;
  return [...rest, alarm].sort(
    (a, b) => (RANK[a.priority] ?? 3) - (RANK[b.priority] ?? 3) || Date.parse(b.last_at) - Date.parse(a.last_at),
  );
}
