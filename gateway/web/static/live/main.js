/** The live page: the stream changes the state, the state goes to the parts, what a person does goes to the gateway. */

import "../shell.js";
import { carryOut } from "../acts.js";
import { data, t, texts, word } from "../i18n.js";
import { after, fromSnapshot } from "../store.js";
import { follow } from "../stream.js";
import { AlarmsPart } from "./alarms.js";
import { ClockPart } from "./clock.js";
import { CountsPart } from "./counts.js";
import { DevicesPart } from "./devices.js";
import { LevelPart } from "./level.js";
import { TapsPart } from "./taps.js";
import { WaitingPart } from "./waiting.js";

const PAINT_EVERY_MS = 100;

const { snapshot, rights } = /** @type {{snapshot: any, rights: string[]}} */ (data("state"));
let state = fromSnapshot(snapshot, null);
/** @type {"connecting" | "connected" | "lost"} */
let connection = "connecting";
/** What the gateway's clock showed when it last spoke, and when that was here. */
let heardAt = Date.parse(snapshot.at);
let heardHere = Date.now();
/** How fast the gateway's clock runs: 1, or more where a simulated campus is shown. */
let pace = 1;
/** @type {Record<string, string>} */
let said = {};
/** @type {Set<string>} */
let busy = new Set();

const now = () => heardAt + (Date.now() - heardHere) * pace;

function hearTime(/** @type {string} */ at) {
  const here = Date.now();
  const passed = here - heardHere;
  const measured = (Date.parse(at) - heardAt) / passed;
  // Below this it is the network's unevenness, not another pace.
  if (passed > 1000) pace = measured > 1.5 && measured < 10000 ? measured : 1;
  heardAt = Date.parse(at);
  heardHere = here;
}

/**
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} kind
 * @returns {T}
 */
function part(name, kind) {
  const found = document.querySelector(name);
  if (!(found instanceof kind)) throw new Error(`the page has no ${name}`);
  return found;
}

const parts = {
  level: part("wg-level", LevelPart),
  clock: part("wg-clock", ClockPart),
  waiting: part("wg-waiting", WaitingPart),
  alarms: part("wg-alarms", AlarmsPart),
  taps: part("wg-taps", TapsPart),
  counts: part("wg-counts", CountsPart),
  devices: part("wg-devices", DevicesPart),
};

function paint() {
  const band = /** @type {HTMLElement} */ (document.getElementById("band"));
  band.dataset.level = String(state.level.level);
  band.dataset.drill = String(state.level.drill);
  document.body.classList.toggle("stale", connection === "lost");
  parts.level.level = state.level;
  parts.taps.taps = state.taps;
  parts.taps.hasPast = state.hasPast;
  parts.counts.counts = state.counts;
  parts.devices.devices = state.devices;
  parts.waiting.waiting = state.waiting;
  parts.waiting.mayAnswer = rights.includes("answer_waiting");
  parts.alarms.alarms = state.alarms;
  parts.alarms.devices = state.devices;
  parts.alarms.reliefs = state.relief;
  parts.alarms.mayClose = rights.includes("close_alarms");
  parts.alarms.mayAcknowledge = rights.includes("acknowledge_alarms");
  for (const one of [parts.waiting, parts.alarms]) {
    one.said = said;
    one.busy = busy;
  }
  paintNotice();
  paintTime();
}

function paintTime() {
  parts.clock.now = now();
  parts.clock.state = connection;
  parts.clock.heardAt = heardAt;
  parts.waiting.now = now();
  parts.alarms.now = now();
}

function paintNotice() {
  const lines = [];
  if (!state.hasPast) lines.push(t("Past taps cannot be shown just now: the records cannot be read or written."));
  if (state.away.length) {
    const what = state.away.map((one) => word("away", one)).join(", ");
    lines.push(t("The gateway has lost its {what}. Devices decide by their own lists until it is back.", { what }));
  }
  const notice = /** @type {HTMLElement} */ (document.getElementById("notice"));
  if (notice.textContent !== lines.join(" ")) notice.textContent = lines.join(" ");
  notice.hidden = lines.length === 0;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;

/** A rush of taps paints ten times a second, not a hundred. */
function paintSoon() {
  soon ??= setTimeout(() => {
    soon = undefined;
    paint();
  }, PAINT_EVERY_MS);
}

follow(
  (event) => {
    if (event.type === "tick" || event.type === "snapshot") hearTime(event.at);
    if (event.type === "waiting") announce(event);
    state = after(state, event);
    paintSoon();
  },
  (to) => {
    connection = to;
    paintSoon();
  },
);

/** Whoever cannot see the screen hears of those who wait, and of nothing else: taps are too many to be read out. */
function announce(/** @type {import("../store.js").Waiting} */ one) {
  const line = /** @type {HTMLElement} */ (document.getElementById("said"));
  line.textContent = `${t("Waiting for a person")}: ${one.holder?.name ?? t("nobody known")}, ${texts.places[one.portal] ?? one.portal}`;
}

document.addEventListener("wg-act", async (event) => {
  const act = /** @type {CustomEvent<import("../acts.js").Act>} */ (event).detail;
  busy = new Set([...busy, act.id]);
  said = { ...said, [act.id]: "" };
  paint();
  try {
    await carryOut(act);
    said = { ...said, [act.id]: t("Done.") };
  } catch (problem) {
    said = { ...said, [act.id]: problem instanceof Error ? problem.message : String(problem) };
  }
  busy = new Set([...busy].filter((id) => id !== act.id));
  paint();
});

setInterval(paintTime, 1000);
paint();
