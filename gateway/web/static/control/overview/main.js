/**
 * The overview: which level, is everything following, what needs somebody now. The alarms left, the plan in the middle,
 * below it always the chosen alarm and what to do about it.
 *
 * Promises: fetches for its leaves and carries out what they want; a chosen alarm stays chosen until somebody chooses
 * another one; a form that is being filled in survives whatever happens around it. Leaves to others: the plan
 * (`plan/plan.js`), painting of each part.
 */

import { carryOut } from "../../acts.js";
import { ask } from "../../api.js";
import { data, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import "../../live/waiting.js";
import { isOf } from "../rooms.js";
import { wantsSomebody } from "../state.js";
import { Tab } from "../tab.js";
import * as acts from "./acts.js";
import "./alarm_list.js";
import "./chosen.js";
import { entries } from "./entries.js";
import { isDangerous, missing, newForm, paintForm, titleOf } from "./forms.js";
import { LevelKeeper } from "./level_keeper.js";
import { PlanKeeper } from "./plan_keeper.js";
import "./strip.js";

/** @typedef {import("../state.js").Alarm} Alarm */

/** Whoever goes through the list with J asks for one story, not for all of them. */
const STORY_AFTER_MS = 250;
/** After so long a step that has to be taken twice is forgotten. */
const SURE_MS = 8000;

class OverviewTab extends Tab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    chosen: { state: true },
    kinds: { state: true },
    form: { state: true },
    told: { state: true },
    under: { state: true },
    command: { state: true },
    story: { state: true },
  };

  constructor() {
    super();
    /** The alarm that somebody chose, as it was last. @type {Alarm | null} */
    this.chosen = null;
    /** What the catalogue says, by condition. @type {Record<string, import("./chosen.js").Kind>} */
    this.kinds = {};
    this.levels = new LevelKeeper(this);
    this.plans = new PlanKeeper(this);
    /** What is being said in the side panel. @type {import("./forms.js").Form | null} */
    this.form = null;
    /** What became of acts, by what they were done to. @type {Record<string, string>} */
    this.told = {};
    /** What acts are under way at. @type {Set<string>} */
    this.under = new Set();
    /** The last of the acts that are wanted at an alarm. @type {Map<string, Promise<boolean>>} */
    this.turns = new Map();
    /** @type {any} */
    this.command = null;
    /** Where the keyboard was before the side panel opened. @type {HTMLElement | null} */
    this.cameFrom = null;
    /** @type {import("./chosen.js").Line[]} */
    this.lines = data("page").calls;
    /** Names of those who act, by their reference. @type {Record<string, string>} */
    this.users = data("page").users;
    /** What has happened to the chosen alarm. @type {import("./chosen.js").Moment[]} */
    this.story = [];
    this.storyOf = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.storySoon = undefined;
    /** What had the keyboard last. @type {EventTarget | null} */
    this.held = null;
  }

  async load() {
    void this.levels.load();
    void this.plans.load();
    if (!Object.keys(this.kinds).length) {
      try {
        this.kinds = (await ask("GET", "alarms/catalogue")).conditions;
      } catch (problem) {
        this.say(problem);
      }
    }
  }

  /** What its records tell of the chosen alarm; asked for anew a moment after it has changed. */
  async loadStory(/** @type {string} */ id) {
    try {
      const { timeline } = await ask("GET", `alarms/${id}`);
      if (this.chosen?.id === id) this.story = timeline;
    } catch {
      // What the stream tells of it stands there all the same.
    }
  }

  heard(/** @type {any} */ event) {
    if (event.type === "snapshot") this.plans.loadSoon(); // the gateway began anew, perhaps with another configuration
    if (event.type === "order" || event.type === "level" || this.levels.isDue) void this.levels.load();
  }

  /** What shows in this room; what is about somebody's life on top. @returns {Alarm[]} */
  get alarms() {
    const { rooms, alarms } = this.state;
    const own = this.room ? alarms.filter((one) => isOf(one, this.room, rooms)) : alarms;
    const isLife = (/** @type {Alarm} */ one) => Number(!this.kinds[one.condition]?.life_safety);
    return [...own].sort((a, b) => isLife(a) - isLife(b));
  }

  /** What shows in another room. */
  elsewhere(/** @type {Alarm[]} */ own) {
    if (own.length === this.state.alarms.length) return [];
    const shown = new Set(own);
    return this.state.alarms.filter((one) => !shown.has(one));
  }

  /** The chosen alarm as it is now, or was last. @returns {{alarm: Alarm | null, isGone: boolean}} */
  get current() {
    if (this.chosen === null) return { alarm: null, isGone: false };
    const { id } = this.chosen;
    const known = this.state.alarms.find((one) => one.id === id);
    return { alarm: known ?? this.chosen, isGone: known === undefined };
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("path") && this.path[0]) {
      const wanted = this.state.alarms.find((one) => one.id === this.path[0]);
      if (wanted) this.chosen = wanted;
    }
    if (changed.get("stale") === true && !this.stale) this.plans.loadSoon();
    const { alarm, isGone } = this.current;
    if (alarm && !isGone) this.chosen = alarm;
    // Once, so that the page is useful without a touch; from then on only a person chooses.
    if (this.chosen === null) this.chosen = entries(this.alarms).open[0] ?? null;
    this.storyAfter(this.chosen);
  }

  /** What had the keyboard is gone, by one's own act or another's: it goes to the chosen alarm, not to the page's top. */
  updated() {
    if (this.held instanceof HTMLElement && !this.held.isConnected && document.activeElement === document.body) {
      this.held = null;
      /** @type {HTMLElement | null} */ (this.querySelector("#chosen"))?.focus({ preventScroll: true });
    }
  }

  storyAfter(/** @type {Alarm | null} */ alarm) {
    if (this.wall) return;
    const of = alarm === null ? "" : JSON.stringify([alarm.id, alarm.state, alarm.count, alarm.steps_done, alarm.calls, alarm.escalated_at, alarm.incident]);
    if (of === this.storyOf) return;
    if (!this.storyOf.includes(alarm?.id ?? "-")) this.story = [];
    this.storyOf = of;
    clearTimeout(this.storySoon);
    if (alarm) this.storySoon = setTimeout(() => void this.loadStory(alarm.id), STORY_AFTER_MS);
  }

  // ---------------------------------------------------------------- acts

  choose(/** @type {string} */ id) {
    const alarm = this.state.alarms.find((one) => one.id === id);
    if (!alarm || alarm.id === this.chosen?.id) return;
    this.chosen = alarm;
    this.command = null;
    history.replaceState(null, "", `#overview/${id}`);
  }

  /** @param {number} by */
  step(by) {
    const list = /** @type {import("./alarm_list.js").AlarmListPart | null} */ (this.querySelector("wg-c-alarms"));
    const ids = (list?.shown ?? []).map((one) => one.id);
    const at = ids.indexOf(this.chosen?.id ?? "");
    const next = ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    this.choose(next);
    void this.updateComplete.then(() => this.querySelector(`.entry[data-id="${next}"]`)?.scrollIntoView({ block: "nearest" }));
  }

  /**
   * Carry out an act and say at the alarm what became of it. What is wanted while another is under way is done after it:
   * hands on the keyboard are quicker than the gateway.
   * @param {string} id @param {() => Promise<string>} work
   */
  async carry(id, work) {
    const turn = (this.turns.get(id) ?? Promise.resolve(true)).then(() => this.carryNow(id, work));
    this.turns.set(id, turn);
    const isDone = await turn;
    if (this.turns.get(id) === turn) this.turns.delete(id);
    return isDone;
  }

  /** @param {string} id @param {() => Promise<string>} work */
  async carryNow(id, work) {
    this.under = new Set([...this.under, id]);
    this.told = { [id]: "" };
    let isDone = true;
    try {
      this.told = { [id]: await work() };
    } catch (problem) {
      const detail = /** @type {{detail?: string}} */ (problem).detail;
      const said = problem instanceof Error ? problem.message : String(problem);
      this.told = { [id]: `${said}${detail ? ` (${detail})` : ""}` };
      if (detail?.startsWith("of_many"))
        this.told = { [id]: t("Other alarms stand in this entry and would not be heard any more. Acknowledge it instead.") };
      isDone = false;
    }
    this.under = new Set([...this.under].filter((one) => one !== id));
    return isDone;
  }

  wanted(/** @type {CustomEvent<any>} */ event) {
    const { act, id, ...more } = event.detail;
    if (acts.SIMPLE.includes(act))
      void this.carry(id, async () => {
        await acts.act(id, act, act === "take-over" ? { room: more.room ?? this.room } : undefined);
        return t("Done.");
      });
    else if (act === "step")
      void this.carry(id, async () => {
        await acts.tick(id, more.step, more.done);
        return "";
      });
    else if (act === "call")
      void this.carry(id, async () => {
        await acts.called(id, more.to, more.outcome);
        return t("The call is noted.");
      });
    else if (act === "incident") this.makeIncident(id);
    else if (act === "command") this.openCommand(id);
    else if (act === "close" && more.codes) this.openForm(newForm(act, id, { codes: more.codes }));
    else this.openForm(newForm(act, id));
  }

  /** One, however often it is touched. */
  makeIncident(/** @type {string} */ id) {
    if (this.under.has(id)) return;
    void this.carry(id, async () => {
      this.go("incidents", await acts.makeIncident(id));
      return t("Done.");
    });
  }

  openCommand(/** @type {string} */ id) {
    const { alarm } = this.current;
    const wanted = alarm && this.kinds[alarm.condition]?.command;
    if (!alarm || !wanted) return;
    const own = this.state.devices.find((one) => one.id === alarm.place);
    const portal = own?.portal ?? alarm.place;
    const device = own?.kind === wanted.device_kind ? own : this.state.devices.find((one) => one.kind === wanted.device_kind && one.portal === portal);
    if (!device) this.told = { [id]: t("No device there carries this out.") };
    else if (wanted.action === "efo") this.go("devices", device.id);
    else this.openForm(newForm("command", id, { device: device.id, action: wanted.action }));
  }

  openForm(/** @type {import("./forms.js").Form} */ form) {
    this.cameFrom = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.form = form;
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector(".side input, .side textarea"))?.focus());
  }

  closeForm() {
    if (this.form === null) return false;
    this.form = null;
    const back = this.cameFrom;
    void this.updateComplete.then(() => {
      if (back?.isConnected) back.focus();
      else /** @type {HTMLElement | null} */ (this.querySelector("#chosen"))?.focus();
    });
    return true;
  }

  setForm(/** @type {Partial<import("./forms.js").Form>} */ some) {
    if (this.form) this.form = { ...this.form, ...some };
  }

  async sendForm() {
    const { form } = this;
    if (form === null || this.under.has(form.id)) return;
    const error = missing(form);
    if (error) {
      this.setForm({ error });
      await this.toTheWrong();
      return;
    }
    if (isDangerous(form) && !form.isSure) {
      this.setForm({ isSure: true });
      setTimeout(() => this.form?.isSure && this.setForm({ isSure: false }), SURE_MS);
      return;
    }
    const isDone = await this.carry(form.id, async () => {
      const answer = await acts.sendForm(form, this.now());
      if (form.kind !== "command") return t("Done.");
      void acts.watchCommand(answer, (info) => (this.command = info)).catch(() => {});
      return t("The command is on its way.");
    });
    if (isDone) this.closeForm();
    else this.setForm({ error: this.told[form.id] ?? "", isSure: false });
  }

  /** Somebody waits at a door for a person's word. */
  async answerWaiting(/** @type {CustomEvent<import("../../acts.js").Act>} */ event) {
    const act = event.detail;
    await this.carry(act.id, async () => {
      await carryOut(act);
      return t("Done.");
    });
  }

  key(/** @type {KeyboardEvent} */ event) {
    const { alarm, isGone } = this.current;
    const letter = event.key.toLowerCase();
    if (event.key === "Escape") return this.closeForm();
    if (letter === "j" || letter === "k") this.step(letter === "j" ? 1 : -1);
    else if (letter === "/") /** @type {HTMLElement | null} */ (this.querySelector("#f-find"))?.focus();
    else if (letter === "a" && alarm && !isGone && wantsSomebody(alarm) && this.may("acknowledge_alarms"))
      this.wanted(new CustomEvent("wg-want", { detail: { act: "acknowledge", id: alarm.id } }));
    else if (/^[1-9]$/.test(letter) && alarm && !isGone) return this.tickStep(alarm, Number(letter) - 1);
    else return false;
    return true;
  }

  /** @param {Alarm} alarm @param {number} index */
  tickStep(alarm, index) {
    const step = this.kinds[alarm.condition]?.what_to_do[index];
    if (!step || !this.may("acknowledge_alarms")) return false;
    const done = !(alarm.steps_done ?? []).includes(step.id);
    this.wanted(new CustomEvent("wg-want", { detail: { act: "step", id: alarm.id, step: step.id, done } }));
    return true;
  }

  // ---------------------------------------------------------------- painting

  render() {
    const { alarm, isGone } = this.current;
    const { alarms } = this;
    const now = this.now();
    return html`<div class="overview" data-wall=${this.wall} @focusin=${(/** @type {Event} */ event) => (this.held = event.target)} @wg-want=${this.wanted} @wg-pick=${(/** @type {CustomEvent<string>} */ event) => this.choose(event.detail)}>
      <section class="panel needs" aria-label=${t("What needs somebody")}>
        <wg-c-alarms .alarms=${alarms} .devices=${this.state.devices} .chosen=${alarm?.id ?? ""} .mayAcknowledge=${!this.wall && this.may("acknowledge_alarms")}
          .busy=${this.under} .said=${alarm ? { ...this.told, [alarm.id]: "" } : this.told} .now=${now} .elsewhere=${this.elsewhere(alarms)} .users=${this.users} .wall=${this.wall}></wg-c-alarms>
        ${this.state.waiting.length
          ? html`<wg-waiting .waiting=${this.state.waiting} .mayAnswer=${!this.wall && this.may("answer_waiting")} .now=${now} .said=${this.told} .busy=${this.under}
              @wg-act=${this.answerWaiting}></wg-waiting>`
          : nothing}
      </section>
      <wg-c-strip class="strip" .state=${this.state} .times=${this.levels.times} .isOld=${this.levels.isOld} .rights=${this.wall ? [] : this.rights} .wall=${this.wall} .now=${now}></wg-c-strip>
      <section class="panel plan" aria-label=${t("Plan")}>
        ${this.plans.plan
          ? html`<wg-plan .plan=${this.plans.plan} .state=${this.state} .chosen=${alarm && !isGone ? { kind: "alarm", id: alarm.id } : null} .wall=${this.wall}
              @wg-choose=${this.chosenOnPlan}></wg-plan>`
          : html`<p class="empty">${t("The plan of the campus is not there yet. The list of alarms is complete without it.")}</p>`}
      </section>
      ${this.wall
        ? nothing
        : html`<section class="panel chosen" id="chosen" tabindex="-1" aria-labelledby="h-chosen">
            <wg-c-chosen .alarm=${alarm} .isGone=${isGone} .kind=${alarm ? (this.kinds[alarm.condition] ?? null) : null} .lines=${this.lines} .story=${this.story} .users=${this.users} .state=${this.state}
              .rights=${this.rights} .room=${this.room} .busy=${alarm ? this.under.has(alarm.id) : false} .said=${alarm ? (this.told[alarm.id] ?? this.said.text) : this.said.text}
              .command=${this.command} .now=${now}></wg-c-chosen></section>`}
      ${this.form === null ? nothing : this.side(this.form, now)}
    </div>`;
  }

  /** @param {import("./forms.js").Form} form @param {number} now */
  side(form, now) {
    const about = this.state.alarms.find((one) => one.id === form.id);
    return html`<aside class="side" aria-labelledby="h-side">
      <div class="head"><h2 id="h-side">${titleOf(form)}</h2>
        <button type="button" class="small" @click=${() => this.closeForm()}>${t("Esc: back")}</button></div>
      ${about ? html`<p class="quiet">${word("alarm", about.condition)}</p>` : nothing}
      ${paintForm(form, now, this.under.has(form.id), {
        set: (some) => this.setForm(some),
        send: () => void this.sendForm(),
        close: () => this.closeForm(),
      })}
    </aside>`;
  }

  /** A sign on the plan: the most urgent alarm there, or the page of the thing. */
  chosenOnPlan(/** @type {CustomEvent<{kind: string, id: string}>} */ event) {
    const { kind, id } = event.detail;
    if (kind === "alarm") this.choose(id);
    else {
      const device = new Map(this.state.devices.map((one) => [one.id, one]));
      const there = this.alarms.find((one) => one.place === id || device.get(one.place)?.portal === id);
      if (there) this.choose(there.id);
      else if (kind === "device" && this.may("see_devices")) this.go("devices", id);
      else if (kind === "camera" && this.may("see_cameras")) this.go("cameras", id);
    }
  }
}

customElements.define("wg-c-overview", OverviewTab);
