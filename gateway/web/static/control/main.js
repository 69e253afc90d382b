/**
 * The shell of the control room's page: the band, the tabs, the keys, the connection. The stream changes the state, the
 * state goes to the tab that is shown, what a tab does goes to the gateway.
 *
 * Promises: painted ten times a second at most, however much happens; news never take the keyboard; a tab that does not
 * load says so and the others go on. Leaves to others: what the tabs show (`TAB/main.js`).
 */

import "../shell.js";
import "../live/level.js";
import "../live/clock.js";
import "./band.js";
import "./chips.js";
import "./notices.js";
import "./side.js";
import { ask } from "../api.js";
import { data, t, timeOfDay, word } from "../i18n.js";
import { follow } from "../stream.js";
import { GO, listen } from "./keys.js";
import { news } from "./news.js";
import { NoTab } from "./no_tab.js";
import { isOf, nameOf } from "./rooms.js";
import { keep, loudness, settings } from "./settings.js";
import { isBlocked, play, prepare, wake } from "./sounds.js";
import { afterAll, fromSnapshot } from "./state.js";
import { callLeader } from "./incidents/hour.js";
import { where } from "./overview/where.js";
import { outermost } from "./zones.js";

/** @typedef {import("./tab.js").Tab} Tab */

const PAINT_EVERY_MS = 100;
const TICK_MS = 1000;
/** Whoever may not watch still sees the level and the time. */
const LEVEL_EVERY_MS = 10_000;
const SAID_AT_ONCE = 3;

const page = /** @type {{rights: string[], user: string, tabs: string[], names: Record<string, string>, wall: boolean, snapshot: any}} */ (
  data("page")
);
const address = new URL(location.href);
/** Where this screen stands: the address says it, else what was chosen here before. */
const asked = address.searchParams.get("room") ?? (page.wall ? "" : settings().room);
/** At a desk of a site with one room there is nothing to choose: whoever sits here sits in it. */
const only = !page.wall && page.snapshot.rooms?.length === 1 ? page.snapshot.rooms[0].id : "";
const room = page.snapshot.rooms?.some((/** @type {any} */ one) => one.id === asked) ? asked : only;
let state = fromSnapshot(page.snapshot);
/** @type {any[]} */
let heard = [];
/** @type {"connecting" | "connected" | "lost"} */
let connection = "connecting";
let heardAt = Date.parse(page.snapshot.at);
let heardHere = Date.now();
/** How fast the gateway's clock runs: 1, or more where a simulated campus is shown. */
let pace = 1;
/** @type {import("./news.js").Known} */
let known = new Map();

/** @type {Map<string, Tab>} */
const tabs = new Map();
/** @type {Tab | undefined} */
let shown;
/** The tab that is wanted, even while it loads. */
let wanted = "";

const area = element("area");
const band = element("band");
const said = element("said");
const openIncidents = document.getElementById("count-incidents");
const chooser = document.getElementById("room");
const [level, clock, bandPart, notices, chips, side] = ["wg-level", "wg-clock", "wg-c-band", "wg-c-notices", "wg-c-chips", "wg-c-side"].map(
  (name) => /** @type {any} */ (document.querySelector(name)),
);
const now = () => heardAt + (Date.now() - heardHere) * pace;

