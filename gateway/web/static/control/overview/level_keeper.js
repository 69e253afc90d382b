/**
 * The levels over time, as new as they have to be: fetched when the overview opens, when an order or the level changes,
 * and after a while, because the bar moves by itself.
 *
 * Promises: what is in force is what the stream says; times that say something else, or that could not be fetched anew,
 * are old until newer ones are there, and those are asked for without anybody touching anything. Leaves to others:
 * painting them, and saying that they are old (`strip.js`); asking again (`asking.js`).
 */

import { ask } from "../../api.js";
import { Asking } from "./asking.js";

/** @typedef {import("../level/timeline.js").Times} Times */

/** The bar moves by itself; what becomes of orders is told. This is for what was missed. */
const EVERY_MS = 600_000;
const AGAIN_MS = 15_000;
const DAYS_BACK = 2;
const DAYS_AHEAD = 16;

export class LevelKeeper {
  /** @param {import("lit").ReactiveControllerHost & {state: import("../state.js").State, now: () => number, isConnected: boolean}} host */
  constructor(host) {
    this.host = host;
    /** @type {Times | null} */
    this.times = null;
    /** They say another level of now than the stream does. */
    this.differs = false;
    /** When they were last asked for, by the gateway's clock. */
    this.askedAt = 0;
    /** When they were last asked for because they differed, by this machine's. */
    this.doubtedAt = -Infinity;
    /** @type {Asking<Times>} */
    this.asking = new Asking(host, {
      what: "the levels over time",
      get: () => ask("GET", `level/times?back=${DAYS_BACK}&ahead=${DAYS_AHEAD}`),
      take: (times) => (this.times = times),
      againMs: AGAIN_MS,
    });
    host.addController(this);
  }

  /** What is shown may not be so any more. */
  get isOld() {
    return this.times !== null && (this.differs || this.asking.hasFailed);
  }

  get isDue() {
    return Math.abs(this.host.now() - this.askedAt) > EVERY_MS;
  }

  hostDisconnected() {
    this.asking.rest();
  }

  hostUpdate() {
    this.differs = this.times !== null && differ(this.times, this.host.state);
    if (!this.differs || this.asking.isToCome || performance.now() - this.doubtedAt < AGAIN_MS) return;
    this.doubtedAt = performance.now();
    void this.load();
  }

  async load() {
    this.askedAt = this.host.now();
    await this.asking.load();
  }
}

/**
 * Whether they say another level of some zone than the stream, which says it every two seconds. Times that are newer
 * than its last word are not judged by it.
 * @param {Times} times @param {import("../state.js").State} state
 */
function differ(times, { at, level, levels }) {
  const moment = Date.parse(at);
  if (level === null || moment < Date.parse(times.now)) return false;
  return times.zones.some(({ zone, spells }) => {
    const spell = spells.find((one) => Date.parse(one.from) <= moment && Date.parse(one.to) > moment);
    const live = levels[zone];
    return (spell?.level ?? 3) !== (live?.level ?? 3) || Boolean(spell?.drill) !== Boolean(live?.drill);
  });
}
