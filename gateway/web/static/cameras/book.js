/**
 * What the cameras' page knows and how it comes to know it: the first paint's data, the stream's differences, and what is
 * asked for when somebody looks closer. Leaves to others: acts, places and painting (`main`).
 */

import { LitElement } from "lit";
import { ask } from "../api.js";
import { fits, inOrder, withTold } from "./store.js";

/**
 * @typedef {import("./signs.js").Camera} Camera
 * @typedef {import("./strip.js").Hour} Hour
 * @typedef {"cameras" | "orders" | "maintenance" | "round"} Tab
 */

const PAINT_EVERY_MS = 100;
const LOAD_AFTER_MS = 300;

export class CamerasBook extends LitElement {
  constructor() {
    super();
    /** @type {Camera[]} */
    this.cameras = [];
    /** @type {Set<string>} */
    this.rights = new Set();
    this.filter = { text: "", state: "", zone: "" };
    /** @type {Tab} */
    this.tab = "cameras";
    this.chosen = "";
    /** The detail of the chosen one, once it is there. @type {any} */
    this.detail = null;
    /** @type {any[] | null} */
    this.references = null;
    /** Open alarms of other kinds, for which the chosen camera took pictures. @type {any[]} */
    this.alarms = [];
    /** The day whose checks show, its hours, and the hour that is open. @type {{day: string, since: number, hours: Hour[] | null, open: number | null, checks: any[] | null, all: boolean}} */
    this.checks = { day: "", since: 0, hours: null, open: null, checks: null, all: false };
    /** @type {any[] | null} */
    this.orders = null;
    /** @type {any[] | null} */
    this.windows = null;
    /** Orders that are over, once somebody has asked. @type {any[] | null} */
    this.pastOrders = null;
    /** To whom an order can be given, once somebody has asked. @type {string[] | null} */
    this.workers = null;
    /** @type {any} */
    this.round = null;
    /** What is typed, by form. @type {Record<string, any>} */
    this.forms = {};
    /** What is wrong in a form, by field. @type {Record<string, string>} */
    this.errors = {};
    /** What became of an act, beside where it was done. @type {Record<string, {text: string, kind: "done" | "wrong"}>} */
    this.said = {};
    this.busy = "";
    /** What has to be touched once more. */
    this.sure = "";
    /** @type {"connecting" | "connected" | "lost"} */
    this.connection = "connecting";
    this.heardAt = 0;
    this.heardHere = Date.now();
    /** How fast the gateway's clock runs: 1, or more where a simulated campus is shown. */
    this.pace = 1;
    /** When the first hour of the strips begins. */
    this.since = 0;
    /** The last 24 hours of each camera. @type {Map<string, Hour[]>} */
    this.hours = new Map();
    /** @type {string[]} */
    this.order = [];
    /** Whether somebody's finger is on the list. */
    this.isOn = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.holding = undefined;
    /** What is about to be loaded. @type {Set<string>} */
    this.wanted = new Set();
    /** Parts that the gateway has lost. @type {string[]} */
    this.away = [];
  }

  createRenderRoot() {
    this.replaceChildren();
    return this;
  }

  /** What the page knows at first. @param {{cameras: Camera[], rights: string[], at: string, coverage: any}} given */
  begin(given) {
    this.cameras = given.cameras;
    this.rights = new Set(given.rights);
    this.heardAt = Date.parse(given.at);
    this.heardHere = Date.now();
    this.takeCoverage(given.coverage);
    this.order = inOrder(this.cameras).map((one) => one.id);
  }

  // ---------------------------------------------------------------- what comes

  get now() {
    return this.heardAt + (Date.now() - this.heardHere) * this.pace;
  }

  may(/** @type {string[]} */ ...rights) {
    return rights.some((one) => this.rights.has(one));
  }

  hear(/** @type {any} */ event) {
    if (event.at && (event.type === "tick" || event.type === "snapshot")) this.hearTime(event.at);
    if (event.cameras) this.take(event.cameras, event.type === "snapshot");
    // Fifty cameras that die at once are fifty events: what follows from them is loaded once.
    if (event.type === "work_order" || event.type === "maintenance") this.later("orders", () => this.loadOrders());
    if (this.tab === "round" && !["tick", "snapshot"].includes(event.type)) this.later("round", () => this.loadRound());
    if (this.chosen && event.camera === this.chosen) this.later("detail", () => this.loadDetail());
    this.away = event.away ?? [];
    this.soon();
  }

  hearTime(/** @type {string} */ at) {
    const passed = Date.now() - this.heardHere;
    const measured = (Date.parse(at) - this.heardAt) / passed;
    // Below this it is the network's unevenness, not another pace.
    if (passed > 1000) this.pace = measured > 1.5 && measured < 10_000 ? measured : 1;
    this.heardAt = Date.parse(at);
    this.heardHere = Date.now();
  }

  take(/** @type {Camera[]} */ told, /** @type {boolean} */ isAll) {
    const before = this.camera(this.chosen);
    this.cameras = isAll ? told : withTold(this.cameras, told);
    const after = this.camera(this.chosen);
    if (after && before && changed(before, after)) this.later("detail", () => this.loadDetail());
  }

  takeCoverage(/** @type {any} */ coverage) {
    this.since = Date.parse(coverage.since);
    this.hours = new Map(coverage.cameras.map((/** @type {any} */ one) => [one.camera, one.hours]));
  }

