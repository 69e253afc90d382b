/**
 * The roll call of an emergency or a drill: who was inside and is not known to have left, zone by zone; a touch says
 * that somebody is accounted for, and one more takes it back. Several people may tick at once: each sees the others'.
 */

import { ask } from "../../api.js";
import { ageOf } from "../../cameras/times.js";
import { place, t, word } from "../../i18n.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { html, nothing } from "../../live/parts.js";
import { Asking } from "./asking.js";
import { moment } from "./times.js";

/** Others' marks come in bursts: the list is fetched anew (and that recorded) once after so long. */
const AGAIN_MS = 5000;
/** So many of a zone are painted at once. */
const SHOWN = 200;
const AT_ONCE = 200;
/** Whoever was ticked stays in place for so long after the last touch: nothing moves under a finger. */
const KEPT_MS = 8000;

export class RollCallPart extends Asking {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    emergencies: { attribute: false },
    chosen: { attribute: false },
    now: { attribute: false },
    roll: { state: true },
    text: { state: true },
    onlyMissing: { state: true },
    more: { state: true },
    kept: { state: true },
  };

  constructor() {
    super();
    /** @type {any[]} */
    this.emergencies = [];
    this.chosen = "";
    /** @type {() => number} */
    this.now = () => Date.now();
    /** @type {any} */
    this.roll = null;
    this.text = "";
    this.onlyMissing = true;
    /** Zones that are painted whole. @type {string[]} */
    this.more = [];
    this.wanted = "";
    /** Ticked a moment ago: still in place, although only the missing ones are shown. @type {string[]} */
    this.kept = [];
  }

  /** The one that is shown: the chosen one, or the newest. */
  get emergency() {
    const known = this.emergencies.find((one) => one.id === this.chosen);
    return known ?? [...this.emergencies].sort((a, b) => Date.parse(b.at ?? b.started_at) - Date.parse(a.at ?? a.started_at))[0];
  }

  updated() {
    const id = this.emergency?.id ?? "";
    if (id === this.wanted) return;
    this.wanted = id;
    this.roll = null;
    void this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.soon);
    clearTimeout(this.tidying);
    this.soon = undefined;
  }

  /** Let those go that were ticked, once nobody touches the list any more. */
  tidyLater() {
    clearTimeout(this.tidying);
    this.tidying = setTimeout(() => (this.querySelector(".people:hover, .people :focus-visible") ? this.tidyLater() : this.tidy()), KEPT_MS);
  }

  tidy() {
    clearTimeout(this.tidying);
    this.kept = [];
  }

  async load() {
    const id = this.emergency?.id;
    if (!id) return;
    try {
      const roll = await ask("GET", `emergencies/${id}/roll-call`);
      if (this.emergency?.id === id) this.roll = roll;
    } catch (problem) {
      this.say(problem);
    }
  }

  heard(/** @type {any} */ event) {
    if (event.type !== "roll_call" || event.emergency !== this.roll?.emergency) return;
    this.mark(event.people, event.accounted ? { at: event.at, by: "" } : null);
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.load();
    }, AGAIN_MS);
  }

  /** On the screen at once, and in place. @param {string[]} ids @param {{at: string, by: string} | null} accounted */
  mark(ids, accounted) {
    this.kept = [...this.kept, ...ids];
    this.tidyLater();
    const zones = this.roll.zones.map((/** @type {any} */ zone) => {
      if (!zone.people.some((/** @type {any} */ one) => ids.includes(one.id))) return zone;
      const people = zone.people.map((/** @type {any} */ one) => (ids.includes(one.id) && (one.accounted === null) !== (accounted === null) ? { ...one, accounted } : one));
      const count = (/** @type {boolean} */ here) => people.filter((/** @type {any} */ one) => (one.accounted !== null) === here).reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.count, 0);
      return { ...zone, people, missing: count(false), accounted: count(true) };
    });
    const sum = (/** @type {"missing" | "accounted"} */ what) => zones.reduce((/** @type {number} */ all, /** @type {any} */ zone) => all + zone[what], 0);
    this.roll = { ...this.roll, zones, missing: sum("missing"), accounted: sum("accounted") };
  }

  /** @param {string[]} people @param {boolean} here @param {string} what what is under way */
  async account(people, here, what) {
    const id = this.roll.emergency;
    const answer = await this.asking(what, async () => {
      /** @type {string[]} */
      const done = [];
      for (let first = 0; first < people.length; first += AT_ONCE) {
        done.push(...(await ask("POST", `emergencies/${id}/roll-call`, { people: people.slice(first, first + AT_ONCE), here })).people);
      }
      return done;
    });
    if (answer === undefined || this.roll?.emergency !== id) return;
    this.mark(people, here ? { at: new Date(this.now()).toISOString(), by: "" } : null);
    this.say(here ? t("Accounted for: {count}. Recorded.", { count: people.length }) : t("Taken back. Recorded."), "done");
  }

  render() {
    const { emergency, roll } = this;
    if (!emergency) {
      return html`<section aria-labelledby="h-roll"><h2 id="h-roll">${t("Roll call")}</h2>
        <p class="empty">${t("No lockdown, evacuation or drill is in force. When one is, everybody who was inside stands here, zone by zone, to be ticked off at the assembly point.")}</p>
        <p><a class="button" href="/muster" target="_blank" rel="noopener">${t("Who is on the campus, to be printed")}</a></p></section>`;
    }
    return html`<section class="roll" aria-labelledby="h-roll" data-drill=${emergency.drill}>
      <div class="head"><h2 id="h-roll">${t("Roll call")}${emergency.drill ? html` <b class="level-drill">${t("DRILL")}</b>` : nothing}</h2>
        <a class="button" href=${`/muster/${emergency.id}`} target="_blank" rel="noopener">${t("To be printed")}</a></div>
      ${this.choice(emergency)}
      ${roll === null ? html`${this.answer()}<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>` : this.sheet(roll)}
    </section>`;
  }

  choice(/** @type {any} */ emergency) {
    if (this.emergencies.length < 2) return nothing;
    return html`<div class="acts" role="group" aria-label=${t("Which one")}>
      ${this.emergencies.map((one) => html`<a class="button" href=${`#people/muster/${one.id}`} aria-current=${one.id === emergency.id ? "true" : nothing}>${word("emergency_kind", one.kind)}${one.drill ? ` · ${t("DRILL")}` : nothing} · ${moment(one.at ?? one.started_at)}</a>`)}
    </div>`;
  }

  sheet(/** @type {any} */ roll) {
    const all = roll.missing + roll.accounted;
    return html`<p>${word("emergency_kind", roll.kind)} · ${t("since {time}", { time: moment(roll.started_at) })} · ${t("as of {time}", { time: moment(roll.at) })}</p>
      <div class="tally" role="status">
        <p class="big">${roll.missing ? html`<span aria-hidden="true">◆</span> ` : html`<span aria-hidden="true">●</span> `}<b>${roll.missing}</b> ${t("not accounted for")}</p>
        <p><b>${roll.accounted}</b> ${t("accounted for")}</p>
        <p><b>${roll.inside_at_start}</b> ${t("inside at the start")}</p>
        ${roll.left === null ? nothing : html`<p><b>${roll.left}</b> ${t("seen leaving")}</p>`}
      </div>
      ${all ? html`<progress max=${all} value=${roll.accounted} aria-label=${t("{count} of {all} accounted for", { count: roll.accounted, all })}></progress>` : nothing}
      <div class="seek">
        <div class="field"><label for="f-roll">${t("Find in the list")}</label><input id="f-roll" type="search" autocomplete="off" spellcheck="false" placeholder=${t("name, number or class")} .value=${this.text} @input=${(/** @type {Event} */ event) => this.seek(/** @type {HTMLInputElement} */ (event.target).value)} /></div>
        <label class="tick"><input type="checkbox" .checked=${this.onlyMissing} @change=${(/** @type {Event} */ event) => this.show(/** @type {HTMLInputElement} */ (event.target).checked)} /> ${t("Only those not accounted for")}</label>
      </div>
      ${this.answer()}
      ${roll.zones.length ? roll.zones.map((/** @type {any} */ zone) => this.zone(zone)) : html`<p class="empty">${t("Nobody is known to be inside.")}</p>`}`;
  }

  seek(/** @type {string} */ text) {
    this.text = text;
    this.tidy();
  }

  show(/** @type {boolean} */ onlyMissing) {
    this.onlyMissing = onlyMissing;
    this.tidy();
  }

  zone(/** @type {any} */ zone) {
    const wanted = this.text.trim().toLowerCase();
    const name = zone.zone === null ? t("nobody knows where") : place(zone.zone);
    const fits = zone.people.filter(
      (/** @type {any} */ one) =>
        (!this.onlyMissing || one.accounted === null || this.kept.includes(one.id)) && (!wanted || [one.name, one.id, ...one.groups].some((text) => text.toLowerCase().includes(wanted))),
    );
    const whole = this.more.includes(name);
    const shown = whole ? fits : fits.slice(0, SHOWN);
    const open = shown.filter((/** @type {any} */ one) => one.accounted === null);
    const key = `zone ${zone.zone}`;
    return html`<section class="zone" aria-label=${name}>
      <div class="head"><h3>${name} <span class="quiet">${t("{count} of {all} accounted for", { count: zone.accounted, all: zone.accounted + zone.missing })}</span></h3>
        ${wanted && open.length
          ? html`<button type="button" aria-busy=${this.busy === key} @click=${() => void this.account(open.map((/** @type {any} */ one) => one.id), true, key)}>${t("All {count} shown are here", { count: open.length })}<span class="sr">: ${name}</span></button>`
          : nothing}</div>
      ${shown.length
        ? html`<ul class="people">${repeat(shown, (/** @type {any} */ one) => one.id, (/** @type {any} */ one) => this.person(one))}</ul>`
        : html`<p class="quiet">${zone.missing ? t("Nobody fits.") : t("Everybody is accounted for.")}</p>`}
      ${shown.length < fits.length ? html`<button type="button" @click=${() => (this.more = [...this.more, name])}>${t("{count} more", { count: fits.length - shown.length })}</button>` : nothing}
    </section>`;
  }

  person(/** @type {any} */ one) {
    const here = one.accounted !== null;
    return html`<li data-here=${here}>
      <label class="tick"><input type="checkbox" .checked=${live(here)} ?disabled=${this.busy === one.id} @change=${() => void this.account([one.id], !here, one.id)} />
        <span><b>${one.name}</b>${one.count > 1 ? html` ${t("group of {count}", { count: one.count })}` : nothing}
          <span class="quiet">${one.id} · ${word("kind", one.kind)}${one.groups.length ? ` · ${one.groups.join(" · ")}` : nothing}${one.host ? ` · ${t("Host")} ${one.host.name}` : nothing}</span>
          <span class="quiet">${here ? html`<span aria-hidden="true">✓</span> ${t("accounted for")} ${moment(one.accounted.at)}${one.accounted.by ? ` · ${one.accounted.by}` : nothing}` : html`${one.uncertain ? html`<span aria-hidden="true">◇</span> ${t("may have left unread")} · ` : nothing}${one.since ? t("seen {age}", { age: ageOf(this.now() - Date.parse(one.since)) }) : nothing}`}</span></span></label>
    </li>`;
  }
}

customElements.define("wg-c-roll-call", RollCallPart);
