/**
 * The day's column: who is expected, who is inside, who stays too long, whose host has not answered, who was left inside.
 *
 * Promises: two thousand visits are as quick as twenty, because only a part of a list is painted; a new row never moves
 * what is under a finger (rows keep their order by time); one touch opens a visit. It is loaded once and then follows
 * the stream; it is loaded anew when the stream was away, when the level changed, and when the records were unlocked.
 * Leaves to others: the visit itself (sheets/visits.js), the lists (the gateway).
 *
 * @typedef {{id: string, place: string, state: string, kind: string, name: string, person: string, find?: string,
 *   host: string, starts_at: string, ends_at: string, since?: string | null, document?: string, organisation?: string,
 *   needs?: string[], refused_now?: boolean, unanswered?: boolean, uncertain?: boolean, plate?: string | null,
 *   badge?: string, declared?: boolean, count?: number | null, members?: number | null}} Line
 */

import { repeat } from "lit/directives/repeat.js";
import { html, nothing, Part } from "../live/parts.js";
import { t, timeOfDay, word } from "../i18n.js";
import { dotted } from "../live/parts.js";

let made = 0;
const PAINTED = 40;
/** Rows painted at first; "show more" adds as many again. */
const KEEP_EVERY_MS = 10_000;

/** The lists, by their names in the gateway's answer, and the place of a row that stands in one. */
export const LISTS = /** @type {const} */ ({
  expected: "expected",
  inside: "inside",
  overstays: "overstay",
  left_inside: "left_inside",
});

/** Hours and minutes on the site's own clock. */
export const hourOf = (/** @type {string} */ at) => timeOfDay(at).slice(0, 5);

