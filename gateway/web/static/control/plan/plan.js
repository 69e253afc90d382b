/**
 * `<wg-plan>`: the plan of the campus with everything on it and how that stands.
 *
 * Gets `plan` (the answer of `GET plan`), `state` (the live state), `chosen` ({kind, id} or null), `quiet` or `wall` (a
 * big screen without controls); says `wg-choose` ({kind, id}: the alarm at a sign, else the portal, device, camera or
 * zone itself). Fetches nothing.
 *
 * Promises: only signs that have changed are painted anew; the plan moves by itself only when another thing is chosen
 * elsewhere, never while a pointer is down on it, at once where less movement is wanted; news never take the keyboard.
 * By keyboard: on the plan arrows move it, + − 0 enlarge, lessen, show all; Tab goes into the signs, arrows go on to the
 * next one in that direction, Home and End to the first and last, Enter chooses, Esc goes back to the plan.
 */

import { render, svg } from "lit";
import { t } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { sheet } from "../tab.js";
import { Board, nameOf } from "./board.js";
import { isOnePortal } from "./clusters.js";
import { ground, groundName, groundNames, PATTERNS, zoneLabel, zoneLabels, zones } from "./drawing.js";
import { fingers } from "./fingers.js";
import { levels, MARKS, markWord, SHAPES, standings, worse } from "./standings.js";
import { relatedTo, spotOfChosen } from "./relations.js";
import "./table.js";
import { next, WAYS } from "./walking.js";
import { centred, fitted, limits, panned, shown, zoomed } from "./view.js";

/** @typedef {import("./standings.js").Plan} Plan @typedef {import("./view.js").View} View */

for (const name of ["plan", "drawing", "signs"]) sheet(`/static/control/plan/${name}.css`);

const ALL = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 6V2H6M10 2H14V6M14 10V14H10M6 14H2V10"></path></svg>`;
const STEP = 1.5;
const PAN = 80;
const GLIDE_MS = 150;
/** A chosen sign comes at least this much nearer than the whole plan. */
const CLOSE = 1.8;
/** Signs are as large as they are on a desk up to this many points of width; on a wall they grow with it. */
const DESK = 1500;

