/**
 * The tab *Incidents*: the list with the hour of each report, one incident with its timeline and the course of its
 * report, the form that opens one (`#incidents/new`, from an alarm `#incidents/new/ALARM`).
 *
 * Promises: the hour is shown by the gateway's clock from what is known, whatever else does not load; what was typed is
 * kept until it was taken; news come by the stream and are fetched a moment later, many at once. Leaves to others: what
 * may be done when (the gateway says so in `next` and `not_closed`).
 */

import { ask } from "../../api.js";
import { data, t, word } from "../../i18n.js";
import { dotted, html, nothing } from "../../live/parts.js";
import { moment } from "../people/times.js";
import { sheet, Tab } from "../tab.js";
import "./course.js";
import { forget } from "./form.js";
import * as forms from "./forms.js";
import { callLeader } from "./hour.js";
import "./list.js";
import { at, knowDevices } from "./places.js";
import { inWords } from "./problems.js";
import "./timeline.js";

for (const name of ["incidents", "forms"]) sheet(`/static/control/incidents/${name}.css`);

/** @typedef {import("./hour.js").Summary} Summary */
/** @typedef {import("./forms.js").Info} Info */
/** @typedef {import("./timeline.js").Entry} Entry */

const SOON_MS = 400;
/** The timeline is fetched (and that recorded) at most so often. */
const TIMELINE_MS = 5000;
const PAGE = 100;
/** So many pages of a timeline come by themselves; more on demand. */
const PAGES_AT_ONCE = 5;
const LEADER = "duty-leader";
/** Events after which the timeline may have more. */
const NEWS = new Set(["alarm", "decision", "waiting_closed", "event", "command", "result", "emergency", "order", "level", "device", "permit", "door", "propagation"]);

