/**
 * The plan of the campus, as new as it has to be: fetched when the overview opens, and anew when devices come or go, when
 * the gateway began anew or could not be heard, and when a screen wakes.
 *
 * Promises: a plan that says nothing new stays as it is, and so does one that does not load again, until it does; many
 * news are one fetch. Leaves to others: painting it (`plan/plan.js`), asking again (`asking.js`).
 */

import { ask } from "../../api.js";
import { Asking } from "./asking.js";

const SOON_MS = 500;
const AGAIN_MS = 30_000;

export class PlanKeeper {
  /** @param {import("lit").ReactiveControllerHost & {state: import("../state.js").State, isConnected: boolean}} host */
  constructor(host) {
    this.host = host;
    /** @type {any} */
    this.plan = null;
    this.told = "";
    /** With which devices it was asked for. @type {string | undefined} */
    this.of = undefined;
    /** @type {Asking<any>} */
    this.asking = new Asking(host, {
      what: "the plan",
      get: () => this.get(),
      take: (plan) => this.take(plan),
      againMs: AGAIN_MS,
    });
    host.addController(this);
  }

  hostConnected() {
    document.addEventListener("visibilitychange", this.resumed);
  }

  hostDisconnected() {
    document.removeEventListener("visibilitychange", this.resumed);
    this.asking.rest();
  }

  /** Other devices than when it was asked for. */
  hostUpdate() {
    if (this.of !== undefined && this.of !== devicesOf(this.host.state)) this.loadSoon();
  }

  /** A screen that slept has heard nothing meanwhile. */
  resumed = () => {
    if (!document.hidden) this.loadSoon();
  };

  loadSoon() {
    this.asking.loadIn(SOON_MS);
  }

  /** It comes when it comes; without one the page is the same but for it. */
  async load() {
    await this.asking.load();
  }

  async get() {
    this.of = devicesOf(this.host.state);
    const [plan] = await Promise.all([ask("GET", "plan"), import("../plan/plan.js")]);
    return plan;
  }

  take(/** @type {any} */ plan) {
    const told = JSON.stringify({ ...plan, at: "" });
    if (told === this.told) return;
    this.plan = plan;
    this.told = told;
  }
}

/** Which devices there are, as one word. */
function devicesOf(/** @type {import("../state.js").State} */ state) {
  return state.devices.map((one) => `${one.id}@${one.portal ?? one.zone}`).sort().join();
}