export class DayPart extends Part {
  static properties = {
    kiosk: { attribute: false },
    list: { state: true },
    sought: { state: true },
    shown: { state: true },
    trouble: { state: true },
    chosen: { attribute: false },
  };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    /** @type {"expected" | "inside" | "overstay" | "unanswered" | "left_inside"} */
    this.list = "expected";
    this.sought = "";
    this.shown = PAINTED;
    this.trouble = "";
    /** What a touch does, where it is not to open the sheet. @type {((id: string) => void) | null} */
    this.chosen = null;
    this.own = `d-find-${++made}`;
    /** @type {Map<string, Line>} */
    this.lines = new Map();
    this.refused = 0;
    this.loaded = false;
    this.loading = false;
    /** What the stream told while the lists were on their way: it is newer than they are. @type {any[]} */
    this.meanwhile = [];
    this.wasLocked = false;
    this.wasLost = false;
    this.kept = 0;
    /** @type {Record<string, Line[]> | null} the lists as sorted, until a row changes */
    this.sorted = null;
    this.timer = 0;
  }

  updated(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("kiosk") && this.kiosk && !this.loaded) this.load();
  }

  get may() {
    return this.kiosk.rights.includes("register_visits");
  }

  hear(/** @type {any} */ event) {
    if (!this.kiosk || !this.may) return;
    const { locked, online } = this.kiosk.state;
    if (locked) {
      if (!this.wasLocked) {
        this.lines = new Map();
        this.sorted = null;
        this.loaded = false;
        this.requestUpdate();
      }
      this.wasLocked = true;
      return;
    }
    if (this.wasLocked || event.type === "snapshot" || event.type === "judged_again") this.soon();
    this.wasLocked = false;
    if (event.type === "visit") this.put(event);
    if (this.wasLost !== (online === "lost")) this.requestUpdate();
    this.wasLost = online === "lost";
  }

  /** A visit has another row, or none any more. */
  put(/** @type {any} */ event) {
    if (this.loading) this.meanwhile.push(event);
    const row = /** @type {Line} */ (event.row);
    const over = row.place === "over";
    if (over) this.lines.delete(row.id);
    else if (this.isToday(row)) this.lines.set(row.id, row);
    this.sorted = null;
    this.requestUpdate();
    this.keep();
  }

  isToday(/** @type {Line} */ row) {
    if (row.place !== "expected" || this.lines.has(row.id)) return true;
    return Date.parse(row.starts_at) - this.kiosk.now() < 16 * 3600 * 1000;
  }

  /** Load within moments: many kiosks do not ask in the same second. */
  soon() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.load(), 200 + Math.random() * 800);
  }

  async load() {
    if (!this.may || this.loading || this.kiosk.state.locked) return;
    this.loading = true;
    this.meanwhile = [];
    try {
      const day = await this.kiosk.ask("GET", `gates/${this.kiosk.gate.id}/day`);
      const lines = Object.keys(LISTS).flatMap((name) => /** @type {Line[]} */ (day[name]));
      this.lines = new Map(lines.map((line) => [line.id, line]));
      this.loading = false;
      for (const event of this.meanwhile) this.put(event);
      this.trouble = "";
      this.loaded = true;
      this.keep();
    } catch (problem) {
      const { kind, message } = /** @type {import("../api.js").Problem} */ (problem);
      if (kind === "locked") this.wasLocked = true;
      else {
        this.trouble = message;
        if (!this.loaded) await this.fromHere();
      }
    } finally {
      this.loading = false;
      this.sorted = null;
      this.requestUpdate();
    }
  }

  /** The gateway does not answer: the lists as they were last seen here, four characters of a document at most. */
  async fromHere() {
    const kept = await this.kiosk.draft("day").load();
    if (!Array.isArray(kept)) return;
    this.lines = new Map(kept.map((line) => [line.id, line]));
  }

  keep() {
    const now = performance.now();
    if (!this.loaded || now - this.kept < KEEP_EVERY_MS) return;
    this.kept = now;
    void this.kiosk.draft("day").save([...this.lines.values()]);
  }

  /** @returns {Record<string, Line[]>} */
  get lists() {
    if (this.sorted) return this.sorted;
    /** @type {Record<string, Line[]>} */
    const lists = { expected: [], inside: [], overstay: [], unanswered: [], left_inside: [] };
    for (const line of this.lines.values()) {
      lists[line.place]?.push(line);
      if (line.unanswered) lists.unanswered?.push(line);
    }
    const by = (/** @type {Line} */ line) => (line.place === "expected" ? line.starts_at : line.ends_at);
    for (const list of Object.values(lists)) {
      list.sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : a.id < b.id ? -1 : 1));
    }
    this.sorted = lists;
    return lists;
  }

  /** @returns {Line[]} those of all lists that answer to what is sought */
  found() {
    const words = this.sought.normalize("NFKC").toLowerCase().split(/\s+/).filter((one) => one);
    return [...this.lines.values()].filter((line) => {
      const text = [line.name, line.host, line.organisation, line.plate, line.badge, line.find]
        .filter((one) => one)
        .join(" ")
        .toLowerCase();
      const pieces = text.split(/\s+/);
      return words.every((one) => pieces.some((piece) => piece.startsWith(one)) || text.includes(` ${one}`));
    });
  }

  choose(/** @type {any} */ list) {
    this.list = list;
    this.shown = PAINTED;
    this.sought = "";
    this.querySelector(".scroll")?.scrollTo(0, 0);
  }

  render() {
    if (!this.kiosk) return nothing;
    if (!this.may) return html`<h2 class="head">${t("The day")}</h2><p class="empty">${t("Your roles do not give you this.")}</p>`;
    if (this.kiosk.state.locked)
      return html`<h2 class="head">${t("The day")}</h2>
        <p class="empty">${t("The records are locked. Card and PIN unlock them.")}</p>`;
    const lists = this.lists;
    const sought = this.sought.trim() !== "";
    const rows = sought ? this.found() : (lists[this.list] ?? []);
    return html`
      <div class="d-find">
        <label class="sr" for=${this.own}>${t("Find a visit")}</label>
        <input id=${this.own} type="search" autocomplete="off" spellcheck="false" maxlength="64"
          placeholder=${t("Name, pinyin, plate")} .value=${this.sought}
          @input=${(/** @type {any} */ event) => {
            this.sought = event.target.value;
            this.shown = PAINTED;
          }} />
      </div>
      <div class="d-tabs" role="group" aria-label=${t("Lists of the day")}>
        ${this.tab("expected", "", t("Expected"))} ${this.tab("inside", "", t("Inside"))}
        ${this.tab("overstay", "◆", t("Overstay"))} ${this.tab("unanswered", "▲", t("No answer"))}
        ${lists.left_inside?.length ? this.tab("left_inside", "◆", t("Left inside")) : nothing}
      </div>
      ${this.trouble ? html`<p class="d-trouble" role="status"><span aria-hidden="true">▲</span> ${this.trouble}</p>` : nothing}
      <div class="scroll d-rows" tabindex="0" role="group" aria-label=${sought ? t("Found") : this.nameOf(this.list)}>
        ${rows.length === 0 ? html`<p class="empty">${sought ? t("Nobody of today answers to that.") : this.empty()}</p>` : nothing}
        <ul>${repeat(rows.slice(0, this.shown), (line) => line.id, (line) => this.row(line))}</ul>
        ${rows.length > this.shown
          ? html`<button type="button" class="d-more" @click=${() => (this.shown += PAINTED)}>
              ${t("Show {count} more", { count: Math.min(PAINTED, rows.length - this.shown) })}
            </button>`
          : nothing}
      </div>
    `;
  }

  tab(/** @type {string} */ list, /** @type {string} */ sign, /** @type {string} */ text) {
    const count = this.lists[list]?.length ?? 0;
    const loud = sign !== "" && count > 0;
    return html`<button type="button" data-list=${list} aria-pressed=${this.list === list && this.sought === "" ? "true" : "false"}
      ?data-loud=${loud} @click=${() => this.choose(list)}
      >${loud ? html`<span aria-hidden="true">${sign}</span> ` : nothing}${text} <b>${count}</b></button>`;
  }

  nameOf(/** @type {string} */ list) {
    switch (list) {
      case "inside":
        return t("Inside");
      case "overstay":
        return t("Overstay");
      case "unanswered":
        return t("No answer");
      case "left_inside":
        return t("Left inside");
      default:
        return t("Expected");
    }
  }

  empty() {
    if (!this.loaded && !this.trouble) return t("The lists are being loaded.");
    switch (this.list) {
      case "inside":
        return t("No visitor is inside. Whoever is checked in shows here.");
      case "overstay":
        return t("Nobody stays longer than registered.");
      case "unanswered":
        return t("No host has left a visit unanswered.");
      case "left_inside":
        return t("Nobody was left inside at the end of a day.");
      default:
        return t("Nobody is expected. Register a visitor with “+ Visitor”.");
    }
  }

  touch(/** @type {string} */ id) {
    if (this.chosen) this.chosen(id);
    else void this.kiosk.open("visits", { id });
  }

  row(/** @type {Line} */ line) {
    return html`<li>
      <button type="button" class="d-row" data-place=${line.place} @click=${() => this.touch(line.id)}>
        <span class="d-time">${line.place === "expected" ? hourOf(line.starts_at) : hourOf(line.ends_at)}</span>
        <span class="d-who"><b>${line.name || t("erased")}</b>
          ${line.members ? html`<span class="d-count">${t("{count} of {all} inside", { count: line.count ?? 0, all: line.members })}</span>` : nothing}
          <span class="d-about">${dotted(word("kind", line.kind), line.host && t("to {host}", { host: line.host }), line.plate, line.badge && t("badge {number}", { number: line.badge }))}</span>
          ${this.marks(line)}
        </span>
      </button>
    </li>`;
  }

  marks(/** @type {Line} */ line) {
    const marks = [];
    if (line.refused_now) marks.push(["✕", t("The level refuses"), "refused"]);
    if (line.unanswered)
      marks.push(["▲", line.needs?.includes("host_gone") ? t("The host has left") : t("The host has not answered"), "notice"]);
    if (line.uncertain) marks.push(["?", t("Uncertain whether still inside"), "notice"]);
    if (line.place === "overstay" || line.place === "left_inside") marks.push(["◆", t("since {time}", { time: hourOf(line.ends_at) }), "warning"]);
    return marks.map(([sign, text, state]) => html`<span class="d-mark" data-state=${state}><span aria-hidden="true">${sign}</span> ${text}</span>`);
  }
}

customElements.define("wg-k-day", DayPart);