function element(/** @type {string} */ id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

function hearTime(/** @type {string} */ at) {
  const here = Date.now();
  const passed = here - heardHere;
  const measured = (Date.parse(at) - heardAt) / passed;
  // Below this it is the network's unevenness, not another pace.
  if (passed > 1000) pace = measured > 1.5 && measured < 10000 ? measured : 1;
  heardAt = Date.parse(at);
  heardHere = here;
}

// ---------------------------------------------------------------- tabs

function go(/** @type {string} */ tab, /** @type {string[]} */ ...path) {
  location.hash = [tab, ...path.map(encodeURIComponent)].join("/");
}

async function goWhereTheAddressSays() {
  const [first = "", ...path] = location.hash.slice(1).split("/").map(decoded);
  const name = page.tabs.includes(first) ? first : (page.tabs[0] ?? "");
  wanted = name;
  for (const link of document.querySelectorAll("#tabs a[data-tab]")) {
    if (/** @type {HTMLElement} */ (link).dataset.tab === name) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
  }
  const tab = await tabCalled(name);
  if (wanted !== name) return;
  tab.path = name === first ? path : [];
  if (tab === shown) return;
  shown = tab;
  give(tab);
  document.body.dataset.tab = name;
  area.replaceChildren(tab);
}

/** @returns {Promise<Tab>} */
async function tabCalled(/** @type {string} */ name) {
  const there = tabs.get(name);
  if (there !== undefined) return there;
  try {
    await import(`./${name}/main.js`);
    const made = /** @type {Tab} */ (document.createElement(`wg-c-${name}`));
    tabs.set(name, made);
    return made;
  } catch (problem) {
    console.warn(`the tab ${name} does not load`, problem);
    return new NoTab();
  }
}

/** What every tab is told, each time. */
function give(/** @type {Tab} */ tab) {
  tab.rights = page.rights;
  tab.user = page.user;
  tab.room = room;
  tab.wall = page.wall;
  tab.now = now;
  tab.go = go;
  tab.stale = connection === "lost";
  tab.state = state;
}

function decoded(/** @type {string} */ part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// ---------------------------------------------------------------- painting

let paintedAt = -Infinity;

function paint() {
  paintedAt = performance.now();
  const events = heard;
  heard = [];
  state = afterAll(state, events);
  tellNews();
  for (const event of events) if (event.type === "incident" && event.call_duty_leader) tellReport(event);
  if (shown) {
    give(shown);
    for (const event of events) shown.heard(event);
  }
  document.body.classList.toggle("stale", connection === "lost");
  if (state.level) {
    band.dataset.level = String(state.level.level);
    band.dataset.drill = String(state.level.drill || (state.emergencies.length > 0 && state.emergencies.every((one) => one.drill)));
    level.level = { ...state.level, zones: outermost(state.level.zones) };
  }
  bandPart.state = state;
  if (openIncidents) {
    openIncidents.textContent = String(state.incidents.length);
    openIncidents.hidden = state.incidents.length === 0;
  }
  paintChooser();
  paintTime();
}

function paintTime() {
  clock.now = now();
  clock.state = connection;
  clock.heardAt = heardAt;
  notices.state = state;
  notices.now = now();
  notices.lostSince = connection === "lost" ? heardAt : null;
  if (chips) {
    chips.state = state;
    chips.room = room;
    chips.rights = page.rights;
    chips.isBlocked = isBlocked();
    chips.now = now();
  }
  shown?.requestUpdate();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;

/** A page that nobody sees gets its timers late, and an alarm still has to sound at once. */
function paintSoon() {
  if (document.hidden && performance.now() - paintedAt >= PAINT_EVERY_MS) {
    paint();
    return;
  }
  soon ??= setTimeout(() => {
    soon = undefined;
    paint();
  }, PAINT_EVERY_MS);
}

/** What is new sounds once, by the most urgent; whoever cannot see the screen hears of urgent ones that nobody has seen. */
function tellNews() {
  const found = news(known, room ? state.alarms.filter((one) => isOf(one, room, state.rooms)) : state.alarms);
  known = found.known;
  const [first] = found.news;
  if (first === undefined || page.wall) return;
  play(first.priority, loudness(timeOfDay(now()).slice(0, 5)));
  const urgent = found.news.filter((one) => one.priority === "high").slice(0, SAID_AT_ONCE);
  if (urgent.length) said.textContent = urgent.map((one) => `${word("priority", "high")}: ${word("alarm", one.condition)}, ${where(one.place, state.devices)}`).join("; ");
}

/** A report's hour presses: said on every tab, and heard as its alarm is, unless that one is another room's. */
function tellReport(/** @type {any} */ event) {
  if (page.wall) return;
  const alarm = state.alarms.find((one) => one.condition === "incident_report_due" && one.place === event.place);
  if (room && alarm && !isOf(alarm, room, state.rooms)) return;
  play(alarm?.priority ?? "medium", loudness(timeOfDay(now()).slice(0, 5)));
  if (wanted !== "incidents") said.textContent = callLeader(event, where(event.place, state.devices));
}

// ---------------------------------------------------------------- rooms and presence

/** Which room somebody sits in; only where a site has more than one. */
function paintChooser() {
  if (!(chooser instanceof HTMLSelectElement)) return;
  const wants = state.rooms.map((one) => one.id).join();
  if (chooser.dataset.rooms === wants) return;
  chooser.dataset.rooms = wants;
  const options = [["", t("all rooms")], ...state.rooms.map((one) => [one.id, nameOf(one)])];
  chooser.replaceChildren(...options.map(([id, name]) => new Option(name, id, id === room, id === room)));
  /** @type {HTMLElement} */ (chooser.closest("label")).hidden = state.rooms.length < 2;
}

/** The page begins anew there: the gateway knows who sits where by the stream. */
function sitIn(/** @type {string} */ id) {
  keep({ room: id });
  address.searchParams.set("room", id);
  address.hash = location.hash;
  location.replace(address);
}

/** @param {() => Promise<unknown>} work */
async function during(work) {
  try {
    await work();
    notices.said = "";
  } catch (problem) {
    notices.said = problem instanceof Error ? problem.message : String(problem);
  }
}

function sayPresent(/** @type {string} */ id) {
  return during(() => ask("POST", `control-rooms/${id}/present`));
}

document.addEventListener("wg-notice", (event) => {
  const { act, room: id } = /** @type {CustomEvent<{act: string, room: string}>} */ (event).detail;
  if (act === "sound") wake();
  if (act === "present") void sayPresent(id);
  if (act === "take-over") void during(() => ask("POST", `control-rooms/${id}/take-over`, { by_room: room }));
  if (act === "hand-back") void during(() => ask("POST", `control-rooms/${id}/hand-back`));
});

// ---------------------------------------------------------------- the stream, the keys, the beginning

if (page.rights.includes("watch")) {
  follow(
    (event) => {
      if (event.type === "tick" || event.type === "snapshot") hearTime(event.at);
      heard.push(event);
      paintSoon();
    },
    (to) => {
      connection = to;
      paintSoon();
    },
    // A wall is nobody's desk: the gateway must not take it for somebody who is there.
    { query: `of=control${room && !page.wall ? `&room=${encodeURIComponent(room)}` : ""}`, after: page.snapshot.event_id ?? "" },
  );
} else {
  const look = async () => {
    try {
      const { at, zones } = await ask("GET", "level");
      hearTime(at);
      const strictest = Math.min(...zones.map((/** @type {any} */ one) => one.level));
      const there = zones.filter((/** @type {any} */ one) => one.level === strictest);
      const { drill, since, until } = there[0];
      const names = there.length === zones.length ? [] : there.map((/** @type {any} */ one) => one.zone);
      state = { ...state, at, level: { level: strictest, drill, since, until, zones: names } };
      connection = "connected";
    } catch {
      connection = "lost";
    }
    paint();
  };
  void look();
  setInterval(look, LEVEL_EVERY_MS);
}

notices.mayOpen = !page.wall && page.tabs.includes("incidents");
if (!page.wall) {
  if (page.rights.includes("watch")) prepare(paintSoon);
  side.tabs = Object.entries(GO).filter(([, tab]) => page.tabs.includes(tab)).map(([letter, tab]) => [page.names[tab] ?? tab, letter]);
  side.rights = page.rights;
  side.user = page.user;
  side.changed = paint;
  side.hear = (/** @type {boolean} */ night) => play("medium", loudness(night ? settings().nightFrom : settings().nightTo));
  for (const what of /** @type {const} */ (["keys", "settings"]))
    document.querySelector(`[data-open=${what}]`)?.addEventListener("click", () => side.open(what));
  chooser?.addEventListener("change", () => sitIn(/** @type {HTMLSelectElement} */ (chooser).value));
  listen({
    letters: () => settings().letters,
    tab: (event) => shown?.key(event) ?? false,
    go: (tab) => page.tabs.includes(tab) && go(tab),
    help: () => side.open("keys"),
    close: () => side.close(),
    present: () => {
      const question = chips.asked;
      if (question) void sayPresent(question.room);
      return Boolean(question);
    },
  });
}

addEventListener("hashchange", () => void goWhereTheAddressSays());
setInterval(paintTime, TICK_MS);
paint();
void goWhereTheAddressSays();
