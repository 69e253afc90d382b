/**
 * The state of the live page: one value, changed only by events of the stream, told to whoever listens.
 *
 * @typedef {{id: string, name: string, kind: string}} Holder
 * @typedef {{outcome: string, reason: string}} Answer
 * @typedef {{id: string, at: string, portal: string, direction: string, device: string, outcome: string,
 *   reason: string, holder: Holder | null, credential: string | null, level: number,
 *   trace: {rule: string, verdict: string, reason: string | null}[], notices: string[],
 *   answer?: Answer | null, isNew?: boolean}} Tap
 * @typedef {{id: string, at: string, until: string, portal: string, direction: string, device: string,
 *   reason: string, holder: Holder | null, credential: string}} Waiting
 * @typedef {{id: string, condition: string, place: string, priority: string, detail: string, state: string,
 *   count: number, opened_at: string, last_at: string, acknowledged_by: string | null,
 *   acknowledged_at?: string | null, told_at?: string | null}} Alarm
 * @typedef {{id: string, kind: string, portal: string | null, zone: string | null, online: boolean,
 *   lost_since: string | null, quarantined: boolean}} Device
 * @typedef {{level: number, drill: boolean, since: string | null, until: string | null, zones: string[]}} Level
 * @typedef {{grant: number, deny: number, wait: number, minutes: number[]}} Count
 * @typedef {{taps: Tap[], waiting: Waiting[], alarms: Alarm[], devices: Device[], level: Level,
 *   counts: Record<string, Count>, away: string[], hasPast: boolean, relief: Relief[]}} State
 * @typedef {{id: string, gate: string, state: string, since: string, until: string}} Relief a guard alone at a gate
 */

export const KEPT = 200;
const RANK = /** @type {Record<string, number>} */ ({ high: 0, medium: 1, low: 2 });

/** The state that a snapshot tells. @returns {State} */
export function fromSnapshot(/** @type {any} */ snapshot, /** @type {State | null} */ before) {
  return {
    taps: snapshot.decisions ?? before?.taps ?? [],
    hasPast: snapshot.decisions !== null,
    waiting: snapshot.waiting,
    alarms: snapshot.alarms,
    devices: snapshot.devices,
    level: snapshot.level,
    counts: snapshot.counts,
    away: snapshot.away,
    relief: snapshot.relief ?? [],
  };
}

/** The state after an event; events that the page does not show leave it as it is. @returns {State} */
export function after(/** @type {State} */ state, /** @type {any} */ event) {
  switch (event.type) {
    case "snapshot":
      return fromSnapshot(event, state);
    case "tick":
      return {
        ...state,
        level: event.level,
        counts: event.counts,
        away: event.away,
        relief: event.relief ?? state.relief,
      };
    case "decision":
      if (state.taps.some((tap) => tap.id === event.id)) return state;
      return { ...state, taps: [{ ...event, isNew: true }, ...state.taps].slice(0, KEPT) };
    case "waiting":
      return { ...state, waiting: [...state.waiting.filter((one) => one.id !== event.id), event] };
    case "waiting_closed":
      return {
        ...state,
        waiting: state.waiting.filter((one) => one.id !== event.id),
        taps: state.taps.map((tap) =>
          tap.id === event.id ? { ...tap, answer: { outcome: event.outcome, reason: event.reason } } : tap,
        ),
      };
    case "alarm":
      return { ...state, alarms: withAlarm(state.alarms, event) };
    case "device":
      return { ...state, devices: withDevice(state.devices, event.device) };
    default:
      return state;
  }
}

function withAlarm(/** @type {Alarm[]} */ alarms, /** @type {Alarm} */ alarm) {
  const rest = alarms.filter((one) => one.id !== alarm.id);
  if (alarm.state === "closed") return rest;
  return [...rest, alarm].sort(
    (a, b) => (RANK[a.priority] ?? 3) - (RANK[b.priority] ?? 3) || Date.parse(b.last_at) - Date.parse(a.last_at),
  );
}

function withDevice(/** @type {Device[]} */ devices, /** @type {Device} */ device) {
  const known = devices.some((one) => one.id === device.id);
  return known ? devices.map((one) => (one.id === device.id ? device : one)) : [...devices, device];
}