export class PlanPart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    plan: { attribute: false },
    state: { attribute: false },
    chosen: { attribute: false },
    quiet: { attribute: false },
    wall: { attribute: false },
    at: { state: true },
    asTable: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./standings.js").Plans | null} */
    this.plan = null;
    /** @type {any} */
    this.state = {};
    /** @type {{kind: string, id: string} | null} */
    this.chosen = null;
    this.quiet = false;
    this.wall = false;
    /** Which of the plans is seen. */
    this.at = 0;
    this.asTable = false;

    /** @type {View | null} null: all of the plan */
    this.view = null;
    this.size = { width: 0, height: 0 };
    /** @type {Board | null} */
    this.board = null;
    /** What has the keyboard, or would have it: a sign's key. */
    this.focused = "";
    /** Somebody has been at that sign; until then Tab goes to the worst. */
    this.wasHere = false;
    /** @type {import("./standings.js").Standings} */
    this.standings = { signs: new Map(), zones: new Map(), elsewhere: [] };
    /** @type {Map<string, import("./drawing.js").Holds>} */
    this.holds = new Map();
    /** From what the standings were made. @type {any[]} */
    this.madeOf = [];
    this.chosenKey = "";
    /** What was chosen here: what somebody has touched does not move away. */
    this.choseHere = "";
    this.isDown = false;
    this.zonesPainted = "";
    this.namesPainted = "";
    this.groundNamed = "";
    this.hasPainted = false;
    /** The next paint after the plan was enlarged. @type {number | undefined} */
    this.soon = undefined;
    /** @type {number | undefined} */
    this.gliding = undefined;
    this.watcher = new ResizeObserver(() => this.resized());
  }

  /** What is seen of the plans. @returns {Plan | null} */
  get current() {
    return this.plan?.plans[this.at] ?? this.plan?.plans[0] ?? null;
  }

  get isQuiet() {
    return Boolean(this.quiet || this.wall);
  }

  /** How much larger than on a desk everything is. */
  get unit() {
    return Math.min(2.6, Math.max(1, this.size.width / DESK));
  }

  get now() {
    const plan = this.current;
    return plan === null ? { scale: 1, x: 0, y: 0 } : (this.view ?? fitted(plan.size, this.size));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.watcher.disconnect();
  }

  connectedCallback() {
    super.connectedCallback();
    if (this.hasUpdated) void this.updateComplete.then(() => this.watch());
  }

  // ---------------------------------------------------------------- values

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (this.plan === null) return;
    const { devices, cameras, alarms, level, emergencies } = this.state ?? {};
    const made = [this.plan, devices, cameras, alarms];
    if (made.some((one, index) => one !== this.madeOf[index])) {
      this.standings = standings(this.plan, this.state ?? {});
      this.madeOf = made;
    }
    if (level !== undefined || emergencies !== undefined || changed.has("plan")) this.holds = levels(this.plan, this.state ?? {});
    if (changed.has("plan")) this.zonesPainted = this.namesPainted = "";
  }

  updated(/** @type {Map<string, unknown>} */ changed) {
    if (this.plan === null || this.current === null) return;
    if (this.board === null || changed.has("asTable")) this.watch();
    if (this.board === null) return;
    const key = this.chosen === null ? "" : `${this.chosen.kind}:${this.chosen.id}`;
    const isOther = key !== this.chosenKey;
    const isFirst = !this.hasPainted;
    this.chosenKey = key;
    if (isOther && this.chosen !== null) this.show(isFirst);
    this.paint();
  }

  /** Bring what was chosen elsewhere into the middle. */
  show(/** @type {boolean} */ isFirst) {
    const id = this.chosenSpot;
    const here = this.choseHere === this.chosenKey;
    this.choseHere = "";
    if (id === null || this.plan === null) return;
    const index = this.plan.plans.findIndex((plan) => plan.signs.some((sign) => sign.id === id) || plan.zones.some((zone) => zone.id === id));
    if (index >= 0 && index !== this.at) {
      this.at = index;
      this.view = null;
    }
    if (isFirst || here || this.isDown || this.isQuiet) return;
    const plan = /** @type {Plan} */ (this.current);
    const at = plan.signs.find((sign) => sign.id === id)?.at ?? plan.zones.find((zone) => zone.id === id)?.label;
    if (!at) return;
    const { least } = limits(plan.size, this.size);
    const scale = Math.max(this.now.scale, CLOSE * least);
    this.glide(centred({ ...this.now, scale }, at, plan.size, this.size));
  }

  /** The sign or zone at which the chosen thing is. @returns {string | null} */
  get chosenSpot() {
    return this.chosen === null || this.plan === null ? null : spotOfChosen(this.plan, this.state, this.chosen);
  }

  // ---------------------------------------------------------------- painting

  render() {
    const { plan } = this;
    if (plan === null || this.current === null) return nothing;
    const { quiet, wall } = this;
    void quiet;
    void wall;
    return html`<div class="wg-plan" data-quiet=${this.isQuiet} data-table=${this.asTable && !this.isQuiet}>
      ${this.isQuiet ? this.legend() : this.tools(plan)}
      ${this.asTable && !this.isQuiet
        ? html`<div class="as-table"><wg-plan-table .plans=${plan} .standings=${this.standings} .chosen=${new Set([this.chosenSpot ?? ""])}
            @wg-row=${this.chosenInTable}></wg-plan-table></div>`
        : html`<div class="surface" role=${this.isQuiet ? "img" : "application"} tabindex=${this.isQuiet ? nothing : "0"} aria-label=${this.spoken()}
            aria-describedby=${this.isQuiet ? nothing : "wg-plan-keys"} @keydown=${this.key}><svg class="map" aria-hidden=${this.isQuiet ? "true" : nothing}>${PATTERNS}<g class="world" data-laid-out=${this.current.laid_out}>
              <g class="under"></g><g class="zones"></g><g class="names"></g><g class="calm"></g><g class="labels"></g><g class="loud"></g></g></svg></div>
          ${this.isQuiet ? nothing : html`<p class="sr" id="wg-plan-keys">${t("Arrows move the plan, + and − enlarge and lessen it, 0 shows all of it. Tab goes to the signs: arrows go from one to the next, Enter chooses, Esc goes back.")}</p>`}`}
    </div>`;
  }

  /** @param {import("./standings.js").Plans} plans */
  tools(plans) {
    const press = (/** @type {string} */ name, /** @type {unknown} */ sign, /** @type {() => void} */ act) =>
      html`<button type="button" class="tool" aria-label=${name} title=${name} @click=${act}>${sign}</button>`;
    return html`<div class="tools">
      ${plans.plans.length > 1
        ? html`<div class="which" role="group" aria-label=${t("Plans")}>${plans.plans.map(
            (plan, index) => html`<button type="button" aria-pressed=${index === this.at} @click=${() => this.turnTo(index)}>${this.worstOf(plan)}${nameOf(plan.name)}</button>`,
          )}</div>`
        : nothing}
      ${this.legend()}
      <span class="spring"></span>
      ${this.asTable
        ? nothing
        : html`${press(t("Enlarge"), "+", () => this.zoom(STEP))}${press(t("Lessen"), "−", () => this.zoom(1 / STEP))}${press(t("Show all"), ALL, () => this.showAll())}`}
      <button type="button" class="tool wide" aria-pressed=${this.asTable} @click=${() => (this.asTable = !this.asTable)}>${t("As a list")}</button>
    </div>`;
  }

  /** How many signs are how, what is normal left out. */
  legend() {
    const counts = new Map(MARKS.map((mark) => [mark, 0]));
    for (const { mark } of [...this.standings.signs.values(), ...this.standings.zones.values()]) counts.set(mark, (counts.get(mark) ?? 0) + 1);
    const elsewhere = this.standings.elsewhere.length;
    return html`<p class="legend">${MARKS.filter((mark) => mark !== "normal" && counts.get(mark)).map(
        (mark) => html`<span><span class="mark" data-mark=${mark} aria-hidden="true">${SHAPES[mark]}</span> ${markWord(mark)} ${counts.get(mark)}</span>`,
      )}${MARKS.every((mark) => mark === "normal" || !counts.get(mark)) ? html`<span class="quiet"><span aria-hidden="true">●</span> ${t("All is normal")}</span>` : nothing}
      ${elsewhere ? html`<span class="quiet">${t("{count} not on the plan", { count: elsewhere })}</span>` : nothing}</p>`;
  }

  spoken() {
    const plan = /** @type {Plan} */ (this.current);
    const wrong = [...this.standings.signs.values()].filter((one) => one.mark !== "normal").length;
    return t("Plan of {name}, {count} signs are not normal", { name: nameOf(plan.name), count: wrong });
  }

  worstOf(/** @type {Plan} */ plan) {
    /** @type {import("./standings.js").Mark} */
    let mark = "normal";
    for (const one of plan.signs) mark = worse(this.standings.signs.get(one.id)?.mark ?? "normal", mark);
    for (const one of plan.zones) mark = worse(this.standings.zones.get(one.id)?.mark ?? "normal", mark);
    return html`<span class="mark" data-mark=${mark} aria-label=${markWord(mark)} role="img">${SHAPES[mark]}</span> `;
  }

  /** The drawing, zones, names and signs, each only where it has changed. */
  paint() {
    const plan = this.current;
    const board = this.board;
    if (plan === null || board === null || this.size.width === 0) return;
    this.hasPainted = true;
    const { scale } = this.now;
    const { unit } = this;
    this.place();
    const drawn = JSON.stringify([plan.id, [...this.holds]]);
    if (drawn !== this.zonesPainted) {
      if (!this.zonesPainted.startsWith(`["${plan.id}"`)) render(ground(plan), this.layer("under"));
      render(zones(plan, this.holds), this.layer("zones"));
      this.zonesPainted = drawn;
    }
    const labels = zoneLabels(plan, this.holds, this.standings.zones, scale, unit);
    const named = JSON.stringify([plan.id, scale, unit, this.focused.startsWith("zone:") ? this.focused : "", labels.map((one) => [one.zone.id, one.tags, one.sign, one.standing?.blinks])]);
    if (named !== this.namesPainted) {
      render(svg`${labels.map((one) => zoneLabel(one, this.isQuiet, this.focused))}`, this.layer("labels"));
      this.namesPainted = named;
    }
    const spot = this.chosenSpot;
    const related = relatedTo(plan, spot);
    const chosen = new Set(spot === null ? [] : [spot]);
    board.paint({
      signs: plan.signs,
      standings: this.standings.signs,
      scale,
      least: limits(plan.size, this.size).least,
      unit,
      apart: new Set([...chosen, ...related]),
      chosen,
      related,
      quiet: this.isQuiet,
      screen: this.size,
      taken: labels.map((one) => one.box),
      edge: this.edge(plan),
    });
    const names = groundNames(plan, board.boxes, scale, unit);
    const grounded = JSON.stringify([plan.id, names]);
    if (grounded !== this.groundNamed) render(svg`${names.map(groundName)}`, this.layer("names"));
    this.groundNamed = grounded;
    this.keepFocus();
  }

  /** What is seen when all of the plan is; null when somebody has come nearer, and can move it. @param {Plan} plan @returns {[number, number, number, number] | null} */
  edge(plan) {
    const { scale, x, y } = fitted(plan.size, this.size);
    return this.now.scale > scale * 1.01 ? null : [-x, -y, this.size.width - x, this.size.height - y];
  }

  /** Put the plan where it is seen: one transformation, and the size of what keeps its size. */
  place() {
    const world = this.layer("world");
    const { scale, x, y } = this.now;
    world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    world.style.setProperty("--un", String(this.unit / scale));
    this.style.setProperty("--u", String(this.unit));
    for (const pattern of this.querySelectorAll(".wg-pattern")) pattern.setAttribute("patternTransform", `scale(${this.unit / scale})`);
  }

  /** @returns {SVGGElement} */
  layer(/** @type {string} */ name) {
    return /** @type {SVGGElement} */ (this.querySelector(`.map .${name}`));
  }

  // ---------------------------------------------------------------- where it is seen

  /** Follow the size of the surface and the fingers on it; anew when it was away. */
  watch() {
    const surface = /** @type {HTMLElement | null} */ (this.querySelector(".surface"));
    this.watcher.disconnect();
    this.board = null;
    if (surface === null) return;
    // Away and back: what another board has painted would stay there for ever.
    for (const name of ["calm", "loud"]) this.layer(name).replaceChildren();
    this.board = new Board(this.layer("calm"), this.layer("loud"));
    this.zonesPainted = this.namesPainted = this.groundNamed = "";
    this.watcher.observe(surface);
    this.size = { width: surface.clientWidth, height: surface.clientHeight };
    if (this.isQuiet) return;
    fingers(surface, {
      down: (isDown) => (this.isDown = isDown),
      pan: (dx, dy) => this.look(panned(this.now, dx, dy, this.planSize, this.size)),
      zoom: (factor, at) => this.look(zoomed(this.now, factor, at, this.planSize, this.size)),
      press: (target) => this.press(target),
    });
  }

  /** @returns {[number, number]} */
  get planSize() {
    return this.current?.size ?? [1, 1];
  }

  resized() {
    const surface = /** @type {HTMLElement | null} */ (this.querySelector(".surface"));
    if (surface === null) return;
    const { clientWidth: width, clientHeight: height } = surface;
    if (width === this.size.width && height === this.size.height) return;
    const before = this.size;
    this.size = { width, height };
    if (this.view !== null) this.view = panned(this.view, (width - before.width) / 2, (height - before.height) / 2, this.planSize, this.size);
    this.requestUpdate();
  }

  look(/** @type {View} */ view) {
    const before = this.now.scale;
    if (this.gliding !== undefined) cancelAnimationFrame(this.gliding);
    this.gliding = undefined;
    this.view = view;
    this.place();
    if (view.scale === before) return;
    // What keeps its size is put together anew once a frame, not once a notch of the wheel.
    this.soon ??= requestAnimationFrame(() => {
      this.soon = undefined;
      this.paint();
    });
  }

  /** Move there in a moment, or at once where less movement is wanted. */
  glide(/** @type {View} */ to) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.look(to);
      return;
    }
    const from = this.now;
    const began = performance.now();
    const step = () => {
      const part = Math.min(1, (performance.now() - began) / GLIDE_MS);
      if (this.isDown) return;
      const mixed = (/** @type {number} */ a, /** @type {number} */ b) => a + (b - a) * part;
      this.look({ scale: mixed(from.scale, to.scale), x: mixed(from.x, to.x), y: mixed(from.y, to.y) });
      this.gliding = part < 1 ? requestAnimationFrame(step) : undefined;
    };
    step();
  }

  zoom(/** @type {number} */ factor) {
    this.look(zoomed(this.now, factor, [this.size.width / 2, this.size.height / 2], this.planSize, this.size));
  }

  showAll() {
    this.look(fitted(this.planSize, this.size));
    this.view = null;
  }

  turnTo(/** @type {number} */ index) {
    this.at = index;
    this.view = null;
    this.focused = "";
  }

  // ---------------------------------------------------------------- choosing

  /** A touch or click that was no drag. */
  press(/** @type {Element} */ target) {
    const key = /** @type {HTMLElement | null} */ (target.closest(".sign, .zone-label"))?.dataset.key;
    if (key === undefined) return;
    this.goTo(key);
    this.pick(key);
  }

  pick(/** @type {string} */ key) {
    if (key.startsWith("zone:")) {
      const id = key.slice(5);
      this.choose("zone", id, this.standings.zones.get(id)?.alarms[0]);
      return;
    }
    const group = this.board?.shown.get(key)?.group;
    const plan = this.current;
    if (!group || plan === null) return;
    const ranked = group.signs.map((sign) => ({ sign, standing: this.standings.signs.get(sign.id) }));
    ranked.sort((a, b) => MARKS.indexOf(a.standing?.mark ?? "normal") - MARKS.indexOf(b.standing?.mark ?? "normal"));
    const { sign, standing } = /** @type {(typeof ranked)[number]} */ (ranked[0]);
    const { most } = limits(plan.size, this.size);
    if (group.signs.length > 1 && !isOnePortal(group) && this.now.scale < most * 0.999) {
      // Nearer, where the worst of them is; the keyboard stays with that one.
      this.look(zoomed(this.now, 2 * STEP, shown(this.now, sign.at ?? group.at), plan.size, this.size));
      this.paint();
      this.goTo(this.board?.groups.find((one) => one.signs.includes(sign))?.key ?? key);
      return;
    }
    this.choose(sign.of, sign.id, standing?.alarms[0]);
  }


  /** @param {string} kind @param {string} id @param {string | undefined} alarm */
  choose(kind, id, alarm) {
    const detail = alarm === undefined ? { kind, id } : { kind: "alarm", id: alarm };
    this.choseHere = `${detail.kind}:${detail.id}`;
    this.dispatchEvent(new CustomEvent("wg-choose", { detail, bubbles: true }));
  }

  chosenInTable(/** @type {CustomEvent<any>} */ event) {
    const { of, id, standing } = event.detail;
    this.choose(of, id, standing.alarms[0]);
    this.choseHere = "";
  }

  // ---------------------------------------------------------------- keys

  /** Signs and names of zones in the order in which the keyboard goes through them: by rows from above. @returns {{key: string, at: [number, number]}[]} */
  get stops() {
    const groups = this.board?.groups.map(({ key, at }) => ({ key, at: shown(this.now, at) })) ?? [];
    const plan = this.current;
    const names = [...this.querySelectorAll(".zone-label")].flatMap((element) => {
      const key = /** @type {any} */ (element).dataset.key;
      const zone = plan?.zones.find((one) => `zone:${one.id}` === key);
      return zone ? [{ key, at: shown(this.now, zone.label) }] : [];
    });
    const row = 40 * this.unit;
    return [...groups, ...names].sort((a, b) => Math.round(a.at[1] / row) - Math.round(b.at[1] / row) || a.at[0] - b.at[0]);
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onSign = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(".sign, .zone-label")) : null;
    const used = this.zoomKey(event.key) || (onSign === null || event.shiftKey ? this.panKey(event.key) : this.signKey(event.key, onSign.dataset.key ?? ""));
    if (!used) return;
    event.preventDefault();
    event.stopPropagation();
  }

  zoomKey(/** @type {string} */ key) {
    if (key === "+" || key === "=") this.zoom(STEP);
    else if (key === "-" || key === "_" || key === "−") this.zoom(1 / STEP);
    else if (key === "0") this.showAll();
    else return false;
    return true;
  }

  panKey(/** @type {string} */ key) {
    const way = WAYS[key];
    if (way === undefined) return false;
    this.look(panned(this.now, -way[0] * PAN, -way[1] * PAN, this.planSize, this.size));
    return true;
  }

  /** @param {string} pressed @param {string} key */
  signKey(pressed, key) {
    const { stops } = this;
    const way = WAYS[pressed];
    if (way !== undefined) this.goTo(next(stops, key, way) ?? key);
    else if (pressed === "Home") this.goTo(stops[0]?.key ?? key);
    else if (pressed === "End") this.goTo(stops.at(-1)?.key ?? key);
    else if (pressed === "Enter" || pressed === " ") this.pick(key);
    else if (pressed === "Escape") /** @type {HTMLElement} */ (this.querySelector(".surface")).focus({ preventScroll: true });
    else return false;
    return true;
  }

  /** The keyboard goes to a sign, and the plan moves just so far that it is seen. @param {string} key */
  goTo(key) {
    if (this.isQuiet) return;
    this.focused = key;
    this.wasHere = true;
    this.namesPainted = "";
    const stop = this.stops.find((one) => one.key === key);
    if (stop && !this.isDown) {
      const [x, y] = stop.at;
      const edge = 40 * this.unit;
      const dx = x < edge ? edge - x : x > this.size.width - edge ? this.size.width - edge - x : 0;
      const dy = y < edge ? edge - y : y > this.size.height - edge ? this.size.height - edge - y : 0;
      if (dx || dy) this.look(panned(this.now, dx, dy, this.planSize, this.size));
    }
    this.paint();
    /** @type {HTMLElement | null} */ (this.querySelector(`.map [data-key="${CSS.escape(key)}"]`))?.focus({ preventScroll: true });
  }

  /** One sign always can be reached by Tab: the one that had the keyboard, else the worst. */
  keepFocus() {
    const { board } = this;
    if (board === null || this.isQuiet) return;
    const isThere = this.focused.startsWith("zone:") ? this.querySelector(`.zone-label[data-key="${CSS.escape(this.focused)}"]`) !== null : board.shown.has(this.focused);
    if (isThere && this.wasHere) {
      board.setStop(this.focused);
      return;
    }
    const first = [...board.shown].sort(([, a], [, b]) => MARKS.indexOf(/** @type {any} */ (a.mark)) - MARKS.indexOf(/** @type {any} */ (b.mark)))[0];
    this.focused = first?.[0] ?? "";
    this.wasHere = false;
    board.setStop(this.focused);
  }
}

customElements.define("wg-plan", PlanPart);
