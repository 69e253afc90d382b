/**
 * The tab *Devices*: the list, one device in full, the bollards, and how devices come and go.
 *
 * Promises: what is shown is looked up anew while the tab is open (each second what moves, every fifth the rest), and
 * says so when that fails; an act runs once, says its result in place, and a command is followed until it has ended. A
 * bundle of secrets is in this page's memory until it is sent away, and nowhere else. Leaves to others: what each part
 * shows (their own files).
 */

import { ask } from "../../api.js";
import { t, timeOfDay, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { sheet, Tab } from "../tab.js";
import "./alone.js";
import "./bollards.js";
import "./commands.js";
import { handedOver } from "./enrolment.js";
import "./list.js";
import "./page.js";
import { refusal, wrongField } from "./refusals.js";

for (const name of ["devices", "device", "bollards", "enrolment"]) sheet(`/static/control/devices/${name}.css`);

const NEW = "+new";
const LOOK_MS = 1000;
const REST_EVERY = 5;
/** The records are looked up anew this often, and whenever something happens at the device. */
const RECORDS_EVERY = 15;
const PAGE = 30;
const ARMED_MS = 10_000;
/** So long after it was given a command may still turn from no answer to another end. */
const FOLLOWED_S = 15;

/** @typedef {import("./words.js").Device} Device */

export class DevicesTab extends Tab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    devices: { state: true },
    lanes: { state: true },
    shown: { state: true },
    commands: { state: true },
    told: { state: true },
    more: { state: true },
    newest: { state: true },
    refused: { state: true },
    armed: { state: true },
    alone: { state: true },
    asked: { state: true },
    aloneWrong: { state: true },
    places: { state: true },
    going: { state: true },
    bundle: { state: true },
    cut: { state: true },
  };

  constructor() {
    super();
    /** @type {Device[] | null} */
    this.devices = null;
    /** @type {import("./bollards.js").Lane[] | null} */
    this.lanes = null;
    /** @type {import("./page.js").State | null} */
    this.shown = null;
    /** @type {import("./commands.js").Command[] | null} */
    this.commands = null;
    /** @type {import("./page.js").Told[] | null} */
    this.told = null;
    /** Where older records go on. @type {number | null} */
    this.next = null;
    this.more = false;
    /** The newest command of this page, by device. @type {Record<string, import("./commands.js").Command>} */
    this.newest = {};
    /** What was not sent, by device. @type {Record<string, string>} */
    this.refused = {};
    /** @type {import("./bollards.js").Armed | null} */
    this.armed = null;
    /** @type {import("./alone.js").Alone | null} */
    this.alone = null;
    /** @type {import("./alone.js").Asked | null} */
    this.asked = null;
    this.aloneWrong = "";
    /** @type {any} */
    this.places = null;
    /** @type {import("./enrolment.js").Consequences | null} */
    this.going = null;
    /** @type {import("./enrolment.js").Bundle | null} */
    this.bundle = null;
    /** Since when nothing could be looked up, in ms; 0: it works. */
    this.cut = 0;
    this.turn = 0;
    this.looking = false;
    /** Something happened at the chosen device since its records were looked up. */
    this.happened = false;
    this.opens = false;
    this.of = "";
  }

  connectedCallback() {
    super.connectedCallback();
    this.beat = setInterval(() => void this.look(), LOOK_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.beat);
  }

  get chosen() {
    return this.path[0] ?? "";
  }

  willUpdate() {
    const chosen = this.chosen;
    if (chosen === this.of) return;
    this.of = chosen;
    this.shown = this.commands = this.told = this.alone = this.asked = this.going = null;
    this.aloneWrong = "";
    this.put({ errors: {} });
    if (this.isConnected) queueMicrotask(() => void this.load());
  }

  updated() {
    // A link in the list was followed: what it opens is read out, and the keyboard is there.
    if (this.opens && this.shown) {
      this.opens = false;
      /** @type {HTMLElement | null} */ (this.querySelector("#h-device"))?.focus();
    }
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.key !== "/") return false;
    /** @type {import("./list.js").DeviceList | null} */ (this.querySelector("wg-c-device-list"))?.find();
    return true;
  }

  heard(/** @type {any} */ event) {
    if (event.type === "device" && this.devices !== null) {
      const id = typeof event.device === "string" ? event.device : event.device?.id;
      const known = this.devices.find((one) => one.id === id);
      if (known && known.online !== (event.online ?? event.device?.online)) void this.everything();
    }
    if (event.type === "command" && event.device === this.chosen) void this.followCommands();
    if (event.device === this.chosen && (event.type === "event" || event.type === "device")) this.happened = true;
    if (event.type === "device_retired") void this.everything();
  }

  // ---------------------------------------------------------------- looking

  async load() {
    await this.everything();
    if (this.chosen === NEW && this.may("manage_devices")) this.places = await ask("GET", "device-places").catch(() => null);
  }

  /** One look: what moves each second, the rest now and then. */
  async look() {
    if (document.hidden || this.looking) return;
    this.turn += 1;
    if (this.armed !== null && this.armed.until <= Date.now()) this.armed = null;
    this.looking = true;
    try {
      if (this.turn % REST_EVERY === 0) await this.everything();
      else await this.moving();
    } finally {
      this.looking = false;
    }
  }

  async everything() {
    const id = this.chosen;
    await this.tried(async () => {
      this.devices = (await ask("GET", "devices")).devices;
      await this.moving();
      if (id && id !== NEW && this.devices?.some((one) => one.id === id)) {
        const shown = await ask("GET", `devices/${encodeURIComponent(id)}/state`);
        if (id !== this.chosen) return;
        this.shown = shown;
        if (this.told === null || this.turn % RECORDS_EVERY === 0 || this.happened) await this.records(id);
        await this.followCommands();
      }
    });
  }

  async moving() {
    if (this.showsBollards) await this.tried(async () => void (this.lanes = (await ask("GET", "bollards")).lanes));
    const pending = Object.values(this.newest).filter((one) => one.state === "issued");
    for (const one of pending) await this.follow(one);
    if (this.commands?.some((one) => one.state === "issued" || (one.elapsed_s ?? 0) < FOLLOWED_S)) await this.followCommands();
  }

  get showsBollards() {
    if (this.chosen === NEW) return false;
    return !this.chosen || this.devices?.find((one) => one.id === this.chosen)?.kind === "bollard";
  }

  async followCommands() {
    const id = this.chosen;
    if (!id || id === NEW || !(this.may("command_devices") || this.may("see_devices"))) return;
    await this.tried(async () => {
      const { commands } = await ask("GET", `devices/${encodeURIComponent(id)}/commands`);
      const here = Date.now();
      if (id === this.chosen) this.commands = commands.map((/** @type {any} */ one) => ({ ...one, here: here - one.elapsed_s * 1000 }));
    });
  }

  async follow(/** @type {import("./commands.js").Command} */ one) {
    await this.tried(async () => {
      const now = await ask("GET", `devices/${encodeURIComponent(one.device)}/commands/${encodeURIComponent(one.command)}`);
      this.newest = { ...this.newest, [one.device]: { ...one, ...now } };
    });
  }

  async records(/** @type {string} */ id) {
    this.happened = false;
    const newest = await ask("GET", `devices/${encodeURIComponent(id)}/events?limit=${PAGE}`);
    if (id === this.chosen) this.takeTold(newest);
  }

  /** The newest records above those that were fetched before; older ones stay. @param {{events: any[], next: number | null}} answer */
  takeTold(answer) {
    const oldest = answer.events.at(-1)?.seq ?? 0;
    const older = (this.told ?? []).filter((one) => one.seq < oldest);
    this.told = [...answer.events, ...older];
    if (!older.length) this.goOn(answer.next);
  }

  /** @param {() => Promise<void>} work */
  async tried(work) {
    try {
      await work();
      this.cut = 0;
    } catch (problem) {
      const gone = /** @type {any} */ (problem);
      if (gone?.status === 404) return;
      if (!this.cut) this.cut = this.now();
    }
  }

  // ---------------------------------------------------------------- acting

  async wished(/** @type {CustomEvent<any>} */ event) {
    const wish = event.detail;
    const at = `devices/${encodeURIComponent(wish.device ?? "")}`;
    switch (wish.act) {
      case "command":
        return this.command(wish);
      case "disarm":
        this.armed = null;
        return;
      case "calm":
        return this.during("calm", async () => {
          await ask("POST", `${at}/quarantine/end`, { reason: wish.reason });
          return t("The quarantine is over: it lets people in again.");
        });
      case "older":
        return this.older();
      case "alone":
        return void (await this.quietly("alone", async () => (this.alone = await ask("GET", `${at}/alone`))));
      case "ask":
        this.asked = null;
        return void (await this.quietly("alone", async () => {
          this.asked = await ask("POST", `${at}/alone`, { holder: wish.holder, ...(wish.at ? { at: wish.at } : {}) });
        }));
      case "enrol":
        return this.enrol(wish.body);
      case "consequences":
        this.going = null;
        this.going = await ask("GET", `${at}/consequences`).catch(() => null);
        return;
      case "rotate-key":
        return this.hand("rotate-key", () => ask("POST", `${at}/rotate-key`), t("It has a new key. The old one is taken until the new one is used."));
      case "replace":
        return this.hand("replace", () => ask("POST", `${at}/replace`, { reason: wish.reason }), t("The old device is refused from now on."));
      case "retire":
        return this.retire(at, wish.device, wish.reason);
    }
  }

  /** @param {{device: string, action: string, reason: string, confirm?: string}} wish */
  async command(wish) {
    if (this.busy) return;
    this.put({ busy: "command" });
    this.refused = { ...this.refused, [wish.device]: "" };
    try {
      const body = { action: wish.action, reason: wish.reason, ...(wish.confirm ? { confirm: wish.confirm } : {}) };
      const answer = await ask("POST", `devices/${encodeURIComponent(wish.device)}/commands`, body);
      this.armed = answer.state === "armed" ? { device: wish.device, token: answer.confirm, reason: wish.reason, until: Date.now() + ARMED_MS } : null;
      if (answer.state !== "armed") this.newest = { ...this.newest, [wish.device]: { ...answer, here: Date.now() } };
      await this.moving();
      await this.followCommands();
    } catch (problem) {
      if (wish.confirm) this.armed = null;
      this.refused = { ...this.refused, [wish.device]: refusal(problem) };
      await this.moving();
    }
    this.put({ busy: "" });
  }

  async older() {
    const before = this.next;
    if (before === null) return;
    await this.tried(async () => {
      const answer = await ask("GET", `devices/${encodeURIComponent(this.chosen)}/events?limit=${PAGE}&before=${before}`);
      this.told = [...(this.told ?? []), ...answer.events];
      this.goOn(answer.next);
    });
  }

  /** Older records go on before that number; null: there are none. */
  goOn(/** @type {number | null} */ next) {
    this.next = next;
    this.more = next !== null;
  }

  /** @param {string} what @param {() => Promise<unknown>} work */
  async quietly(what, work) {
    if (this.busy) return;
    this.put({ busy: what });
    this.aloneWrong = "";
    try {
      await work();
    } catch (problem) {
      const gone = /** @type {any} */ (problem);
      const isTooFar = (gone?.errors ?? []).some((/** @type {{field: string}} */ one) => one.field === "at");
      if (gone?.status === 404) this.aloneWrong = t("There is nobody with that number. Look at the number again.");
      else this.aloneWrong = isTooFar ? t("No list holds so long. Choose a moment within a few days of now.") : refusal(problem);
    }
    this.put({ busy: "" });
  }

  async enrol(/** @type {any} */ body) {
    this.put({ errors: {} });
    await this.during("enrol", async () => {
      try {
        this.bundle = await ask("POST", "devices", body);
      } catch (problem) {
        const wrong = /** @type {import("../../api.js").Problem} */ (problem);
        this.put({ errors: Object.fromEntries((wrong.errors ?? []).map((one) => [one.field, wrongField(one.field)])) });
        throw Object.keys(this.errors).length ? new Error(t("Not enrolled: something is not right. It is said beside the field.")) : new Error(refusal(problem));
      }
      return t("{device} is enrolled.", { device: body.id });
    });
  }

  /** @param {string} what @param {() => Promise<any>} work @param {string} done */
  async hand(what, work, done) {
    await this.during(what, async () => {
      this.bundle = await work();
      return done;
    });
  }

  /** @param {string} at @param {string} device @param {string} reason */
  async retire(at, device, reason) {
    let step = "";
    await this.during("retire", async () => {
      const answer = await ask("POST", `${at}/retire`, { reason });
      step = answer.broker.step;
      this.go("devices");
      return `${t("{device} is retired.", { device })} ${step === "told" ? "" : word("broker_step", step)} ${answer.broker.trouble ?? ""}`.trim();
    });
  }

  // ---------------------------------------------------------------- painting

  render() {
    const at = this.now();
    const { alarms } = this.state;
    return html`<div class="dv-tab" data-open=${this.chosen !== ""} @wg-wish=${(/** @type {CustomEvent} */ event) => void this.wished(event)}>
      <div class="dv-side panel">
        <wg-c-device-list .devices=${this.devices} .alarms=${alarms} .chosen=${this.chosen} .at=${at} .enrols=${this.may("manage_devices")}
          @click=${(/** @type {Event} */ event) => this.followed(event)}></wg-c-device-list>
      </div>
      <div class="dv-page">
        ${this.cut ? html`<p class="dv-dead" role="status"><span aria-hidden="true">✕</span> ${t("The gateway does not answer: this is as of {time}.", { time: timeOfDay(this.cut) })}</p>` : nothing}
        ${this.status()}
        ${this.bundle ? handedOver(this.bundle, () => (this.bundle = null)) : nothing}
        ${this.chosen ? html`<p class="dv-back"><a href="#devices">${t("All devices and bollards")}</a></p>` : nothing}
        ${this.chosen === NEW ? this.newOne() : this.chosen ? this.one(at) : this.bollards(at, "")}
      </div>
    </div>`;
  }

  /** A link of the list was followed: what was said of another device is no longer of interest. */
  followed(/** @type {Event} */ event) {
    if (!(event.target instanceof Element) || event.target.closest("a") === null) return;
    this.opens = event.target.closest("li a") !== null;
    this.say("", "done");
  }

  newOne() {
    if (!this.may("manage_devices")) return html`<p class="empty">${t("Devices are enrolled by an administrator.")}</p>`;
    return html`<wg-c-new-device .places=${this.places} .errors=${this.errors} .busy=${this.busy}></wg-c-new-device>`;
  }

  one(/** @type {number} */ at) {
    const { shown } = this;
    if (this.devices !== null && !this.devices.some((one) => one.id === this.chosen)) return html`<p class="empty">${t("There is no device of that name. It may have been retired.")}</p>`;
    if (shown === null) return html`<p class="empty">${t("loading …")}</p>`;
    const { device } = shown;
    const may = this.may("command_devices");
    return html`
      <wg-c-device .shown=${shown} .alarms=${this.state.alarms} .may=${may} .busy=${this.busy} .at=${at}></wg-c-device>
      ${device.kind === "bollard" ? this.bollards(at, device.id) : nothing}
      <wg-c-commands .device=${device.id} .actions=${shown.actions} .notNow=${shown.not_now} .may=${may} .busy=${this.busy} .commands=${this.commands} .refused=${device.kind === "bollard" ? "" : (this.refused[device.id] ?? "")} .at=${at}></wg-c-commands>
      ${["reader", "dorm", "camera"].includes(device.kind) && device.portal !== null
        ? html`<wg-c-alone .device=${device.id} .alone=${this.alone} .asked=${this.asked} .wrong=${this.aloneWrong} .may=${may || this.may("manage_people")} .busy=${this.busy} .at=${at}></wg-c-alone>`
        : nothing}
      <wg-c-device-records .told=${this.told} .more=${this.more} .at=${at}></wg-c-device-records>
      ${this.may("manage_devices") ? html`<wg-c-enrolment .device=${device.id} .online=${device.online} .going=${this.going} .busy=${this.busy}></wg-c-enrolment>` : nothing}
    `;
  }

  /** @param {number} at @param {string} only */
  bollards(at, only) {
    return html`${only ? nothing : html`<h2>${t("Bollards")}</h2>`}
      <wg-c-bollards .lanes=${this.lanes} .only=${only} .commands=${this.newest} .armed=${this.armed} .refused=${this.refused} .may=${this.may("command_devices")} .busy=${this.busy} .at=${at}></wg-c-bollards>`;
  }
}

customElements.define("wg-c-devices", DevicesTab);
