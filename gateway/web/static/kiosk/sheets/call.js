/**
 * Whom to call: the list in its order, the next one large, one touch for what came of it; and a wish for relief.
 *
 * Opened with `{about: {kind: "visit" | "alarm" | "tap", id}}` from whatever is at hand, or with nothing. Promises: what
 * is under way is there again after a reload, and on the other screens of the gate; a touch that is sent twice counts
 * once. Leaves to others: dialling, and the host's number, which the directory shows and records.
 */

import { place, t, texts, timeOfDay, word } from "../../i18n.js";
import { PRIORITY_SIGNS } from "../../live/parts.js";
import { chips } from "../../ui/chips.js";
import "../../ui/field.js";
import "../../ui/keyboard.js";
import { minutes } from "../help.js";
import { html, nothing, Sheet } from "../sheet.js";

/** @typedef {{kind: string, id: string}} About */

const MOST_ALARMS = 6;

export class CallSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    about: { state: true },
    told: { state: true },
    number: { state: true },
    busy: { state: true },
    clock: { state: true },
    relief: { state: true },
    answered: { state: true },
  };

  constructor() {
    super();
    /** @type {About | null} */
    this.about = null;
    /** @type {any} */
    this.told = null;
    /** The host's number, once it was asked for. @type {string | null} */
    this.number = null;
    this.busy = "";
    this.clock = 0;
    /** @type {any} */
    this.relief = null;
    /** Who is on the line, as typed. */
    this.answered = "";
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    this.ticking = setInterval(() => (this.clock = this.kiosk.now()), 500);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
  }

  opened(/** @type {any} */ options) {
    this.about = options.about ?? null;
    this.clock = this.kiosk.now();
    void this.load();
  }

  async load() {
    const about = this.about === null ? "" : `&about=${this.about.kind}&of=${encodeURIComponent(this.about.id)}`;
    try {
      this.told = await this.kiosk.ask("GET", `calls?gate=${this.kiosk.gate.id}${about}`);
      if (this.about === null) this.about = this.told.running?.about ?? null;
      const { reliefs } = await this.kiosk.ask("GET", "relief");
      this.relief = reliefs.find((/** @type {any} */ one) => one.gate === this.kiosk.gate.id) ?? null;
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
  }

  hear(/** @type {any} */ event) {
    if (event.type === "call" && event.gate === this.kiosk.gate.id && same(event.about, this.about)) {
      if (this.told) this.told = { ...this.told, running: event };
    }
    if (event.type === "relief" && event.gate === this.kiosk.gate.id) {
      this.relief = event.state === "done" ? null : event;
    }
    if (event.type === "snapshot") void this.load();
  }

  async record(/** @type {string} */ to, /** @type {string} */ result) {
    if (this.busy) return;
    this.busy = `${to} ${result}`;
    const touch = crypto.randomUUID();
    try {
      this.told = await this.kiosk.ask("POST", "calls", {
        gate: this.kiosk.gate.id,
        to,
        result,
        touch,
        ...(this.about ? { about: this.about } : {}),
        ...(result === "answered" && this.answered.trim() ? { who_answered: this.answered.trim() } : {}),
      });
      if (result !== "calling") this.answered = "";
      this.say(result === "answered" ? t("Recorded: answered. Nobody else has to be called.") : "", "done");
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    } finally {
      this.busy = "";
    }
  }

  /** The number of the directory; that somebody looked is recorded. */
  async showNumber() {
    if (this.about?.kind !== "visit") return;
    try {
      const said = await this.kiosk.ask("GET", `visits/${this.about.id}/host-number`);
      this.number = said.number ?? said.phone ?? "";
      if (!this.number) this.say(t("The directory has no number of this person."), "notice");
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
  }

  async wantRelief() {
    try {
      this.relief = await this.kiosk.ask("POST", "relief", { gate: this.kiosk.gate.id, minutes: 5 });
      this.say(t("The control room has been asked to send somebody."), "done");
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
  }

  async relieved() {
    try {
      await this.kiosk.ask("POST", `relief/${this.relief.id}/done`);
      this.relief = null;
      this.say(t("Noted: relief is not needed any more."), "done");
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
  }

  body() {
    if (this.told === null) return html`<p class="quiet">${t("The call list is being fetched.")}</p>`;
    const { calls, running } = this.told;
    const next = running ? running.next : (calls[0]?.to ?? null);
    return html`
      <div class="k-sheet-scroll">
        ${this.aboutWhat()}
        <ol class="k-calls">
          ${calls.map((/** @type {any} */ line) => this.line(line, running, next === line.to))}
        </ol>
        ${this.reliefPart()}
      </div>
      <wg-keyboard></wg-keyboard>
    `;
  }

  /** The alarms of this gate, where there are any: a call is about one of them, or about none. */
  aboutWhat() {
    const alarms = this.kiosk.state.alarms.slice(0, MOST_ALARMS);
    if (!alarms.length || (this.about !== null && this.about.kind !== "alarm" && this.about.kind !== "")) return nothing;
    return chips({
      name: "about",
      label: t("About what"),
      chosen: [this.about?.id ?? ""],
      options: [
        ...alarms.map((one) => [one.id, `${PRIORITY_SIGNS[one.priority] ?? "◆"} ${word("alarm", one.condition)} · ${place(one.place)}`]),
        ["", t("something else")],
      ],
      choose: (id) => {
        this.about = id ? { kind: "alarm", id } : null;
        this.told = null;
        void this.load();
      },
    });
  }

  line(/** @type {any} */ line, /** @type {any} */ running, /** @type {boolean} */ isNext) {
    const tried = (running?.attempts ?? []).filter(
      (/** @type {any} */ one) => one.to === line.to && one.result !== "calling",
    );
    const last = tried.at(-1);
    const name = texts.language === "zh" ? line.name.zh : line.name.en;
    return html`<li class="k-call" data-next=${isNext}>
      <div class="k-call-line">
        <span class="k-call-order">${line.order}</span>
        <span class="k-call-name">${name}</span>
        ${last
          ? html`<span class="k-call-result" data-result=${last.result}
              ><span aria-hidden="true">${last.result === "answered" ? "✓" : "✕"}</span> ${resultWord(last.result)}
              ${timeOfDay(last.at)}</span
            >`
          : nothing}
        <span class="k-call-number">${this.numberOf(line)}</span>
        ${isNext
          ? nothing
          : html`<button type="button" @click=${() => void this.record(line.to, "calling")}>
              <span aria-hidden="true">☎</span> ${t("Call this one")}<span class="sr">: ${name}</span>
            </button>`}
      </div>
      ${isNext ? this.acts(line, running, name) : nothing}
    </li>`;
  }

  numberOf(/** @type {any} */ line) {
    if (line.to === "host") {
      if (this.number) return this.number;
      return html`<button type="button" @click=${() => void this.showNumber()}>${t("Show the number")}</button>`;
    }
    return line.number || html`<span class="quiet">${t("no number is configured")}</span>`;
  }

  acts(/** @type {any} */ line, /** @type {any} */ running, /** @type {string} */ name) {
    const since = running?.next === line.to ? running?.calling_since : null;
    const touch = (/** @type {string} */ result) => () => void this.record(line.to, result);
    return html`<div class="k-call-acts">
      ${since
        ? html`<output class="k-call-timer">${minutes(this.clock - Date.parse(since))}</output>`
        : html`<button type="button" class="main k-call-begin" @click=${touch("calling")}>
            <span aria-hidden="true">☎</span> ${t("I am calling")}<span class="sr">: ${name}</span>
          </button>`}
      <wg-field
        class="k-call-who"
        path="who_answered"
        .label=${t("Who answers")}
        .optional=${true}
        .limit=${64}
        .value=${this.answered}
        @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => (this.answered = event.detail.value)}
      ></wg-field>
      <button type="button" class="k-call-yes" @click=${touch("answered")}>
        <span aria-hidden="true">✓</span> ${t("Answered")}
      </button>
      <button type="button" @click=${touch("not_answered")}>
        <span aria-hidden="true">✕</span> ${t("Not answered: next")} <span aria-hidden="true">↓</span>
      </button>
      <button type="button" @click=${touch("busy")}>${t("Busy: next")} <span aria-hidden="true">↓</span></button>
    </div>`;
  }

  reliefPart() {
    const one = this.relief;
    return html`<section class="k-call-relief" aria-labelledby="h-relief">
      <h3 id="h-relief">${t("Alone at the gate")}</h3>
      ${one === null
        ? html`<button type="button" class="k-big" @click=${() => void this.wantRelief()}>
            ${t("I want relief for five minutes")}
          </button>`
        : html`<p data-state=${one.state}>
              ${one.state === "coming"
                ? html`<span aria-hidden="true">●</span> ${t("Somebody is coming.")}`
                : html`<span aria-hidden="true">▲</span> ${t("Asked at {time}; the control room has not answered yet.", {
                      time: timeOfDay(one.since),
                    })}`}
            </p>
            <button type="button" @click=${() => void this.relieved()}>${t("I have been relieved")}</button>`}
    </section>`;
  }
}

function same(/** @type {About | null} */ one, /** @type {About | null} */ other) {
  return (one?.kind ?? "") === (other?.kind ?? "") && (one?.id ?? "") === (other?.id ?? "");
}

function resultWord(/** @type {string} */ result) {
  switch (result) {
    case "answered":
      return t("answered");
    case "busy":
      return t("busy");
    default:
      return t("not answered");
  }
}

customElements.define("wg-s-call", CallSheet);