export class IncidentsTab extends Tab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    known: { state: true },
    closed: { state: true },
    info: { state: true },
    entries: { state: true },
    more: { state: true },
    isOpenForm: { state: true },
  };

  constructor() {
    super();
    /** Open ones, as they were fetched or told. @type {Summary[]} */
    this.known = [];
    /** @type {Summary[] | null} */
    this.closed = null;
    /** @type {Info | null} */
    this.info = null;
    /** @type {Entry[]} */
    this.entries = [];
    this.last = 0;
    this.more = false;
    /** Which small form is open beside the course. */
    this.isOpenForm = "";
    this.wanted = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.soon = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.soon);
    clearTimeout(this.later);
    this.soon = this.later = undefined;
  }

  /** Which incident the address says; "": none, or the form for a new one. */
  get id() {
    return this.path[0] === "new" ? "" : (this.path[0] ?? "");
  }

  get mayHandle() {
    return this.may("close_alarms");
  }

  get leader() {
    const calls = /** @type {any[]} */ (data("page")?.calls ?? []);
    return calls.find((one) => one.id === LEADER) ?? null;
  }

  willUpdate() {
    knowDevices(this.state.devices);
    if (this.id === this.wanted) return;
    this.wanted = this.id;
    this.info = null;
    this.entries = [];
    this.last = 0;
    this.more = false;
    this.isOpenForm = "";
    this.put({ said: { text: "", kind: "done" }, errors: {} });
    if (this.id && this.isConnected) void this.load();
  }

  async load() {
    try {
      this.known = (await ask("GET", "incidents")).incidents;
      await this.loadOne();
    } catch (problem) {
      this.say(inWords(problem).said);
    }
  }

  async loadOne() {
    const { id } = this;
    if (!id) return;
    const info = await ask("GET", `incidents/${id}`);
    if (this.id !== id) return;
    this.info = info;
    for (let page = 0; page < PAGES_AT_ONCE && (page === 0 || this.more); page += 1) await this.loadTimeline();
  }

  /** One page of what came after what is shown. */
  async loadTimeline() {
    const { id } = this;
    if (!id) return;
    const page = await ask("GET", `incidents/${id}/timeline?after=${this.last}&limit=${PAGE}`);
    if (this.id !== id) return;
    const shown = new Set(this.entries.map((one) => one.seq));
    const fresh = page.entries.filter((/** @type {Entry} */ one) => !shown.has(one.seq));
    if (fresh.length) this.entries = [...this.entries, ...fresh];
    this.last = page.last;
    this.more = page.more;
  }

  heard(/** @type {any} */ event) {
    if (event.type === "incident") {
      this.known = event.state === "closed" ? this.known.filter((one) => one.id !== event.id) : [...this.known.filter((one) => one.id !== event.id), event];
      if (event.call_duty_leader) this.say(callLeader(event, at(event.place)));
      if (event.id === this.id && !this.busy) this.soon ??= setTimeout(() => this.again(), SOON_MS);
    } else if (event.type === "alarm" && this.info?.alarms.some((one) => one.id === event.id && one.open !== (event.state !== "closed"))) {
      this.soon ??= setTimeout(() => this.again(), SOON_MS);
    } else if (event.type === "snapshot") {
      void this.load();
    } else if (NEWS.has(event.type) && this.info?.summary.state === "open" && !this.more) {
      this.later ??= setTimeout(() => this.anew(), TIMELINE_MS);
    }
  }

  async again() {
    this.soon = undefined;
    try {
      await this.loadOne();
    } catch (problem) {
      this.say(inWords(problem).said);
    }
  }

  async anew() {
    this.later = undefined;
    try {
      await this.loadTimeline();
    } catch {
      // What is shown stays; the next news tries again.
    }
  }

  /** @param {{act: string, method: string, path: string, body?: object, done: string}} asked */
  async carryOut(asked) {
    if (this.busy) return;
    this.put({ busy: asked.act, errors: {} });
    try {
      const info = await ask(asked.method, asked.path, asked.body);
      forget(`${asked.act}:${info.summary?.id ?? this.id}`);
      if (info.summary) this.take(info);
      else void this.again();
      this.isOpenForm = "";
      this.say(asked.done, "done");
    } catch (problem) {
      const { said, errors } = inWords(problem);
      this.put({ errors });
      this.say(said);
      if (/** @type {any} */ (problem).status === 409) void this.again();
      void this.toTheWrong();
    }
    this.put({ busy: "" });
  }

  take(/** @type {Info} */ info) {
    const { summary } = info;
    const others = this.known.filter((one) => one.id !== summary.id);
    this.known = summary.state === "closed" ? others : [...others, summary];
    if (summary.id === this.id) {
      this.info = info;
      void this.anew();
    } else {
      this.go("incidents", summary.id);
    }
  }

  /** @param {Record<string, any>} values */
  openOne(values) {
    const alarm = this.path[1];
    const said = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== "" && value !== undefined && !(alarm && name === "happened_at")));
    void this.carryOut({ act: "new", method: "POST", path: "incidents", body: alarm ? { ...said, alarm } : said, done: t("The incident is open. Its hour runs.") });
  }

  async showClosed() {
    try {
      this.closed = (await ask("GET", "incidents?state=closed")).incidents;
    } catch (problem) {
      this.say(inWords(problem).said);
    }
  }

  render() {
    const isForm = this.path[0] === "new";
    return html`<div class="incidents" data-shows=${this.id || isForm ? "one" : "list"} @wg-i-act=${(/** @type {CustomEvent} */ event) => this.carryOut(event.detail)}>
      <wg-i-list .open=${this.known} .closed=${this.closed} .chosen=${this.id} .now=${this.now()} .mayOpen=${this.mayHandle && !this.wall}
        @wg-i-closed=${() => this.showClosed()}></wg-i-list>
      <div class="i-one">
        ${this.status()}
        ${isForm ? this.openForm() : this.id ? this.one() : html`<p class="empty">${t("Choose an incident on the left.")}</p>`}
      </div>
    </div>`;
  }

  openForm() {
    const alarm = this.state.alarms.find((one) => one.id === this.path[1]);
    const all = forms.opening(this.now());
    const fields = this.path[1] ? all.filter((one) => one.name === "note") : all;
    return html`<section class="i-open" aria-labelledby="h-new">
      <p><a href="#incidents">← ${t("All incidents")}</a></p>
      <h2 id="h-new">${t("New incident")}</h2>
      ${alarm ? html`<p><b>${word("alarm", alarm.condition)}</b> ${dotted(at(alarm.place), moment(alarm.opened_at))}</p>
        <p class="quiet">${t("Kind, place, time and pictures come from the alarm; they can be corrected afterwards.")}</p>` : nothing}
      <wg-i-form .name=${`new-${this.path[1] ?? ""}`} .fields=${fields} .submit=${t("Open it as an incident")} .errors=${this.errors} .busy=${this.busy === "new"}
        @wg-i-submit=${(/** @type {CustomEvent} */ event) => this.openOne(event.detail)}></wg-i-form>
    </section>`;
  }

  one() {
    const { info } = this;
    if (info === null) return html`<p><a href="#incidents">← ${t("All incidents")}</a></p><p class="empty">${t("Loading")}</p>`;
    const { summary } = info;
    return html`<header class="i-head">
        <p class="back"><a href="#incidents">← ${t("All incidents")}</a></p>
        <h2>${word("incident_kind", summary.kind)}, ${at(summary.place)}${summary.drill ? html` <span class="drill">${t("DRILL")}</span>` : nothing}</h2>
        <p class="quiet">${dotted(
          summary.happened_at ? t("happened {time}", { time: moment(summary.happened_at) }) : "",
          `${t("noticed {time}", { time: moment(summary.noticed_at) })} ${word("noticed", summary.noticed_how)}`,
          info.noticed_by && t("first: {who}", { who: at(info.noticed_by) }),
          info.kept && t("kept by an open case"),
        )}</p>
        ${this.alarms()} ${this.smallForms()}
      </header>
      <div class="i-columns">
        <wg-i-timeline tabindex="0" .entries=${this.entries} .more=${this.more} .pictures=${this.may("see_cameras")} @wg-i-more=${() => this.anew()}></wg-i-timeline>
        <wg-i-course .info=${info} .now=${this.now()} .user=${this.user} .rights=${this.rights} .leader=${this.leader} .errors=${this.errors} .busy=${this.busy}></wg-i-course>
      </div>`;
  }

  alarms() {
    const info = /** @type {Info} */ (this.info);
    if (!info.alarms.length) return nothing;
    return html`<ul class="i-alarms" aria-label=${t("Its alarms")}>${info.alarms.map(
      (one) => html`<li><span aria-hidden="true">${one.open ? "◆" : "✓"}</span> ${dotted(word("alarm", one.condition), at(one.place), one.open ? t("open") : word("alarm_state", "closed"))}
        ${one.open ? html`<a class="button small" href=${`#overview/${one.id}`}>${t("To the alarm")}</a>` : nothing}
        ${this.mayHandle && info.summary.state === "open"
          ? html`<button type="button" class="small" @click=${() => this.carryOut({ act: "detach", method: "DELETE", path: `incidents/${info.summary.id}/alarms/${one.id}`, done: t("The alarm is detached.") })}>${t("Detach")}</button>`
          : nothing}</li>`,
    )}</ul>`;
  }

  /** Notes, corrections, keeping, opening again: beside the course, each behind a button. */
  smallForms() {
    const info = /** @type {Info} */ (this.info);
    const { summary } = info;
    const isOpen = summary.state === "open";
    const handle = this.mayHandle;
    const tell = handle || this.may("request_orders") || this.may("sign_emergencies");
    const all = [
      { act: "notes", name: t("Note"), shown: isOpen && tell },
      { act: "correct", name: t("Correct"), shown: isOpen && handle },
      { act: "keep", name: t("Keep longer"), shown: this.may("hold_records") && !info.kept },
      { act: "reopen", name: t("Open again"), shown: !isOpen && handle },
    ].filter((one) => one.shown);
    return html`<p class="acts">${all.map(
        (one) => html`<button type="button" aria-expanded=${this.isOpenForm === one.act ? "true" : "false"} @click=${() => (this.isOpenForm = this.isOpenForm === one.act ? "" : one.act)}>${one.name}</button>`,
      )}</p>
      ${all.some((one) => one.act === this.isOpenForm) ? this.smallForm(this.isOpenForm, info) : nothing}`;
  }

  /** @param {string} act @param {Info} info */
  smallForm(act, info) {
    const path = `incidents/${info.summary.id}`;
    const forms_ = /** @type {Record<string, [import("./form.js").Field[], string, string, string, string]>} */ ({
      notes: [forms.words("text", t("What is known? The matter, no names.")), t("Add the note"), "POST", `${path}/notes`, t("Noted.")],
      correct: [forms.correction(info), t("Correct it"), "PATCH", path, t("Corrected. The reason is kept as a note.")],
      keep: [forms.words("reason", t("Why is it kept longer than usual?")), t("Open a case"), "POST", `${path}/keep`, t("A case keeps it until it is released.")],
      reopen: [forms.words("reason", t("Why is it not over?")), t("Open again"), "POST", `${path}/reopen`, t("It is open again.")],
    });
    const [fields, submit, method, where, done] = /** @type {[import("./form.js").Field[], string, string, string, string]} */ (forms_[act]);
    return html`<wg-i-form class="small-form" .name=${`${act}-${info.summary.id}`} .fields=${fields} .submit=${submit} .errors=${this.errors} .busy=${this.busy === act} .main=${false}
      @wg-i-submit=${(/** @type {CustomEvent} */ event) => this.carryOut({ act, method, path: where, body: event.detail, done })}></wg-i-form>`;
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.key !== "Escape" || !this.isOpenForm) return false;
    this.isOpenForm = "";
    return true;
  }
}

customElements.define("wg-c-incidents", IncidentsTab);
