/**
 * The plan of the campus, as new as it has to be: fetched when the overview opens, and anew when devices come or go, when
 * the gateway began anew or could not be heard, and when a screen wakes.
 *
 * Promises: a plan that says nothing new stays as it is, and so does one that does not load again, until it does: it is
 * asked for again by itself; an older answer never replaces a newer one; many news are one fetch, and a hundred pages do
 * not fetch in the same moment. Leaves to others: painting it (`plan/plan.js`).
 */

import { ask } from "../../api.js";

const SOON_MS = 500;
const SPREAD_MS = 2500;
const AGAIN_MS = 30_000;

export class PlanKeeper {
  /** @param {import("lit").ReactiveControllerHost & {state: import("../state.js").State, isConnected: boolean}} host */
  constructor(host) {
    this.host = host;
    /** @type {any} */
    this.plan = null;
    this.told = "";
    /** With which devices it was asked for; unknown once that came to nothing. @type {string | undefined} */
    this.of = undefined;
    /** Numbers of requests: the newest one, and the newest that was answered. */
    this.asked = 0;
    this.answered = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.soon = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.again = undefined;
    host.addController(this);
  }

  hostConnected() {
    document.addEventListener("visibilitychange", this.resumed);
  }

  hostDisconnected() {
    document.removeEventListener("visibilitychange", this.resumed);
    clearTimeout(this.soon);
    clearTimeout(this.again);
    this.soon = this.again = undefined;
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
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.load();
    }, SOON_MS + Math.random() * SPREAD_MS);
  }

  /** It comes when it comes; without one the page is the same but for it. */
  async load() {
    const number = ++this.asked;
    this.of = devicesOf(this.host.state);
    clearTimeout(this.again);
    try {
      const [plan] = await Promise.all([ask("GET", "plan"), import("../plan/plan.js")]);
      if (number < this.answered) return;
      this.answered = number;
      const told = JSON.stringify({ ...plan, at: "" });
      if (told === this.told) return;
      this.plan = plan;
      this.told = told;
      this.host.requestUpdate();
    } catch (problem) {
      console.warn("the plan does not load", problem);
      if (number === this.asked) this.loadAgain();
    }
  }

  /** One that is not shown asks when it opens. */
  loadAgain() {
    this.of = undefined;
    if (!this.host.isConnected) return;
    clearTimeout(this.again);
    this.again = setTimeout(() => void this.load(), AGAIN_MS + Math.random() * SPREAD_MS);
  }
}

/** Which devices there are, as one word. */
function devicesOf(/** @type {import("../state.js").State} */ state) {
  return state.devices.map((one) => `${one.id}@${one.portal ?? one.zone}`).sort().join();
}