  soon() {
    this.waits ??= setTimeout(() => {
      this.waits = undefined;
      this.requestUpdate();
    }, PAINT_EVERY_MS);
  }

  /** Once, in a moment, however often it is wanted until then. @param {string} what @param {() => unknown} work */
  later(what, work) {
    if (this.wanted.has(what)) return;
    this.wanted.add(what);
    setTimeout(() => {
      this.wanted.delete(what);
      void work();
    }, LOAD_AFTER_MS);
  }

  camera(/** @type {string} */ id) {
    return this.cameras.find((one) => one.id === id);
  }

  hoursOf(/** @type {string} */ id) {
    return this.hours.get(id) ?? [];
  }

  // ---------------------------------------------------------------- what is asked for

  async loadCoverage() {
    await this.quietly(async () => this.takeCoverage(await ask("GET", "cameras/coverage")));
  }

  async loadOrders() {
    await this.quietly(async () => {
      this.orders = (await ask("GET", "work-orders")).orders;
      this.windows = (await ask("GET", "maintenance-windows")).windows;
    });
  }

  async loadPast() {
    await this.quietly(async () => (this.pastOrders = (await ask("GET", "work-orders?state=over")).orders));
  }

  async loadWorkers() {
    await this.quietly(async () => (this.workers = (await ask("GET", "work-orders/workers")).workers));
  }

  async loadRound() {
    await this.quietly(async () => (this.round = await ask("GET", "camera-rounds")));
  }

  async loadDetail() {
    const id = this.chosen;
    if (!id) return;
    await this.quietly(async () => {
      const [found, looks] = await Promise.all([ask("GET", `cameras/${id}`), ask("GET", `cameras/${id}/reference`)]);
      if (this.chosen !== id) return;
      this.detail = found;
      this.references = looks.references;
    });
    if (this.may("watch", "see_devices")) await this.loadAlarms(id);
  }

  /** What this camera saw before and after an alarm that is not about itself. */
  async loadAlarms(/** @type {string} */ id) {
    await this.quietly(async () => {
      const { alarms } = await ask("GET", "alarms");
      if (this.chosen !== id) return;
      this.alarms = alarms.filter((/** @type {any} */ one) => !one.condition.startsWith("camera_") && one.pictures.some((/** @type {any} */ picture) => picture.camera === id));
    });
  }

  async loadDay(/** @type {string} */ day) {
    const id = this.chosen;
    this.checks = { day, since: 0, hours: null, open: null, checks: null, all: false };
    await this.quietly(async () => {
      const found = await ask("GET", `cameras/coverage?day=${day}&camera=${id}`);
      if (this.chosen !== id || this.checks.day !== day) return;
      this.checks = { ...this.checks, since: Date.parse(found.since), hours: found.cameras[0]?.hours ?? [] };
    });
  }

  async openHour(/** @type {number | null} */ hour) {
    this.checks = { ...this.checks, open: hour, checks: null };
    this.requestUpdate();
    if (hour === null) return;
    const from = this.checks.since + hour * 3_600_000;
    const span = `from=${new Date(from).toISOString()}&to=${new Date(from + 3_600_000).toISOString()}`;
    await this.quietly(async () => {
      const found = await ask("GET", `cameras/${this.chosen}/checks?${span}`);
      if (this.checks.open === hour) this.checks = { ...this.checks, checks: found.checks };
    });
  }

  async openFinding(/** @type {any} */ one) {
    await this.quietly(async () => {
      const found = await ask("GET", `cameras/${one.camera}/findings/${one.id}`);
      if (this.detail === null) return;
      const findings = this.detail.findings.map((/** @type {any} */ other) => (other.id === one.id ? found : other));
      this.detail = { ...this.detail, findings };
    });
  }

  /** Something that nobody asked for by a touch: what went wrong is said once, above. @param {() => Promise<unknown>} work */
  async quietly(work) {
    try {
      await work();
      delete this.said.page;
    } catch (problem) {
      this.say("page", problem);
    }
    this.soon();
  }

  say(/** @type {string} */ where, /** @type {unknown} */ what, /** @type {"done" | "wrong"} */ kind = "wrong") {
    this.said = { ...this.said, [where]: { text: what instanceof Error ? what.message : String(what), kind } };
    this.requestUpdate();
  }

  /** Another state, and painted. @param {Partial<CamerasBook>} some */
  put(some) {
    Object.assign(this, some);
    this.requestUpdate();
  }

  /** Those that the list shows, in the order that they should have. */
  get wantedNow() {
    return inOrder(this.cameras.filter((one) => fits(one, this.filter)));
  }

  sortAnew() {
    this.order = this.wantedNow.map((one) => one.id);
    this.requestUpdate();
  }

  /** Rows that change places lose the focus: it goes back to the one that had it. */
  willUpdate() {
    const { activeElement } = document;
    this.focused = activeElement instanceof HTMLElement && activeElement.matches(".cam") ? activeElement.dataset.id : undefined;
  }

  updated() {
    if (this.focused === undefined || document.activeElement !== document.body) return;
    /** @type {HTMLElement | null} */ (this.querySelector(`.cam[data-id="${this.focused}"]`))?.focus({ preventScroll: true });
  }
}

/** True if what happened to the chosen camera is worth loading its detail anew. */
function changed(/** @type {Camera} */ before, /** @type {Camera} */ after) {
  const shown = (/** @type {Camera} */ one) => JSON.stringify([one.state, one.findings, one.reference, one.maintenance_until, one.work_order]);
  return shown(before) !== shown(after);
}
